"""The whole client against a vandal: whatever comes back, a verdict or a clear error; no secret."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import asdict
from random import Random
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from property import drawn_replies as drawn
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceError
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.model.tickets import TicketState
from uploadd.model.verdicts import Duplicate, Kept, Ticketed, Uncertain, Verdict
from uploadd.services.base import Parcel
from uploadd.services.flickr import Flickr

NOW = 1_700_000_000.0
CONTENT = b"\xff\xd8\xff\xe0 a small photo"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SECRETS = ("the-api-key-0001", "the-api-secret-2", "the-token-000003", "token-secret-004")
MOST_SECONDS = 5.0
"""A reply is read in milliseconds; this only tells apart what does not end."""


class Clock:
    """A clock that stands still, and on which sleeping takes no time."""

    def wall(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return NOW

    def boot(self) -> str:
        return "test"

    async def sleep(self, seconds: float) -> None:
        assert 0 <= seconds < 60

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        raise AssertionError("the wire waits for no event")


class Disk:
    """Runs disk work at once."""

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return work(*args, **kwargs)


class Body:
    """A body in memory."""

    size = len(CONTENT)

    async def chunks(self) -> AsyncIterator[bytes]:
        yield CONTENT


class Broken(httpx.AsyncByteStream):
    """A reply that breaks off after its body."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body
        raise httpx.ReadError("reset")


class Vandal:
    """A client, and the reply that it gets to whatever it asks."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._reply: Callable[[], httpx.Response] = httpx.Response
        self.raw = b""
        self.flickr = self._client(httpx.MockTransport(self._answer), None)
        self._server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1"))
        port = self._server.sockets[0].getsockname()[1]
        self.flickr_on_socket = self._client(None, f"http://127.0.0.1:{port}")

    def answers(
        self, status: int, body: bytes, headers: list[tuple[bytes, bytes]], *, breaks: bool
    ) -> None:
        """What comes back from now on."""
        content: dict[str, Any] = {"stream": Broken(body)} if breaks else {"content": body}
        self._reply = lambda: httpx.Response(status, headers=headers, **content)

    def run(self, work: Awaitable[Any]) -> tuple[Any, list[Any]]:
        """What comes of it (a `ServiceError` too), and the log lines; nothing else may come."""

        async def outcome() -> Any:
            try:
                return await asyncio.wait_for(work, MOST_SECONDS)
            except ServiceError as error:
                return error

        with capture_logs() as lines:
            found = self.loop.run_until_complete(outcome())
        return found, lines

    def close(self) -> None:
        """Let go of everything."""
        self.loop.run_until_complete(self.flickr.aclose())
        self.loop.run_until_complete(self.flickr_on_socket.aclose())
        self._server.close()
        self.loop.run_until_complete(self._server.wait_closed())
        self.loop.close()

    def _client(self, transport: httpx.AsyncBaseTransport | None, base_url: str | None) -> Flickr:
        names = ("api_key", "api_secret", "token", "token_secret")
        secrets = {name: Secret(secret) for name, secret in zip(names, SECRETS, strict=True)}
        account = Account("me", **secrets, base_url=base_url)
        return Flickr(account, Runtime(Clock(), Random(1), Disk()), _grant, transport=transport)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._reply()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        await reader.readexactly(length)
        writer.write(self.raw)
        writer.close()


async def _grant(_purpose: Purpose) -> None:
    """Every call is granted."""


@pytest.fixture(scope="module")
def vandal() -> Iterator[Vandal]:
    """One client for all examples."""
    made = Vandal()
    yield made
    made.close()


def _parcel() -> Parcel:
    return Parcel("IMG_0001", ".jpg", "image/jpeg", SHA256, Body(), title="A photo")


def assert_says_no_secret(*told: object) -> None:
    """Neither our key nor our token stands in what is told."""
    text = "".join(map(repr, told))
    for secret in SECRETS:
        assert secret not in text


def assert_one_line(text: str) -> None:
    """Fit for a log, a terminal and a database."""
    assert text.isprintable()
    assert len(text) < 400


def is_in(wanted: str, body: bytes) -> bool:
    """Whether the body says it, in whatever encoding."""
    encodings = ("utf-8", "utf-16", "utf-32", "utf-7", "cp037")
    return any(wanted in body.decode(encoding, "ignore") for encoding in encodings)


def assert_verdict_is_proven(verdict: Verdict, status: int, body: bytes) -> None:
    """No success that the reply does not state; garbage after the last byte is uncertain."""
    assert isinstance(verdict, get_args(Verdict))
    if isinstance(verdict, Kept):
        assert 200 <= status < 300
        assert is_in(verdict.photo_id, body)
        assert is_in("photoid", body)
    elif isinstance(verdict, Ticketed):
        assert 200 <= status < 300
        assert is_in(verdict.ticket_id, body)
        assert is_in("ticketid", body)
    elif isinstance(verdict, Duplicate):
        assert is_in("fail", body)
        assert is_in("9", body)
    elif not 400 <= status < 500 and not is_in("fail", body):
        assert isinstance(verdict, Uncertain), verdict
    if not isinstance(verdict, Kept | Ticketed):
        assert_one_line(verdict.reason.text)
        assert_one_line(verdict.reason.remedy)


echoes = st.sampled_from(["", "", *SECRETS])


@given(drawn.STATUSES, drawn.BODIES, drawn.HEADERS, st.booleans(), st.booleans(), echoes)
def test_every_send_ends_in_a_verdict(
    vandal: Vandal,
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]],
    breaks: bool,
    replaces: bool,
    echo: str,
) -> None:
    """Never an exception, never a success without proof, never a secret, never long."""
    body = body.replace(b"recognised", echo.encode()) + echo.encode() * (len(body) < 100)
    vandal.answers(status, body, headers, breaks=breaks)
    began = time.monotonic()
    flickr, parcel = vandal.flickr, _parcel()
    verdict, lines = vandal.run(flickr.replace(parcel, "54") if replaces else flickr.send(parcel))
    assert time.monotonic() - began < MOST_SECONDS
    assert_verdict_is_proven(verdict, status, body)
    assert_says_no_secret(verdict, lines)


@pytest.mark.parametrize("reply", drawn.UPLOADS)
def test_a_reply_that_breaks_off_proves_nothing(vandal: Vandal, reply: str) -> None:
    """Wherever it breaks off."""
    whole = reply.strip().encode()
    for end in range(len(whole)):
        vandal.answers(200, whole[:end], [], breaks=True)
        verdict, _ = vandal.run(vandal.flickr.send(_parcel()))
        assert isinstance(verdict, Uncertain), whole[:end]


QUESTIONS: dict[str, Callable[[Flickr], Awaitable[Any]]] = {
    "tickets": lambda flickr: flickr.check_tickets(["67-1", "67-2", "67-2", "1", "a-b-c"]),
    "photos": lambda flickr: flickr.look_up(Content("ab" * 32), NOW),
    "quota": lambda flickr: flickr.quota(),
    "login": lambda flickr: flickr.log_in(),
    "permission": lambda flickr: flickr.may_upload(),
    "failure": lambda flickr: flickr.mark_content("54", "ab" * 32),
}


@given(st.sampled_from(sorted(QUESTIONS)), drawn.STATUSES, drawn.BODIES, drawn.HEADERS, echoes)
def test_every_call_ends_in_an_answer_or_a_clear_error(
    vandal: Vandal,
    question: str,
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]],
    echo: str,
) -> None:
    """Whatever came: bombs, HTML, other encodings, another call's answer."""
    body = body.replace(b"Invalid", echo.encode()) + echo.encode() * (len(body) < 100)
    vandal.answers(status, body, headers, breaks=False)
    found, lines = vandal.run(QUESTIONS[question](vandal.flickr))
    if isinstance(found, ServiceError):
        assert_one_line(found.text)
        assert_one_line(found.remedy)
        assert_says_no_secret(found.text, found.args)
    assert_says_no_secret(lines)


