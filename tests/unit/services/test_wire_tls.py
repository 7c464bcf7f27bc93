"""TLS that goes wrong, on real sockets: always an unanswered request, and never an exception."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from unit.services.tls_peer import BAD_RECORD, Script, Secured, make_certificate, tls_peer
from uploadd.services.wire import Handed, Received, Stage, Unanswered, Wire

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LARGE = 8 * 1024 * 1024

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl makes the certificate, and is not here"
)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that signs itself."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, trusted by this process."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


async def upload(url: str, size: int = 10) -> Any:
    """Send a body whose last byte is marked as such."""
    handed = Handed()

    async def content() -> AsyncIterator[bytes]:
        for _ in range(0, size - 1, 65536):
            yield b"x" * min(65536, size - 1)
        handed.last_chunk = True
        yield b"y"

    whole = sum(min(65536, size - 1) for _ in range(0, size - 1, 65536)) + 1
    line = Wire(2)
    try:
        return await line.send(url, {"Content-Length": str(whole)}, content(), handed)
    finally:
        await line.aclose()


async def ask(url: str) -> Any:
    """Make a small call."""
    line = Wire(2)
    try:
        return await line.call(url, {}, b"method=flickr.test.login")
    finally:
        await line.aclose()


def after_request(*parts: bytes, raw: bytes = b"") -> Script:
    """Reads a request whole, writes `parts` as it should, and `raw` as it should not."""

    async def play(line: Secured) -> None:
        await line.shake_hands()
        await line.read_request()
        for part in parts:
            await line.write(part)
        await line.write_raw(raw)

    return play


async def test_a_reply_that_nobody_asked_for_is_not_the_next_ones(trusted: Path) -> None:
    """It has a record of its own, which came with the first: TLS holds it, and no socket does."""

    async def play(line: Secured) -> None:
        await line.shake_hands()
        while asked := (await line.read_request())[-1:]:
            await line.write_together(REPLY.replace(b"ok", asked * 2), REPLY.replace(b"ok", b"no"))

    async with tls_peer(trusted, play) as url:
        line = Wire(1)
        replies = [await line.call(url, {}, asked) for asked in (b"a", b"b", b"c")]
        await line.aclose()
    assert [reply.body for reply in replies if isinstance(reply, Received)] == [b"aa", b"bb", b"cc"]


async def test_a_connection_is_used_again(trusted: Path) -> None:
    """The tickets that TLS 1.3 sends behind the handshake are no bytes of a reply."""
    versions: list[str | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        versions.append(writer.get_extra_info("ssl_object").version())
        with suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(1)
                writer.write(REPLY)
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        line = Wire(1)
        for _ in range(20):
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            assert isinstance(await line.call(url, {}, b"a"), Received)
        await line.aclose()
    assert versions == ["TLSv1.3"]


async def test_a_good_reply_comes_through(trusted: Path) -> None:
    """The server of these tests is a server, as long as it is told nothing else."""
    async with tls_peer(trusted, after_request(REPLY)) as url:
        assert (await upload(url)).body == b"ok"


async def test_a_certificate_of_nobody_is_not_believed(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the request is sent to whoever has no certificate for the service's name."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    seen: list[bytes] = []

    async def play(line: Secured) -> None:
        await line.shake_hands()
        seen.append(await line.read())

    async with tls_peer(certificate, play) as url:
        outcome = await upload(url)
    assert outcome.stage is Stage.NOTHING_SENT
    assert "certificate" in outcome.text.lower()
    assert b"".join(seen) == b""


async def test_a_certificate_of_another_name_is_not_believed(trusted: Path) -> None:
    """A good certificate is good for its own names only."""
    async with tls_peer(trusted, after_request(REPLY)) as url:
        outcome = await upload(url.replace("127.0.0.1", "localhost"))
    assert outcome.stage is Stage.NOTHING_SENT


async def test_nonsense_in_the_handshake_means_nothing_was_sent(trusted: Path) -> None:
    """A record that is none, before there is a connection."""

    async def play(line: Secured) -> None:
        await line.reader.read(10)
        await line.write_raw(BAD_RECORD)

    async with tls_peer(trusted, play) as url:
        outcome = await upload(url)
    assert outcome.stage is Stage.NOTHING_SENT


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200", HEAD[:-2]])
async def test_a_bad_record_before_the_reply_leaves_an_upload_unknown(
    trusted: Path, begin: bytes
) -> None:
    """The service may have kept what it read."""
    async with tls_peer(trusted, after_request(begin, raw=BAD_RECORD)) as url:
        outcome = await upload(url)
    assert isinstance(outcome, Unanswered)
    assert outcome.stage is Stage.UNKNOWN
    assert "secure" in outcome.text


async def test_a_bad_record_leaves_a_call_unanswered(trusted: Path) -> None:
    """A read call as well."""
    async with tls_peer(trusted, after_request(raw=BAD_RECORD)) as url:
        outcome = await ask(url)
    assert isinstance(outcome, Unanswered)


async def test_a_bad_record_in_the_body_leaves_the_status(trusted: Path) -> None:
    """What came is known; that it is not whole, too."""
    async with tls_peer(trusted, after_request(HEAD, b"<rsp", raw=BAD_RECORD)) as url:
        outcome = await upload(url)
    assert isinstance(outcome, Received)
    assert (outcome.status, outcome.body, outcome.cut) == (200, b"<rsp", "broken off")


async def test_a_bad_record_while_a_body_is_sent_is_a_cut(trusted: Path) -> None:
    """The last byte was never handed over."""

    async def play(line: Secured) -> None:
        await line.shake_hands()
        await line.read_request(1000)
        await line.write_raw(BAD_RECORD)

    async with tls_peer(trusted, play) as url:
        outcome = await upload(url, LARGE)
    assert isinstance(outcome, Unanswered)
    assert outcome.stage is Stage.CUT


async def test_a_reply_that_ends_without_a_farewell_is_cut(trusted: Path) -> None:
    """Whoever is on the line can close it, and so make a reply shorter; its length tells."""
    async with tls_peer(trusted, after_request(HEAD, b"<rsp")) as url:
        outcome = await upload(url)
    assert (outcome.status, outcome.cut) == (200, "broken off")


async def test_another_request_goes_on_after_a_bad_record(trusted: Path) -> None:
    """The connection is of no use any more; the wire is."""
    scripts = [after_request(raw=BAD_RECORD), after_request(REPLY)]

    async def play(line: Secured) -> None:
        await scripts.pop(0)(line)

    line = Wire(2)
    async with tls_peer(trusted, play) as url:
        first = await line.call(url, {}, b"x")
        second = await line.call(url, {}, b"x")
        await line.aclose()
    assert isinstance(first, Unanswered)
    assert isinstance(second, Received)


async def test_a_bad_record_at_the_close_is_no_trouble(trusted: Path) -> None:
    """A connection that is kept, and then broken while nobody uses it."""
    broken = asyncio.Event()

    async def play(line: Secured) -> None:
        await after_request(REPLY)(line)
        await line.write_raw(BAD_RECORD)
        broken.set()
        await line.read()

    line = Wire(2)
    async with tls_peer(trusted, play) as url:
        assert isinstance(await line.call(url, {}, b"x"), Received)
        await broken.wait()
        outcome = await line.call(url, {}, b"x")
        await line.aclose()
    assert isinstance(outcome, Received | Unanswered)
