"""A connection that closes without an answer: over a real socket, and in-process.

An ASGI application cannot refuse to answer: uvicorn sends a 500 for it. Its protocol class is
therefore extended to lay the transport into the request's state, so that it can be closed.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "uploadd.sandbox.transport"


class ConnectionCut(Exception):  # noqa: N818 - it tells what happens, on purpose
    """The sandbox closed the connection without a reply.

    Raised through `httpx.ASGITransport`, where there is no connection to close; over a socket the
    client sees the connection end. `body_was_read` tells a lost reply from a cut body.
    """

    def __init__(self, *, body_was_read: bool) -> None:
        super().__init__("connection cut " + ("after the body" if body_was_read else "in the body"))
        self.body_was_read = body_was_read


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with the transport within the application's reach."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the transport of the new connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


class CutConnections:
    """ASGI middleware: a ConnectionCut closes the socket; a client that went away is no error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ConnectionCut:
            transport = transport_of(scope)
            if transport is None:
                raise
            transport.close()
            await _until_closed(receive)
        except ClientDisconnect:
            return


class ReadToTheEnd:
    """ASGI middleware: no reply before the whole body came.

    A reply during the body would be lost to most clients: the close behind it resets the
    connection before they look. A scripted fault must arrive as scripted.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_more = scope.get("method") == "POST"

        async def noting() -> Message:
            nonlocal has_more
            message = await receive()
            has_more = message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            while has_more:
                await noting()
            await send(message)

        await self._app(scope, noting, sending)


def transport_of(scope: Scope) -> asyncio.Transport | None:
    """The connection that a request came by; None in-process."""
    return cast("dict[str, Any]", scope.get("state") or {}).get(_TRANSPORT)


async def _until_closed(receive: Receive) -> None:
    # uvicorn answers 500 for a request that ends unanswered while its connection stands.
    while (await receive())["type"] != "http.disconnect":
        pass
