"""The one seam to httpx: a request goes in; a reply, or how far it got, comes out.

Nothing of httpx is known outside this file, so that a successor can take its place. What its
exceptions mean was measured on httpx 0.28.1; `tests/unit/services/test_wire.py` pins it.

- Before a connection stands (refused, no name, no route, proxy, TLS): nothing was sent.
- After that, `Handed.last_chunk` decides: a body without its last chunk is worthless to the
  service; one with it may have been kept, whatever happened to the reply.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import import_module
from importlib.metadata import version
from typing import Literal

import httpx
from socksio.exceptions import ProtocolError, SOCKSError

from uploadd.model.errors import ConfigurationError
from uploadd.services.cleaning import one_line

CONNECT_SECONDS = 30.0
WRITE_STALL_SECONDS = 60.0
UPLOAD_READ_SECONDS = 300.0
CALL_READ_SECONDS = 60.0
# Shorter than any server's own limit: a POST that races an idle close has an unknown outcome.
KEEPALIVE_SECONDS = 5.0
MOST_REPLY_BYTES = 1024 * 1024
# Connections for tickets, look-ups and probes beside the uploads.
SPARE_CONNECTIONS = 4
# A sandbox on this machine is never behind the proxy that the environment names.
DIRECT_HOSTS = ("all://127.0.0.1", "all://localhost", "all://[::1]")
USER_AGENT = f"uploadd/{version('uploadd')}"

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
_INTERRUPTED = (httpx.HTTPError, httpx.StreamError, httpx.CookieConflict)


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
    """A reply as it came. `is_cut`: the body was too long, or ended too soon."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No reply came. `text` says why, in one line."""

    stage: Stage
    text: str


class Wire:
    """HTTP/1.1 requests to one service: no redirects, no retries, stalls timed, the whole not."""

    def __init__(
        self, parallel_uploads: int, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = _client(parallel_uploads + SPARE_CONNECTIONS, transport)

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
        return await self._request("POST", url, headers, content, handed, UPLOAD_READ_SECONDS)

    async def call(
        self,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
        most_bytes: int = MOST_REPLY_BYTES,
    ) -> Received | Unanswered:
        """POST a small body and read at most `most_bytes` of the reply. Raises nothing."""
        handed = Handed(last_chunk=True)
        return await self._request(
            "POST", url, headers, content, handed, CALL_READ_SECONDS, most_bytes
        )

    async def get(self, url: str, headers: Mapping[str, str]) -> Received | Unanswered:
        """GET what may be asked for twice; reads a small reply. Raises nothing."""
        handed = Handed(last_chunk=True)
        return await self._request("GET", url, headers, None, handed, CALL_READ_SECONDS)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _request(
        self,
        method: Literal["GET", "POST"],
        url: str,
        headers: Mapping[str, str],
        content: AsyncIterator[bytes] | bytes | None,
        handed: Handed,
        read_seconds: float,
        most_bytes: int = MOST_REPLY_BYTES,
    ) -> Received | Unanswered:
        timeout = httpx.Timeout(
            connect=CONNECT_SECONDS, write=WRITE_STALL_SECONDS, read=read_seconds, pool=None
        )
        received: Received | None = None
        try:
            async with self._client.stream(
                method, url, headers=dict(headers), content=content, timeout=timeout
            ) as response:
                received = await _received(response, most_bytes)
        except _NOTHING_SENT as error:
            return received or Unanswered(Stage.NOTHING_SENT, _text(error))
        except _INTERRUPTED as error:
            stage = Stage.UNKNOWN if handed.last_chunk else Stage.CUT
            return received or Unanswered(stage, _text(error))
        return received


def _client(connections: int, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(
            transport=transport,
            mounts=dict.fromkeys(DIRECT_HOSTS),
            http2=False,
            follow_redirects=False,
            trust_env=True,
            # No cookies: one that is not ASCII would break every request that comes after it.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(
                max_connections=connections,
                max_keepalive_connections=connections,
                keepalive_expiry=KEEPALIVE_SECONDS,
            ),
            # An unpacked reply could be of any size; what is not asked for is not unpacked.
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )
    except (ValueError, httpx.InvalidURL, OSError, ssl.SSLError):
        # The exception's own text is left out: it can hold a proxy's password.
        raise ConfigurationError(
            "the proxy or certificate settings in the environment cannot be used",
            "look at HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
        ) from None


async def _received(response: httpx.Response, most_bytes: int) -> Received:
    body = bytearray()
    is_cut = False
    # As it came, not unpacked; a transport without a socket may have read it all already.
    chunks = response.aiter_bytes() if response.is_stream_consumed else response.aiter_raw()
    try:
        async for chunk in chunks:
            body += chunk
            if len(body) > most_bytes:
                is_cut = True
                break
    except _INTERRUPTED:
        is_cut = True
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Received(response.status_code, bytes(body[:most_bytes]), headers, is_cut)


def _text(error: Exception) -> str:
    kind = _KINDS.get(type(error), "the connection failed")
    detail = "" if isinstance(error, httpx.ProxyError | httpx.InvalidURL) else one_line(str(error))
    return f"{kind}: {detail}" if detail else kind


_KINDS: dict[type[Exception], str] = {
    httpx.ConnectError: "no connection",
    httpx.ConnectTimeout: f"no connection within {CONNECT_SECONDS:.0f} s",
    httpx.ProxyError: "the proxy refused the connection",
    ProtocolError: "the proxy of the environment is no SOCKS proxy",
    httpx.UnsupportedProtocol: "the address is not http or https",
    httpx.InvalidURL: "the address is not valid",
    httpx.ReadTimeout: "no reply in time",
    httpx.WriteTimeout: f"nothing could be written for {WRITE_STALL_SECONDS:.0f} s",
    httpx.ReadError: "the connection was reset",
    httpx.WriteError: "the connection was reset",
    httpx.RemoteProtocolError: "the server closed the connection without a reply",
}
