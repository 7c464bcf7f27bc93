"""A reply that never ends: a byte a second of its head, or of its body behind a right head."""

from __future__ import annotations

from itertools import chain, repeat

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from uploadd.sandbox.connection import transport_of

_HEAD = b"HTTP/1.1 200 OK\r\nX-Slow: "
_SECONDS = 1.0


class EndlessHead(Response):
    """A head that does not end. Without a socket nothing can be seen of it: nothing comes."""

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Drip until the client goes away."""
        transport = transport_of(scope)
        for byte in chain(_HEAD, repeat(ord("a"))):
            if transport is not None:
                if transport.is_closing():
                    return
                transport.write(bytes([byte]))
            await _pause(scope)


class EndlessBody(Response):
    """A body of blanks that does not end."""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Drip until the client goes away."""
        headers = [one for one in self.raw_headers if one[0] != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        transport = transport_of(scope)
        while transport is None or not transport.is_closing():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await _pause(scope)


async def _pause(scope: Scope) -> None:
    await scope["app"].state.sandbox.sleep(_SECONDS)
