"""Replies as HTTP: ipernity's envelope, and the scripted wrong ones."""

from __future__ import annotations

from starlette.responses import Response

from uploadd.sandbox import wrong
from uploadd.sandbox.ipernity import replies
from uploadd.sandbox.ipernity.replies import Body
from uploadd.sandbox.options import Fault

_JSON = "application/json; charset=utf-8"
_XML = "text/xml; charset=utf-8"
# Deeper than a parser that calls itself can go; and ten entities, each ten of the one before.
_JSON_BOMB = b'{"api":{"status":"ok"},"ticket":' + b"[" * 200_000
_XML_BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE api [\n<!ENTITY a "aaaaaaaaaa">\n'
    + "".join(
        f'<!ENTITY {name} "{10 * f"&{before};"}">\n'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + ']>\n<api status="ok"><ticket>&i;</ticket></api>\n'
).encode()


def success(body: Body, form: str) -> Response:
    """A reply with status "ok"; `form` is `json` or `xml`."""
    if form == "xml":
        return Response(replies.success_xml(body), media_type=_XML)
    return Response(replies.success_json(body), media_type=_JSON)


def failure(
    code: int, message: str, form: str, *, is_string: bool = False, status: int = 200
) -> Response:
    """A refusal; `is_string`: whether JSON has the code as a string."""
    if form == "xml":
        return Response(replies.failure_xml(code, message), status, media_type=_XML)
    text = replies.failure_json(str(code) if is_string else code, message)
    return Response(text, status, media_type=_JSON)


def faulty(fault: Fault, right: Response, form: str = "json") -> Response:
    """What is sent in place of the right reply; raises ConnectionCut where nothing is sent."""
    return wrong.faulty(fault, right, _XML_BOMB if form == "xml" else _JSON_BOMB)
