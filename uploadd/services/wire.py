"""The one seam to the network: a request goes in; a reply, or how far it got, comes out.

Whatever the network raises is an unanswered request: nothing but the body's own errors comes out of
here. What httpx's exceptions mean was measured on httpx 0.28.1; `tests/unit/services/test_wire.py`
pins it.

- Before a connection stands (refused, no name, no route, proxy, TLS): nothing was sent.
- After that, `Handed.last_chunk` decides: a body without its last chunk is worthless to the
  service; one with it may have been kept, whatever happened to the reply.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import Literal

import httpx
from socksio.exceptions import ProtocolError, SOCKSError

from uploadd.services.cleaning import one_line
from uploadd.services.exchange import LIMITS, Exchange, Step, TimeLimits, once
from uploadd.services.heads import EndlessHeadError
from uploadd.services.pool import Pool

MOST_REPLY_BYTES = 1024 * 1024
# Pieces of a reply: a million of a byte each take the processor for half a minute.
MOST_REPLY_PIECES = 20_000
# What was read at once is many of them; others have their turn in between.
_PIECES_A_TURN = 500
# Connections for tickets, look-ups, filing, probes and limits beside the uploads.
SPARE_CONNECTIONS = 5
# Why a reply is not whole.
TOO_LONG, TOO_SLOW, BROKEN_OFF = "too long", "too slow", "broken off"

# What the first request would import while the event loop waits (measured: 47 ms).
_LATE_IMPORTS = ("anyio._backends._asyncio", "httpcore._backends.anyio")
for _name in _LATE_IMPORTS:
    with suppress(ImportError):  # another version, another place: then it comes late again
        import_module(_name)

_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    SOCKSError,  # a proxy that speaks another protocol; httpx lets it through as it is
)
_OF_HTTPX = (httpx.HTTPError, httpx.StreamError, httpx.CookieConflict)


class Stage(StrEnum):
    """How far a request got that was not answered."""

    NOTHING_SENT = "nothing-sent"
    CUT = "cut"  # before the last chunk was handed to the socket
    UNKNOWN = "unknown"  # after it: the service may have kept the body


@dataclass(slots=True)
class Handed:
    """Filled in by a streamed body: `last_chunk` is True from just before its last chunk."""

    last_chunk: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """A reply as it came. `cut`: why it is not whole, as an adjective; "" where it is."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No reply came. `text` says why, in one line."""

    stage: Stage
    text: str


class Wire:
    """HTTP/1.1 requests to one service: no redirects, no retries; each step has its time."""

    def __init__(
        self,
        parallel_uploads: int,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: TimeLimits = LIMITS,
    ) -> None:
        """Raises `ConfigurationError` where the environment's proxy settings cannot be used."""
        self._pool = Pool(parallel_uploads + SPARE_CONNECTIONS, transport)
        self._limits = limits

    async def send(
        self,
        url: str,
        headers: Mapping[str, str],
        content: AsyncIterator[bytes],
        handed: Handed,
    ) -> Received | Unanswered:
        """POST a streamed body; `headers` must name its Content-Length.

        Only what `content` raises comes out of here; the connection is closed then.
        """
        seconds = self._limits.upload_reply_seconds
        return await self._request("POST", url, headers, content, handed, seconds)

    async def call(
        self,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
        most_bytes: int = MOST_REPLY_BYTES,
    ) -> Received | Unanswered:
        """POST a small body and read at most `most_bytes` of the reply. Raises nothing."""
        handed = Handed(last_chunk=True)
        whole = {**headers, "Content-Length": str(len(content))}
        seconds = self._limits.reply_seconds
        return await self._request("POST", url, whole, once(content), handed, seconds, most_bytes)

    async def get(self, url: str, headers: Mapping[str, str]) -> Received | Unanswered:
        """GET what may be asked for twice; reads a small reply. Raises nothing."""
        handed = Handed(last_chunk=True)
        return await self._request("GET", url, headers, None, handed, self._limits.reply_seconds)

    async def aclose(self) -> None:
        """Close the connections. Raises nothing."""
        await self._pool.aclose()

    async def _request(
        self,
        method: Literal["GET", "POST"],
        url: str,
        headers: Mapping[str, str],
        content: AsyncIterator[bytes] | None,
        handed: Handed,
        reply_seconds: float,
        most_bytes: int = MOST_REPLY_BYTES,
    ) -> Received | Unanswered:
        limit, reply = asyncio.timeout(None), _Reply(most_bytes)
        exchange = Exchange(content, self._limits, reply_seconds, limit)
        try:
            async with limit:
                exchange.start()
                async with self._pool.stream(method, url, dict(headers), exchange) as response:
                    await reply.read(response)
        except Exception as error:  # noqa: BLE001 - whatever the network raises
            if exchange.trouble is not None:
                raise exchange.trouble from None
            if not reply.status:
                text = exchange.overtime() if limit.expired() else _text(error)
                return Unanswered(_stage(error, exchange, handed), text)
            if limit.expired():
                reply.give_up()
        return reply.received()


