"""Answers that are no answer: what any service's front may send in place of the right reply."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from uploadd.sandbox.connection import ConnectionCut
from uploadd.sandbox.dripping import EndlessBody, EndlessHead
from uploadd.sandbox.options import Fault


def unacceptable(text: str) -> Response:
    """HTTP 400: the sandbox's own strictness."""
    return PlainTextResponse(f"sandbox: {text}\n", status_code=400)


def html(status: int, retry_after_seconds: int | None = None) -> Response:
    """An error page as a CDN or a load balancer shows it."""
    phrase = HTTPStatus(status).phrase
    page = f"<html><head><title>{status} {phrase}</title></head><body><hr>{phrase}<br></body>"
    headers = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    return HTMLResponse(page, status_code=status, headers=headers)


def faulty(fault: Fault, right: Response, bomb: bytes) -> Response:
    """What is sent in place of the right reply; raises ConnectionCut where nothing is sent.

    `bomb`: a body in the reply's format that a careless parser chokes on.
    """
    if fault.kind in ("lose-reply", "cut"):
        raise ConnectionCut(body_was_read=fault.kind == "lose-reply")
    if fault.kind in ("http-before", "http-after"):
        return html(fault.code or 502, fault.retry_after_seconds)
    content_type = right.headers.get("content-type")
    if fault.kind == "garbage":
        half = bytes(right.body)[: max(1, len(right.body) // 2)]
        return Response(half + b"\xff\x00\xfe", media_type=content_type)
    if fault.kind == "empty":
        return Response(b"", media_type=content_type)
    if fault.kind == "html":
        return HTMLResponse("<html><body>We are doing some maintenance.</body></html>")
    if fault.kind == "bomb":
        return Response(bomb, media_type=content_type)
    return _endless(fault) or right


def _endless(fault: Fault) -> Response | None:
    if fault.kind == "slow-head":
        return EndlessHead()
    return EndlessBody(media_type="text/plain") if fault.kind == "drip" else None
