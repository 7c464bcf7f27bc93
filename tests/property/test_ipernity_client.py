"""ipernity's client against a vandal: whatever comes back, a verdict or a clear error."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict
from random import Random
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from property import drawn_replies as drawn
from property.test_flickr_client import (
    SECRETS,
    SHA256,
    Body,
    Broken,
    Clock,
    Disk,
    assert_one_line,
    assert_says_no_secret,
    is_in,
)
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceError
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.model.tickets import TicketState
from uploadd.model.verdicts import Kept, Ticketed, Uncertain, Verdict
from uploadd.services.base import Parcel
from uploadd.services.ipernity import Ipernity

MD5 = "cd" * 16
OK = {"status": "ok"}
KNOWN: dict[str, Any] = {
    "upload": {"api": OK, "ticket": "12345445-98829"},
    "kept": {"api": OK, "doc_id": "5412"},
    "tickets": {
        "api": OK,
        "tickets": {
            "count": "2", "eta": "120",
            "ticket": [
                {"id": "6-1", "done": "1", "invalid": "0", "doc_id": "5412", "eta": "0"},
                {"id": "6-2", "done": "0", "invalid": "0", "eta": "120"},
            ],
        },
    },
    "look_up": {"api": OK, "docs": {"doc": [{"md5": MD5, "found": "1", "doc_id": "5412"}]}},
    "quota": {
        "api": OK,
        "quota": {
            "is_pro": "1",
            "upload": {"unlimited": "0", "left": {"bytes": "7", "kb": "0"}},
            "maxfilesize": {"photo": {"bytes": "9"}, "video": {"mb": "1"}},
        },
    },
    "login": {"api": OK, "auth": {"perms": {"doc": "write"}, "user": {"user_id": "12"}}},
    "failure": {"api": {"status": "error", "code": "105", "message": "Signature is invalid"}},
}  # fmt: skip
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.text(max_size=20),
    st.sampled_from(["", "0", "-1", "lots", "ok", "NaN", "1e9", {}, [], [[]], {"_content": "7"}]),
)  # fmt: skip


def changed(tree: Any, dice: Random, leaf: Any) -> Any:
    """The tree with one of its parts swapped."""
    if isinstance(tree, dict) and tree and dice.random() < 0.8:
        name = dice.choice(sorted(tree))
        return tree | {name: changed(tree[name], dice, leaf)}
    if isinstance(tree, list) and tree and dice.random() < 0.8:
        return [changed(tree[0], dice, leaf), *tree[1:]]
    return leaf


def trees(*kinds: str) -> st.SearchStrategy[Any]:
    """A known answer of one of these kinds, whole or with a wrong part."""
    known = st.sampled_from(kinds).map(lambda kind: KNOWN[kind])
    wrong = st.builds(
        lambda tree, seed, leaf: changed(tree, Random(seed), leaf),
        known, st.integers(0, 10_000), _LEAVES,
    )  # fmt: skip
    return st.one_of(known, wrong)


BODIES = st.one_of(trees(*KNOWN).map(lambda tree: json.dumps(tree).encode()), drawn.BODIES)


class Vandal:
    """A client, and the reply that it gets to whatever it asks."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.reply: Callable[[], httpx.Response] = httpx.Response
        names = ("api_key", "api_secret", "token")
        secrets = {name: Secret(secret) for name, secret in zip(names, SECRETS, strict=False)}
        self.ipernity = Ipernity(
            Account("me", **secrets),
            Runtime(Clock(), Random(1), Disk()),
            _grant,
            transport=httpx.MockTransport(self._answer),
        )

    def run(self, work: Awaitable[Any]) -> tuple[Any, list[Any]]:
        """What comes of it (a `ServiceError` too), and the log lines; nothing else may come."""

        async def outcome() -> Any:
            try:
                return await asyncio.wait_for(work, 5.0)
            except ServiceError as error:
                return error

        with capture_logs() as lines:
            return self.loop.run_until_complete(outcome()), lines

    def close(self) -> None:
        """Let go of everything."""
        self.loop.run_until_complete(self.ipernity.aclose())
        self.loop.close()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self.reply()


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


