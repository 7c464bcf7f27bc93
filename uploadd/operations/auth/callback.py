"""Where a browser comes back to after a login: one address on this machine, for one answer.

It listens on 127.0.0.1 only, on a port and below a path that nobody can guess, and answers
everything else with 404. Leaving the context closes it, whatever happened.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"
MOST_REQUEST_BYTES = 16 * 1024
REQUEST_SECONDS = 10.0
BACK = "You can close this page and go back to the terminal: uploadd goes on there."
NOTHING_HERE = "There is nothing here."


@dataclass
class Callback:
    """The address, and what came back to it: `code`, "" where the person did not agree."""

    url: str
    came: asyncio.Event = field(default_factory=asyncio.Event)
    code: str = ""

    def take(self, target: str) -> bool:
        """Whether a request's target is the one that is awaited; the first such is kept."""
        asked = urlsplit(target)
        if not secrets.compare_digest(asked.path.encode(), urlsplit(self.url).path.encode()):
            return False
        if not self.came.is_set():
            self.code = parse_qs(asked.query).get("oauth_verifier", [""])[0]
            self.came.set()
        return True


@asynccontextmanager
async def awaited() -> AsyncIterator[Callback]:
    """A callback that listens until the context ends. Raises `OSError` where it cannot listen."""
    path = f"/{secrets.token_urlsafe(24)}"
    callback = Callback("")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(REQUEST_SECONDS):
                await _answer(callback, reader, writer)
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0, limit=MOST_REQUEST_BYTES)
    port = server.sockets[0].getsockname()[1]
    callback.url = f"http://{HOST}:{port}{path}"
    try:
        yield callback
    finally:
        server.close()


async def _answer(
    callback: Callback, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    is_ours = len(words) == 3 and words[0] == "GET" and callback.take(words[1])
    writer.write(_page("200 OK", BACK) if is_ours else _page("404 Not Found", NOTHING_HERE))
    await writer.drain()


def _page(status: str, text: str) -> bytes:
    body = f"<!doctype html><meta charset=utf-8><title>uploadd</title><p>{text}</p>\n".encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
