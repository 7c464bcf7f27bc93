"""How long a request may take: on a clock that jumps, and on sockets with limits of a moment."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from simulation.virtual import run_virtual
from uploadd.services.exchange import LIMITS, TimeLimits
from uploadd.services.wire import Handed, Received, Stage, Unanswered, Wire

SHORT = TimeLimits(connect_seconds=0.1, reply_seconds=0.1, upload_reply_seconds=0.1)
FOREVER = 10_000_000
Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Slow(httpx.AsyncBaseTransport):
    """Reads a request, takes its time for the head, and gives the body a byte a second."""

    def __init__(
        self, *, head_seconds: float = 0.0, body: bytes = b"x" * FOREVER, read_seconds: float = 0.0
    ) -> None:
        self._head_seconds = head_seconds
        self._body = body
        self._read_seconds = read_seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer at leisure."""
        async for _ in request.stream:  # type: ignore[union-attr]
            await asyncio.sleep(self._read_seconds)
        await asyncio.sleep(self._head_seconds)
        return httpx.Response(200, stream=Dripping(self._body))


class Dripping(httpx.AsyncByteStream):
    """A byte a second."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number in range(len(self._body)):
            await asyncio.sleep(1)
            yield self._body[number : number + 1]


async def uploaded(line: Wire, url: str = "http://x.test/", pieces: int = 2) -> Any:
    """Send a body of so many bytes, a byte a piece."""
    handed = Handed()

    async def content() -> AsyncIterator[bytes]:
        for _ in range(pieces - 1):
            yield b"x"
        handed.last_chunk = True
        yield b"y"

    return await line.send(url, {"Content-Length": str(pieces)}, content(), handed)


def timed(transport: httpx.AsyncBaseTransport, kind: str, pieces: int = 2) -> tuple[Any, float]:
    """What comes of a request, and after how many seconds of its clock."""

    async def made() -> tuple[Any, float]:
        line, begun = Wire(1, transport), asyncio.get_running_loop().time()
        if kind == "send":
            outcome = await uploaded(line, pieces=pieces)
        elif kind == "call":
            outcome = await line.call("http://x.test/", {}, b"x")
        else:
            outcome = await line.get("http://x.test/", {})
        seconds = asyncio.get_running_loop().time() - begun
        await line.aclose()
        return outcome, round(seconds, 3)

    return run_virtual(made())


def test_the_limits_are_those_that_the_pages_tell() -> None:
    """docs/services.md says the same numbers."""
    assert (LIMITS.reply_seconds, LIMITS.upload_reply_seconds) == (60.0, 300.0)
    assert (LIMITS.connect_seconds, LIMITS.stall_seconds) == (30.0, 60.0)


@pytest.mark.parametrize(("kind", "seconds"), [("call", 60.0), ("send", 300.0), ("get", 90.0)])
def test_a_head_that_does_not_come_is_given_up(kind: str, seconds: float) -> None:
    """A GET has nothing that tells when it was sent, so its time begins with it."""
    outcome, took = timed(Slow(head_seconds=FOREVER), kind)
    assert (type(outcome), took) == (Unanswered, seconds)
    if kind != "get":  # a transport without a socket tells nothing of it
        assert outcome.stage is Stage.UNKNOWN


@pytest.mark.parametrize(("kind", "seconds"), [("call", 60.0), ("send", 300.0), ("get", 90.0)])
def test_a_body_that_drips_is_given_up(kind: str, seconds: float) -> None:
    """Though a byte comes each second; what came is kept."""
    outcome, took = timed(Slow(), kind)
    assert (type(outcome), outcome.status, outcome.cut) == (Received, 200, "too slow")
    assert took == seconds
    assert len(outcome.body) == pytest.approx(seconds, abs=1)


def test_head_and_body_share_one_time() -> None:
    """A slow head leaves less for the body."""
    outcome, took = timed(Slow(head_seconds=50), "call")
    assert took == 60.0
    assert len(outcome.body) == pytest.approx(10, abs=1)


def test_a_slow_reply_that_ends_in_time_is_whole() -> None:
    """Slowness alone is no fault."""
    outcome, took = timed(Slow(head_seconds=10, body=b"0123456789"), "call")
    assert outcome == Received(200, b"0123456789", {}, "")
    assert took == 20.0


def test_a_body_that_is_sent_slowly_has_no_total_time() -> None:
    """An hour for the upload; the reply's time begins with its last byte."""
    outcome, took = timed(Slow(read_seconds=1, head_seconds=200, body=b"ok"), "send", pieces=3600)
    assert outcome == Received(200, b"ok", {}, "")
    assert took == 3600 + 200 + 2


def test_the_text_says_what_did_not_come_and_for_how_long() -> None:
    """One line for a person."""
    assert timed(Slow(head_seconds=FOREVER), "send")[0].text == "no whole reply within 300 s"
    assert timed(Slow(head_seconds=FOREVER), "call")[0].text == "no whole reply within 60 s"