secrets = st.sampled_from(SECRETS[:3])  # there is no token secret here


@given(drawn.STATUSES, BODIES, drawn.HEADERS, st.booleans(), st.booleans(), secrets)
def test_every_send_ends_in_a_verdict(
    vandal: Vandal,
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]],
    breaks: bool,
    replaces: bool,
    secret: str,
) -> None:
    """Never an exception, never a success without proof, never a secret."""
    body = body.replace(b"Signature", secret.encode())
    content: dict[str, Any] = {"stream": Broken(body)} if breaks else {"content": body}
    vandal.reply = lambda: httpx.Response(status, headers=headers, **content)
    ipernity, parcel = vandal.ipernity, _parcel()
    verdict, lines = vandal.run(
        ipernity.replace(parcel, "54") if replaces else ipernity.send(parcel)
    )
    assert isinstance(verdict, get_args(Verdict))
    assert_says_no_secret(verdict, lines)
    if isinstance(verdict, Kept | Ticketed):
        name = verdict.photo_id if isinstance(verdict, Kept) else verdict.ticket_id
        assert 200 <= status < 300
        assert is_in(name, body)
        assert is_in("ok", body)
    else:
        assert_one_line(verdict.reason.text)
        assert_one_line(verdict.reason.remedy)
        if not 400 <= status < 500 and not is_in("status", body):
            assert isinstance(verdict, Uncertain), verdict


@pytest.mark.parametrize("kind", ["upload", "kept"])
def test_a_reply_that_breaks_off_proves_nothing(vandal: Vandal, kind: str) -> None:
    """Wherever it breaks off."""
    whole = json.dumps(KNOWN[kind]).encode()
    for end in range(len(whole)):
        piece = whole[:end]
        vandal.reply = lambda piece=piece: httpx.Response(200, stream=Broken(piece))
        verdict, _ = vandal.run(vandal.ipernity.send(_parcel()))
        assert isinstance(verdict, Uncertain), piece


QUESTIONS: dict[str, Callable[[Ipernity], Awaitable[Any]]] = {
    "tickets": lambda ipernity: ipernity.check_tickets(["6-1", "6-2"]),
    "look_up": lambda ipernity: ipernity.look_up(Content(SHA256, MD5), 0.0),
    "quota": lambda ipernity: ipernity.quota(),
    "login": lambda ipernity: ipernity.log_in(),
}


@given(st.sampled_from(sorted(QUESTIONS)), drawn.STATUSES, BODIES, drawn.HEADERS)
def test_every_call_ends_in_an_answer_or_a_clear_error(
    vandal: Vandal,
    question: str,
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]],
) -> None:
    """Whatever came: bombs, HTML, other encodings, another call's answer."""
    vandal.reply = lambda: httpx.Response(status, headers=headers, content=body)
    found, lines = vandal.run(QUESTIONS[question](vandal.ipernity))
    if isinstance(found, ServiceError):
        assert_one_line(found.text)
        assert_one_line(found.remedy)
    assert_says_no_secret(lines)


@given(st.data(), st.sampled_from(sorted(QUESTIONS)))
def test_answers_of_the_right_kind_with_wrong_parts(
    vandal: Vandal, data: st.DataObject, question: str
) -> None:
    """The right call's answer with parts of other types: read as far as it makes sense."""
    body = json.dumps(data.draw(trees(question))).encode()
    vandal.reply = lambda: httpx.Response(200, content=body)
    found, _ = vandal.run(QUESTIONS[question](vandal.ipernity))
    if isinstance(found, ServiceError) or found is None:
        return
    if question == "tickets":
        assert found.keys() <= {"6-1", "6-2"}
        for reply in found.values():
            assert (reply.photo_id is not None) == (reply.state is TicketState.COMPLETE)
    elif question == "look_up":
        assert is_in(found, body)
    elif question == "quota":
        assert all(limit is None or limit >= 0 for limit in asdict(found).values())
    else:
        assert found.user_id
