"""The connections to one service: httpx's pool, and a new one where it has lost count.

httpcore (1.0.9) never gives back the place of a connection that did not come to stand behind a
proxy, nor its socket where the proxy speaks garbage: a pool of eight is full after eight of them,
and every further request waits for ever. So places are counted here, the socket is closed here, and
the next request begins a new pool; the old one is closed as soon as nobody uses it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from typing import Any, Protocol

import httpx
import structlog

from uploadd.model.errors import ConfigurationError
from uploadd.services.exchange import Exchange, Step
from uploadd.services.heads import head_came, limit_heads
from uploadd.services.unasked import has_more

# Shorter than any server's own limit: a POST that races an idle close has an unknown outcome.
KEEPALIVE_SECONDS = 5.0
# A sandbox on this machine is never behind the proxy that the environment names.
DIRECT_HOSTS = ("all://127.0.0.1", "all://localhost", "all://[::1]")
USER_AGENT = f"uploadd/{version('uploadd')}"

log = structlog.get_logger()


class _Closable(Protocol):
    async def aclose(self) -> None: ...


class Pool:
    """At most `connections` at a time. Raises `ConfigurationError` for a bad environment."""

    def __init__(self, connections: int, transport: httpx.AsyncBaseTransport | None) -> None:
        # httpx counts as well, but in vain: see above.
        self._places = asyncio.Semaphore(connections)
        self._connections = connections
        self._transport = transport
        self._is_closed = False
        self._users: Counter[httpx.AsyncClient] = Counter()
        try:
            # Reading the machine's certificates takes 20 ms; a transport of its own needs none.
            self._tls = transport is not None or httpx.create_ssl_context()
            self._client = self._opened()
        except (ValueError, httpx.InvalidURL, OSError):
            # The exception's own text is left out: it can hold a proxy's password.
            raise ConfigurationError(
                "the proxy or certificate settings in the environment cannot be used",
                "look at HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
            ) from None

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, headers: dict[str, str], exchange: Exchange
    ) -> AsyncIterator[httpx.Response]:
        """Make a request, and tell `exchange` how far it is. Raises whatever comes."""
        async with self._places, self._stream(method, url, headers, exchange) as response:
            yield response

    @asynccontextmanager
    async def _stream(
        self, method: str, url: str, headers: dict[str, str], exchange: Exchange
    ) -> AsyncIterator[httpx.Response]:
        client = self._client
        sockets: list[_Closable] = []
        replies: list[httpx.Response] = []

        async def trace(event: str, about: dict[str, Any]) -> None:
            match event.partition(".")[2]:
                case "connect_tcp.started":
                    exchange.connect()
                case "connect_tcp.complete":
                    sockets.append(about["return_value"])
                    limit_heads(about["return_value"])
                case "start_tls.complete":
                    limit_heads(about["return_value"])
                case "send_request_headers.started" if not _is_to_proxy(about):
                    exchange.begin()
                case "receive_response_headers.started" if not _is_to_proxy(about):
                    exchange.await_reply()
                case "response_closed.started" if replies and has_more(replies[0]):
                    # Before anybody else can be given this connection.
                    await _close(replies[0].extensions["network_stream"])

        self._users[client] += 1
        try:
            async with client.stream(
                method,
                url,
                headers=headers,
                content=exchange.body,
                timeout=httpx.Timeout(None, write=exchange.limits.stall_seconds),
                extensions={"trace": trace},
            ) as response:
                replies.append(response)
                head_came(response.extensions.get("network_stream"))
                yield response
        finally:
            self._users[client] -= 1
            if exchange.step is Step.CONNECTING and self._transport is None:
                await self._begin_anew(client, sockets)
            await self._close_unused()

    async def aclose(self) -> None:
        """Close every connection. Raises nothing."""
        self._is_closed = True
        for client in {self._client, *self._users}:
            await _close(client)

    async def _begin_anew(self, failed: httpx.AsyncClient, sockets: list[_Closable]) -> None:
        if self._client is failed and not self._is_closed:
            self._client = self._opened()
        for socket in sockets:
            await _close(socket)

    async def _close_unused(self) -> None:
        for client in [one for one, users in self._users.items() if not users]:
            del self._users[client]
            if client is not self._client:
                await _close(client)

    def _opened(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls,
            transport=self._transport,
            mounts=dict.fromkeys(DIRECT_HOSTS),
            http2=False,
            follow_redirects=False,
            trust_env=True,
            # No cookies: one that is not ASCII would break every request that comes after it.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(
                max_connections=None,
                max_keepalive_connections=self._connections,
                keepalive_expiry=KEEPALIVE_SECONDS,
            ),
            # An unpacked reply could be of any size; what is not asked for is not unpacked.
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )


async def _close(what: _Closable) -> None:
    """Close what is of no use any more, whatever it says to that."""
    try:
        await what.aclose()
    except Exception as error:  # noqa: BLE001 - whatever the network raises
        log.debug("connection.unclosed", error=type(error).__name__)


def _is_to_proxy(about: dict[str, Any]) -> bool:
    """Whether a request asks a proxy for the way, and not the service for anything."""
    return bool(about["request"].method == b"CONNECT")