class _Reply:
    """What has come of a reply so far. `status` is 0 before its head."""

    def __init__(self, most_bytes: int) -> None:
        self.status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._most_bytes = most_bytes
        self._cut = BROKEN_OFF

    async def read(self, response: httpx.Response) -> None:
        """Read to the end, or as much as there may be. Raises whatever comes."""
        self._headers = {name.lower(): value for name, value in response.headers.items()}
        self.status = response.status_code
        # As it came, not unpacked; a transport without a socket may have read it all already.
        chunks = response.aiter_bytes() if response.is_stream_consumed else response.aiter_raw()
        pieces = 0
        async for chunk in chunks:
            self._body += chunk
            pieces += 1
            if len(self._body) > self._most_bytes or pieces > MOST_REPLY_PIECES:
                self._cut = TOO_LONG
                return
            if pieces % _PIECES_A_TURN == 0:
                await asyncio.sleep(0)
        self._cut = ""

    def give_up(self) -> None:
        """The time is over; a reply that is known whole or too long stays what it is."""
        if self._cut == BROKEN_OFF:
            self._cut = TOO_SLOW

    def received(self) -> Received:
        """The reply as far as it came."""
        body = bytes(self._body[: self._most_bytes])
        return Received(self.status, body, self._headers, self._cut)


def _stage(error: Exception, exchange: Exchange, handed: Handed) -> Stage:
    is_foreseen = isinstance(error, _OF_HTTPX)  # and these tell by their kind what they mean
    if isinstance(error, _NOTHING_SENT) or exchange.step is Step.CONNECTING:
        return Stage.NOTHING_SENT
    if not exchange.has_begun and not is_foreseen:
        return Stage.NOTHING_SENT
    return Stage.UNKNOWN if handed.last_chunk else Stage.CUT


def _text(error: Exception) -> str:
    kind = _KINDS.get(type(error))
    if isinstance(error, ssl.SSLError):
        kind = "the connection was not secure any more"
    elif kind is None:
        kind = f"the connection failed ({type(error).__name__})"
    # Others can hold an address with a password, or what was sent.
    may_be_told = isinstance(error, (*_OF_HTTPX, OSError, SOCKSError))
    is_of_proxy = isinstance(error, httpx.ProxyError)
    detail = one_line(str(error)) if may_be_told and not is_of_proxy else ""
    return f"{kind}: {detail}" if detail else kind


_KINDS: dict[type[Exception], str] = {
    httpx.ConnectError: "no connection",
    httpx.ConnectTimeout: "no connection in time",
    httpx.ProxyError: "the proxy refused the connection",
    ProtocolError: "the proxy of the environment is no SOCKS proxy",
    httpx.UnsupportedProtocol: "the address is not http or https",
    httpx.InvalidURL: "the address is not valid",
    EndlessHeadError: "a reply was announced again and again, and did not come",
    httpx.ReadTimeout: "no reply in time",
    httpx.WriteTimeout: "nothing could be written for too long",
    httpx.ReadError: "the connection was reset",
    httpx.WriteError: "the connection was reset",
    httpx.RemoteProtocolError: "the server closed the connection without a reply",
}
