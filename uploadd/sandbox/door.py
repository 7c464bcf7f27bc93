"""Whose requests are answered on a socket: programs' of this machine, and pages' of its own.

The keys are public, so a web page that the person opens somewhere else could sign requests too. It
reaches loopback in two ways. By DNS rebinding it gives its own name the address 127.0.0.1, and may
then read every answer; the Host header still names it. Or it sends forms, scripts' requests and
pictures' addresses straight here, and cannot read the answer; browsers then say where they come
from. Programs send neither header.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_MISDIRECTED = 421
_FORBIDDEN = 403
# What a link on another site may lead to: pages for people, which change nothing by themselves.
_PAGES = frozenset({"/", "/services/oauth/authorize", "/services/auth/", "/apps/authorize"})


class Door:
    """ASGI middleware: refuses a foreign Host with 421, and another site's page with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(Headers(scope=scope), scope["method"], scope["path"])
        await (self._app if refusal is None else refusal)(scope, receive, send)


def _refusal(headers: Headers, method: str, path: str) -> PlainTextResponse | None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not is_loopback(hosts[0]):
        text = "the sandbox answers only to 127.0.0.1, [::1] and localhost\n"
        return PlainTextResponse(text, status_code=_MISDIRECTED)
    if _is_from_elsewhere(headers, hosts[0]) and not _is_link(headers, method, path):
        text = "the sandbox answers no page of another site\n"
        return PlainTextResponse(text, status_code=_FORBIDDEN)
    return None


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine: 127.0.0.0/8, [::1] or localhost, with any port."""
    try:
        parts = urlsplit(f"//{host}")
        name, is_plain = parts.hostname or "", parts.netloc == host and parts.port != 0
        if not is_plain or "@" in host:
            return False
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_from_elsewhere(headers: Headers, host: str) -> bool:
    """Whether a browser says that a page of another origin has asked for this."""
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return True
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def _is_link(headers: Headers, method: str, path: str) -> bool:
    """Whether the person has come by a link to a page for people, not framed by another."""
    is_whole_page = headers.get("sec-fetch-dest") == "document"
    return method == "GET" and is_whole_page and "origin" not in headers and path in _PAGES