# From here on real sockets: nothing but a socket has a handshake.


@asynccontextmanager
async def listening(play: Play) -> AsyncIterator[int]:
    """A server that plays `play` with each connection; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await play(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the client went away, or the test has ended
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def dripping(what: bytes) -> Play:
    """Writes a byte of `what` every few milliseconds, over and over."""

    async def play(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            for number in range(len(what)):
                writer.write(what[number : number + 1])
                await writer.drain()
                await asyncio.sleep(0.005)

    return play


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Reads, and says nothing."""
    while await reader.read(65536):
        pass


HANDSHAKE = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc" + b"\x00" * 16380
HEAD_WITHOUT_END = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(2000))


@pytest.mark.parametrize("play", [silence, dripping(HANDSHAKE)], ids=["silent", "dripping"])
async def test_a_handshake_that_does_not_end_is_given_up(play: Play) -> None:
    """Nothing was sent."""
    async with listening(play) as port:
        line = Wire(1, limits=SHORT)
        outcome = await uploaded(line, f"https://127.0.0.1:{port}/")
        await line.aclose()
    assert outcome == Unanswered(Stage.NOTHING_SENT, "no connection within 0.1 s")


@pytest.mark.parametrize("head", [b"H", HEAD_WITHOUT_END], ids=["status", "headers"])
async def test_a_head_that_drips_is_given_up(head: bytes) -> None:
    """Each byte comes in time, the head does not."""
    async with listening(dripping(head)) as port:
        line = Wire(1, limits=SHORT)
        outcome = await uploaded(line, f"http://127.0.0.1:{port}/")
        await line.aclose()
    assert isinstance(outcome, Unanswered)
    assert outcome.stage is Stage.UNKNOWN


async def test_replies_that_only_announce_one_are_given_up() -> None:
    """`100 Continue` may be said as often as one likes."""
    async with listening(dripping(b"HTTP/1.1 100 Continue\r\n\r\n")) as port:
        line = Wire(1, limits=SHORT)
        outcome = await line.call(f"http://127.0.0.1:{port}/", {}, b"x")
        await line.aclose()
    assert outcome == Unanswered(Stage.UNKNOWN, "no whole reply within 0.1 s")


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says what no proxy says, and stays."""
    await reader.read(10)
    writer.write(b"\x00garbage\r\n\r\n" * 3)
    await silence(reader, writer)


async def broken_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An HTTP proxy that leads to something that speaks no TLS, and stays."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"\x15\x03\x03garbage" * 10)
    await silence(reader, writer)


async def endless_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An HTTP proxy behind which a handshake does not end."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await dripping(HANDSHAKE)(reader, writer)


PROXIES: list[tuple[str, Play]] = [
    *(("socks5", play) for play in (silence, garbage, dripping(b"\x05"))),
    *(("http", play) for play in (silence, garbage, dripping(b"H"), broken_tls, endless_tls)),
]


@pytest.mark.parametrize(("scheme", "play"), PROXIES)
async def test_a_bad_proxy_costs_its_time_no_place_and_no_socket(
    scheme: str, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More often than the pool has places: nothing was sent, and each request ends."""
    async with listening(play) as port:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{port}")
        line = Wire(1, limits=SHORT)
        await uploaded(line, "https://photos.test/")
        await asyncio.sleep(0)
        gc.disable()  # what is closed only when it is collected is not closed
        try:
            before = sockets_to(port)
            outcomes = await asyncio.wait_for(
                asyncio.gather(*(uploaded(line, "https://photos.test/") for _ in range(8))), 20
            )
            after = sockets_to(port)
        finally:
            gc.enable()
        await line.aclose()
    assert {outcome.stage for outcome in outcomes} == {Stage.NOTHING_SENT}
    assert (before, after) == (0, 0)


async def test_a_proxy_that_is_mended_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is forgotten with the pool is its trouble."""
    plays: list[Play] = [silence] * 12

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if plays:
            await plays.pop()(reader, writer)
            return
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        await reader.readexactly(4 + 1 + len("photos.test") + 2)
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await reader.readuntil(b"\r\n\r\nxy")  # from here on it speaks as the service
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with listening(serve) as port:
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{port}")
        line = Wire(1, limits=SHORT)
        for _ in range(12):
            assert (await uploaded(line, "http://photos.test/")).stage is Stage.NOTHING_SENT
        outcome = await uploaded(line, "http://photos.test/")
        await line.aclose()
    assert outcome.body == b"ok"


def sockets_to(port: int) -> int:
    """How many sockets of this process lead to `port`, and are not closed."""
    return sum(_leads_to(int(name), port) for name in os.listdir("/proc/self/fd"))


def _leads_to(descriptor: int, port: int) -> bool:
    try:
        if not os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:"):
            return False
        with socket.socket(fileno=os.dup(descriptor)) as one:
            return one.family == socket.AF_INET and one.getpeername()[1] == port
    except OSError:
        return False
