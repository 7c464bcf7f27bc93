"""The sandbox without a socket, for httpx: a lost reply looks as it does on a wire."""

from __future__ import annotations

import httpx
from starlette.applications import Starlette

from uploadd.sandbox.connection import ConnectionCut


class InProcessTransport(httpx.AsyncBaseTransport):
    """`httpx.ASGITransport`, with ConnectionCut turned into what httpx raises for a real one.

    A reply lost after the whole body is `httpx.RemoteProtocolError`; a body cut short is
    `httpx.WriteError`.
    """

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        try:
            return await self._transport.handle_async_request(request)
        except ConnectionCut as cut:
            if cut.body_was_read:
                text = "Server disconnected without sending a response."
                raise httpx.RemoteProtocolError(text, request=request) from cut
            raise httpx.WriteError("Connection reset by peer", request=request) from cut

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._transport.aclose()
