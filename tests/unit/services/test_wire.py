"""The seam to httpx, on real sockets: how far a request got, whatever the other side does."""

from __future__ import annotations

import asyncio
import binascii
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
import h11
import httpx
import pytest
from socksio.exceptions import ProtocolError

from uploadd.model.errors import ConfigurationError, FileVanishedError
from uploadd.services import wire
from uploadd.services.heads import _PIECE_BYTES
from uploadd.services.wire import Handed, Received, Stage, Unanswered, Wire

LARGE = 4 * 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/xml\r\n\r\nok"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peer:
    """A server with one script for each connection, and what it read."""

    url: str
    read: bytearray = field(default_factory=bytearray)


@asynccontextmanager
async def peer(script: Callable[[Peer], Script]) -> AsyncIterator[Peer]:
    """A server on a port of its own."""
    found = Peer("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(found)(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/services/upload/"
    async with server:
        yield found


def replying(reply: bytes, *, after: int | None = None) -> Callable[[Peer], Script]:
    """Reads the whole request (or `after` bytes of its body), then writes `reply` and closes."""

    def scripted(seen: Peer) -> Script:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            seen.read += head + await reader.readexactly(length if after is None else after)
            writer.write(reply)
            await writer.drain()

        return serve

    return scripted


async def send(url: str, size: int = 10, trouble: Exception | None = None) -> Any:
    """Send a body of `size` bytes whose last chunk is marked as such."""
    handed = Handed()

    async def content() -> AsyncIterator[bytes]:
        yield b"x" * (size - 1)
        if trouble:
            raise trouble
        handed.last_chunk = True
        yield b"y"

    line = Wire(2)
    try:
        return await line.send(url, {"Content-Length": str(size)}, content(), handed)
    finally:
        await line.aclose()


async def test_a_reply_comes_as_it_is() -> None:
    """Status, headers in lower case, and the body's bytes."""
    async with peer(replying(OK)) as server:
        received = await send(server.url)
    assert received == Received(
        200, b"ok", {"content-length": "2", "content-type": "text/xml"}, cut=""
    )


async def test_the_request_says_its_length_and_who_sends_it() -> None:
    """HTTP/1.1, no chunked body, nothing that asks for a packed reply."""
    async with peer(replying(OK)) as server:
        await send(server.url)
    head = bytes(server.read).split(b"\r\n\r\n")[0].lower()
    assert b"content-length: 10" in head
    assert b"transfer-encoding" not in head
    assert b"accept-encoding: identity" in head
    assert b"user-agent: uploadd/" in head


async def test_a_reply_that_nobody_asked_for_is_not_the_next_ones() -> None:
    """Two replies to one request: the second is believed by nobody."""

    def scripted(seen: Peer) -> Script:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    asked = await reader.readexactly(1)
                    seen.read += asked
                    writer.write(OK.replace(b"ok", asked * 2) + OK.replace(b"ok", b"no"))

        return serve

    async with peer(scripted) as server:
        line = Wire(1)
        replies = [await line.call(server.url, {}, asked) for asked in (b"a", b"b", b"c")]
        await line.aclose()
    assert [reply.body for reply in replies if isinstance(reply, Received)] == [b"aa", b"bb", b"cc"]
    assert bytes(server.read) == b"abc"


async def test_a_reply_that_nobody_asked_for_and_that_is_not_read_yet() -> None:
    """The first ends with what is read at once: the second lies in no socket, and not in h11."""

    def padded(asked: bytes) -> bytes:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\nX: %s\r\n\r\n"
        return head % (b"x" * (_PIECE_BYTES - len(head % b""))) + asked * 65536

    def scripted(_: Peer) -> Script:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    asked = await reader.readexactly(1)
                    writer.write(padded(asked) + OK.replace(b"ok", b"no"))

        return serve

    async with peer(scripted) as server:
        line = Wire(1)
        replies = [await line.call(server.url, {}, asked) for asked in (b"a", b"b", b"c")]
        await line.aclose()
    assert [reply.body[:2] for reply in replies if isinstance(reply, Received)] == [
        b"aa",
        b"bb",
        b"cc",
    ]


async def test_a_connection_is_used_again() -> None:
    """Where nothing more came than what was asked for."""
    connections: list[None] = []

    def scripted(_: Peer) -> Script:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(None)
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    await reader.readexactly(1)
                    writer.write(OK)

        return serve

    async with peer(scripted) as server:
        line = Wire(1)
        for _ in range(3):
            await line.call(server.url, {}, b"a")
        await line.aclose()
    assert len(connections) == 1


async def test_a_refused_connection_means_nothing_was_sent() -> None:
    """Nobody listens on a port that was just given back."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = await send(f"http://127.0.0.1:{port}/")
    assert outcome.stage is Stage.NOTHING_SENT
    assert outcome.text.startswith("no connection")


async def test_a_connection_closed_in_the_body_is_a_cut() -> None:
    """The last chunk never reached the socket."""
    async with peer(replying(b"", after=1000)) as server:
        outcome = await send(server.url, LARGE)
    assert outcome.stage is Stage.CUT


async def test_a_connection_closed_after_the_body_leaves_it_unknown() -> None:
    """The service may have kept what it read."""
    async with peer(replying(b"")) as server:
        outcome = await send(server.url)
    assert outcome.stage is Stage.UNKNOWN


async def test_nonsense_in_place_of_a_reply_leaves_it_unknown() -> None:
    """Something that is no HTTP is no answer."""
    async with peer(replying(b"220 smtp.example.com ESMTP\r\n")) as server:
        outcome = await send(server.url)
    assert outcome.stage is Stage.UNKNOWN


async def test_a_reply_that_breaks_off_keeps_its_status() -> None:
    """A 503 is a 503 though its page is not whole."""
    reply = b"HTTP/1.1 503 Sorry\r\nContent-Length: 100\r\n\r\n<html>"
    async with peer(replying(reply)) as server:
        received = await send(server.url)
    assert (received.status, received.body, received.cut) == (503, b"<html>", "broken off")


async def test_a_reply_without_end_is_read_up_to_the_limit() -> None:
    """A server cannot fill our memory."""
    reply = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (wire.MOST_REPLY_BYTES + 100_000)
    async with peer(replying(reply)) as server:
        received = await send(server.url)
    assert (len(received.body), received.cut) == (wire.MOST_REPLY_BYTES, "too long")


async def test_a_redirect_is_not_followed() -> None:
    """The body would go out twice, and to somebody else."""
    reply = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    async with peer(replying(reply)) as server:
        received = await send(server.url)
    assert received.status == 302
    assert bytes(server.read).count(b"POST ") == 1


async def test_a_reply_in_a_million_pieces_is_read_up_to_the_limit() -> None:
    """Each piece costs the processor as much as a large one, and others wait meanwhile."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with peer(replying(head + b"1\r\n,\r\n" * 100_000 + b"0\r\n\r\n")) as server:
        received = await send(server.url)
    assert (received.status, received.cut) == (200, "too long")
    assert len(received.body) < 25_000


async def test_a_packed_reply_is_not_unpacked() -> None:
    """Nothing packed was asked for: a hundred megabytes stay the few bytes that came."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(100)) + packer.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    async with peer(replying(head % len(packed) + packed)) as server:
        received = await send(server.url)
    assert received.body == packed


async def test_a_cookie_is_neither_kept_nor_sent() -> None:
    """Nobody follows the account by one."""
    reply = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b; Path=/\r\nConnection: close\r\n\r\n")
    line = Wire(1)
    async with peer(replying(reply)) as server:
        for _ in range(2):
            await line.call(server.url, {}, b"x")
    await line.aclose()
    assert bytes(server.read).count(b"POST ") == 2
    assert b"cookie" not in bytes(server.read).lower()


async def test_trouble_of_the_file_passes_through_and_closes_the_connection() -> None:
    """The server sees the body end too soon, so that it keeps nothing."""
    is_short: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def scripted(_: Peer) -> Script:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            is_short.set_result(len(await reader.read(-1)) < 10)

        return serve

    async with peer(scripted) as server:
        with pytest.raises(FileVanishedError):
            await send(server.url, trouble=FileVanishedError("gone"))
        assert await is_short


async def test_a_sandbox_on_this_machine_is_reached_past_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The environment's proxy is for the world outside."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with peer(replying(OK)) as server:
        received = await send(server.url)
    assert received.status == 200


async def test_an_unusable_proxy_setting_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It names the variables, and never the proxy's password."""
    monkeypatch.setenv("ALL_PROXY", "gopher://user:hunter2@example.com")
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as raised:
        Wire(1)
    assert "hunter2" not in str(raised.value)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes until it ends."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def socks_proxy(behind: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A SOCKS5 proxy that leads everything to `behind`; its address, and the names asked for."""
    names: list[bytes] = []
    port = int(behind.split(":")[2].partition("/")[0])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        head = await reader.readexactly(5)
        names.append(await reader.readexactly(head[4]))
        await reader.readexactly(2)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await asyncio.gather(_relay(reader, back), _relay(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"socks5://127.0.0.1:{server.sockets[0].getsockname()[1]}", names


async def test_a_socks_proxy_leads_outside_and_never_to_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The world is reached through it, by name; a sandbox on loopback without it."""
    async with peer(replying(OK)) as server, socks_proxy(server.url) as (address, names):
        monkeypatch.setenv("ALL_PROXY", address)
        assert (await send("http://photos.test/services/upload/")).status == 200
        assert names == [b"photos.test"]
        assert (await send(server.url)).status == 200
        assert names == [b"photos.test"]


def every_httpx_error() -> list[type[Exception]]:
    """All exception classes of httpx that a transport can raise."""
    found: list[type[Exception]] = [httpx.InvalidURL, httpx.CookieConflict]
    waiting: list[type[Exception]] = [httpx.HTTPError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not kind.__subclasses__() and kind is not httpx.HTTPStatusError:
            found.append(kind)
    return found


# What lies below httpx and comes through it, and what nobody foresaw.
OTHER_ERRORS: list[type[Exception]] = [
    *(ssl.SSLError, ssl.SSLZeroReturnError, ssl.SSLCertVerificationError, ProtocolError),
    *(
        anyio.BrokenResourceError,
        anyio.ClosedResourceError,
        anyio.EndOfStream,
        anyio.BusyResourceError,
    ),
    *(h11.RemoteProtocolError, h11.LocalProtocolError, zlib.error, binascii.Error),
    *(OSError, ConnectionResetError, BrokenPipeError, socket.gaierror, TimeoutError, EOFError),
    *(ValueError, UnicodeError, OverflowError, LookupError, KeyError, IndexError, TypeError),
    *(
        RuntimeError,
        RecursionError,
        NotImplementedError,
        MemoryError,
        AssertionError,
        AttributeError,
    ),
    *(StopAsyncIteration, Exception),
]
ANY_ERROR = [*every_httpx_error(), *OTHER_ERRORS]


class Raising(httpx.AsyncBaseTransport):
    """Raises before, after, or behind the head of a reply."""

    def __init__(self, kind: type[Exception], where: str) -> None:
        self._trouble = kind("what it says")
        self._where = where

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Fail at the moment that was asked for."""
        if self._where == "before":
            raise self._trouble
        async for _ in request.stream:  # type: ignore[union-attr]
            if self._where == "within":
                raise self._trouble
        if self._where == "after":
            raise self._trouble
        return httpx.Response(200, stream=Breaking(self._trouble, self._where))


class Breaking(httpx.AsyncByteStream):
    """The body of a reply that breaks off, or cannot be closed."""

    def __init__(self, trouble: Exception, where: str) -> None:
        self._trouble = trouble
        self._where = where

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"ok"
        if self._where == "reply":
            raise self._trouble

    async def aclose(self) -> None:
        """Close, or fail at it."""
        if self._where == "close":
            raise self._trouble


async def sent_to(transport: httpx.AsyncBaseTransport) -> Any:
    """What comes of an upload of two chunks."""
    handed = Handed()

    async def content() -> AsyncIterator[bytes]:
        yield b"x"
        handed.last_chunk = True
        yield b"y"

    line = Wire(1, transport)
    try:
        return await line.send("http://x.test/", {"Content-Length": "2"}, content(), handed)
    finally:
        await line.aclose()


def is_about_the_address(kind: type[Exception]) -> bool:
    """Whether it says by its kind that nothing was sent."""
    return issubclass(kind, wire._NOTHING_SENT)


@pytest.mark.parametrize("kind", ANY_ERROR)
async def test_whatever_is_raised_before_the_body_is_an_unanswered_request(
    kind: type[Exception],
) -> None:
    """Nothing can have been kept."""
    outcome = await sent_to(Raising(kind, "before"))
    assert isinstance(outcome, Unanswered)
    assert outcome.stage in {Stage.NOTHING_SENT, Stage.CUT}
    assert outcome.text
    assert "\n" not in outcome.text


@pytest.mark.parametrize("kind", ANY_ERROR)
async def test_whatever_is_raised_within_the_body_is_a_cut(kind: type[Exception]) -> None:
    """The last chunk was never asked for."""
    outcome = await sent_to(Raising(kind, "within"))
    expected = Stage.NOTHING_SENT if is_about_the_address(kind) else Stage.CUT
    assert (type(outcome), outcome.stage) == (Unanswered, expected)


@pytest.mark.parametrize("kind", ANY_ERROR)
async def test_whatever_is_raised_after_the_body_leaves_it_unknown(kind: type[Exception]) -> None:
    """The last chunk was handed over, whatever the exception is called."""
    outcome = await sent_to(Raising(kind, "after"))
    expected = Stage.NOTHING_SENT if is_about_the_address(kind) else Stage.UNKNOWN
    assert (type(outcome), outcome.stage) == (Unanswered, expected)


@pytest.mark.parametrize("kind", ANY_ERROR)
@pytest.mark.parametrize("where", ["reply", "close"])
async def test_whatever_is_raised_within_a_reply_leaves_what_came(
    kind: type[Exception], where: str
) -> None:
    """Its status and its bytes; that it is whole is not sure then."""
    outcome = await sent_to(Raising(kind, where))
    assert outcome == Received(200, b"ok", {}, "broken off")


async def test_a_cancelled_request_is_cancelled() -> None:
    """Whoever stops us is obeyed."""

    def stop(_: httpx.Request) -> httpx.Response:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await sent_to(httpx.MockTransport(stop))


@pytest.mark.parametrize("kind", [OSError, ValueError, httpx.ReadError, ssl.SSLError, TimeoutError])
async def test_what_the_body_raises_is_no_error_of_the_wire(kind: type[Exception]) -> None:
    """Though the wire may raise the same: it tells of the file."""
    async with peer(replying(b"", after=1)) as server:
        with pytest.raises(kind, match="of the file"):
            await send(server.url, trouble=kind("of the file"))


@pytest.mark.parametrize("url", ["ftp://x.test/", "http://", "nonsense", "http://x.test:99999/"])
async def test_an_address_that_is_none_sends_nothing(url: str) -> None:
    """Wrong addresses are told, not thrown."""
    outcome = await send(url)
    assert outcome.stage is Stage.NOTHING_SENT
