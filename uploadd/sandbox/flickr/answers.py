"""Replies as HTTP: Flickr's envelopes, its plain-text refusals, and the scripted wrong ones."""

from __future__ import annotations

import json

from starlette.responses import PlainTextResponse, Response

from uploadd.sandbox import wrong
from uploadd.sandbox.flickr import replies
from uploadd.sandbox.flickr.replies import ApiError, Body
from uploadd.sandbox.options import Fault
from uploadd.sandbox.wrong import html

__all__ = [
    "as_callback",
    "failure",
    "faulty",
    "html",
    "length_required",
    "oauth_refusal",
    "success",
]

_XML = "text/xml; charset=utf-8"
_BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE rsp [\n<!ENTITY a "aaaaaaaaaa">\n'
    + "".join(
        f'<!ENTITY {name} "{10 * f"&{before};"}">\n'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + ']>\n<rsp stat="ok"><photoid>&i;</photoid></rsp>\n'
).encode()


def success(body: Body, form: str = "rest", callback: str | None = None) -> Response:
    """A reply with stat="ok"; `form` is `rest` or `json`."""
    if form == "json":
        return _json(replies.success_json(body), callback)
    return Response(replies.success_xml(body), media_type=_XML)


def failure(error: ApiError, form: str = "rest", callback: str | None = None) -> Response:
    """A reply with stat="fail", HTTP 200."""
    if form == "json":
        return _json(replies.failure_json(error), callback)
    return Response(replies.failure_xml(error), media_type=_XML)


def oauth_refusal(text: str) -> Response:
    """HTTP 401 in plain text."""
    return PlainTextResponse(text, status_code=401)


def length_required() -> Response:
    """HTTP 411: an upload without Content-Length."""
    return html(411)


def faulty(fault: Fault, right: Response) -> Response:
    """What is sent in place of the right reply; raises ConnectionCut where nothing is sent."""
    return wrong.faulty(fault, right, _BOMB)


def _json(text: str, callback: str | None) -> Response:
    if callback is None:
        return Response(text, media_type="application/json")
    return Response(f"{callback}({text})", media_type="text/javascript; charset=utf-8")


def as_callback(name: str) -> str:
    """A JSONP callback's name, made harmless."""
    return json.dumps(name).strip('"') if name.isidentifier() else "jsonFlickrApi"