@given(st.sampled_from(sorted(QUESTIONS)), st.data())
def test_answers_of_the_right_kind_with_wrong_parts(
    vandal: Vandal, question: str, data: st.DataObject
) -> None:
    """The right call's answer with parts of other types: read as far as it makes sense."""
    tree = data.draw(drawn.trees(question))
    body = drawn.json_text(tree).encode()
    vandal.answers(200, body, [(b"Content-Type", b"text/xml")], breaks=False)
    found, _ = vandal.run(QUESTIONS[question](vandal.flickr))
    if isinstance(found, ServiceError) or found is None:
        return
    if question == "tickets":
        assert found.keys() <= {"67-1", "67-2", "1", "a-b-c"}
        for reply in found.values():
            assert (reply.photo_id is not None) == (reply.state is TicketState.COMPLETE)
    elif question == "photos":
        assert "checksum:sha256=" + "ab" * 32 in body.decode()
        assert is_in(found, body)
    elif question == "quota":
        assert all(limit is None or limit >= 0 for limit in asdict(found).values())
    elif question == "login":
        assert found.user_id


raw_heads = st.one_of(
    st.builds(
        lambda version, status, lines: (
            b"HTTP/%s %s X\r\n" % (version, status)
            + b"".join(b"%s: %s\r\n" % line for line in lines)
            + b"\r\n"
        ),
        st.sampled_from([b"1.1", b"1.0", b"9.9", b""]),
        st.sampled_from([b"200", b"099", b"1000", b"502", b"100", b"204"]),
        drawn.HEADERS,
    ),
    st.binary(max_size=60),
)


@given(raw_heads, drawn.BODIES)
def test_bytes_that_are_no_http(vandal: Vandal, head: bytes, body: bytes) -> None:
    """On a real socket: status lines and headers that lie, or are none."""
    vandal.raw = head + body
    verdict, lines = vandal.run(vandal.flickr_on_socket.send(_parcel()))
    assert isinstance(verdict, get_args(Verdict))
    if isinstance(verdict, Kept | Ticketed):
        assert is_in('stat="ok"', body) or is_in('"ok"', body)
    else:
        assert_one_line(verdict.reason.text)
        if not is_in("fail", head + body) and not head.startswith(b"HTTP/"):
            assert isinstance(verdict, Uncertain)
    assert_says_no_secret(verdict, lines)
