"""Replies as HTTP: Flickr's envelopes, its plain-text refusals, and the scripted wrong ones."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.flickr import replies
from uploadd.sandbox.flickr.replies import ApiError, Body
from uploadd.sandbox.options import Fault

_XML = "text/xml; charset=utf-8"
_BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE rsp [\n<!ENTITY a "aaaaaaaaaa">\n'
    + "".join(
        f'<!ENTITY {name} "{10 * f"&{before};"}">\n'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + ']>\n<rsp stat="ok"><photoid>&i;</photoid></rsp>\n'
)


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


def unacceptable(text: str) -> Response:
    """HTTP 400: the sandbox's own strictness."""
    return PlainTextResponse(f"sandbox: {text}\n", status_code=400)


def length_required() -> Response:
    """HTTP 411: an upload without Content-Length."""
    return html(411)


def html(status: int, retry_after_seconds: int | None = None) -> Response:
    """An error page as a CDN or a load balancer shows it."""
    phrase = HTTPStatus(status).phrase
    page = f"<html><head><title>{status} {phrase}</title></head><body><hr>{phrase}<br></body>"
    headers = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    return HTMLResponse(page, status_code=status, headers=headers)


def faulty(fault: Fault, right: Response) -> Response:
    """What is sent in place of the right reply; raises ConnectionCut where nothing is sent."""
    if fault.kind in ("lose-reply", "cut"):
        raise ConnectionCut(body_was_read=fault.kind == "lose-reply")
    if fault.kind in ("http-before", "http-after"):
        return html(fault.code or 502, fault.retry_after_seconds)
    if fault.kind == "garbage":
        return Response(
            bytes(right.body)[: max(1, len(right.body) // 2)] + b"\xff\x00\xfe", media_type=_XML
        )
    if fault.kind == "empty":
        return Response(b"", media_type=_XML)
    if fault.kind == "html":
        return HTMLResponse("<html><body>We are doing some maintenance.</body></html>")
    if fault.kind == "bomb":
        return Response(_BOMB, media_type=_XML)
    return right


def _json(text: str, callback: str | None) -> Response:
    if callback is None:
        return Response(text, media_type="application/json")
    return Response(f"{callback}({text})", media_type="text/javascript; charset=utf-8")


def as_callback(name: str) -> str:
    """A JSONP callback's name, made harmless."""
    return json.dumps(name).strip('"') if name.isidentifier() else "jsonFlickrApi"
