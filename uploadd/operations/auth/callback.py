"""Where a browser comes back to after a login: one address on this machine, for one answer.

It listens on 127.0.0.1 only, below a path that nobody can guess, and on a port that it holds
before the address is made. Every user of the machine can connect to it. So an answer counts only
if it belongs to the login that was asked for; all else is answered with 404, and the waiting goes
on. Leaving the context closes it, whatever happened.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

HOST = "127.0.0.1"
MOST_REQUEST_BYTES = 16 * 1024
MOST_CONNECTIONS = 32
REQUEST_SECONDS = 10.0
BACK = "You can close this page and go back to the terminal: uploadd goes on there."
NOTHING_HERE = "There is nothing here."

CodeIn = Callable[[str], str | None]
"""The code in a query; "" where the person did not agree; None where it is not of this login."""


@dataclass
class Callback:
    """The address, and what came back to it: `code`, "" where the person did not agree.

    `code_in` is set once it is known what may come back; before that nothing is taken.
    """

    url: str
    code_in: CodeIn = lambda query: None  # noqa: ARG005 - nothing is awaited yet
    came: asyncio.Event = field(default_factory=asyncio.Event)
    code: str = ""

    def take(self, head: bytes) -> bool:
        """Whether the head of a request brings the awaited answer; the first such is kept."""
        asked = self._asked(head)
        if asked is None:
            return False
        code = self.code_in(asked.query)
        if code is None:
            return False
        if not self.came.is_set():
            self.code = code
            self.came.set()
        return True

    def _asked(self, head: bytes) -> SplitResult | None:
        """What is asked for, where it is our address and the browser means this machine by it."""
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or words[0] != "GET":
            return None
        ours, asked = urlsplit(self.url), urlsplit(words[1])
        names = [line.partition(":")[2].strip() for line in lines if _is_host(line)]
        is_ours = secrets.compare_digest(asked.path.encode(), ours.path.encode())
        return asked if is_ours and names == [ours.netloc] else None


@asynccontextmanager
async def awaited(request_seconds: float = REQUEST_SECONDS) -> AsyncIterator[Callback]:
    """A callback that listens until the context ends. Raises `OSError` where it cannot listen.

    `request_seconds`: a request that takes longer is dropped.
    """
    path = f"/{secrets.token_urlsafe(24)}"
    callback = Callback("")
    connections: dict[asyncio.StreamWriter, None] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(connections) >= MOST_CONNECTIONS:
            oldest = next(iter(connections))  # a browser does not keep us waiting so long
            del connections[oldest]
            oldest.transport.abort()
        connections[writer] = None
        try:
            with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
                async with asyncio.timeout(request_seconds):
                    await _answer(callback, reader, writer)
        finally:
            connections.pop(writer, None)
            writer.close()

    server = await asyncio.start_server(answer, HOST, 0, limit=MOST_REQUEST_BYTES)
    port = server.sockets[0].getsockname()[1]
    callback.url = f"http://{HOST}:{port}{path}"
    try:
        yield callback
    finally:
        server.close()
        for writer in connections:
            writer.transport.abort()


async def _answer(
    callback: Callback, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return
    is_ours = callback.take(head)
    writer.write(_page("200 OK", BACK) if is_ours else _page("404 Not Found", NOTHING_HERE))
    await writer.drain()


def _is_host(line: str) -> bool:
    return line.partition(":")[0].strip().lower() == "host"


def _page(status: str, text: str) -> bytes:
    body = f"<!doctype html><meta charset=utf-8><title>uploadd</title><p>{text}</p>\n".encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
