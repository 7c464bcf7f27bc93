"""Whatever Flickr, a gateway or a vandal answers: the parsers give a value, never an exception."""

from __future__ import annotations

import json
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from uploadd.model.contents import Content
from uploadd.model.errors import ServiceError
from uploadd.model.verdicts import Kept, Ticketed, Verdict
from uploadd.services.flickr import answers, quotas, replies
from uploadd.services.flickr.judging import call_error, send_verdict
from uploadd.services.replies import MOST_WAIT_SECONDS
from uploadd.services.wire import Received, Stage, Unanswered

NOW = 1_700_000_000.0

REAL = [
    b'<?xml version="1.0" encoding="utf-8" ?>\n<rsp stat="ok"><photoid>73010</photoid></rsp>',
    b'<rsp stat="ok"><ticketid>67099213-72157629966030528</ticketid></rsp>',
    b'<rsp stat="ok"><photoid secret="f408" originalsecret="95e7">10100895983</photoid></rsp>',
    b'<rsp stat="fail"><err code="1" msg="Not a pro account" /></rsp>',
    b'<rsp stat="fail"><err code="9" msg="d"/><duplicate_photo_id>1</duplicate_photo_id></rsp>',
    b'<rsp stat="fail"><err code="14" msg="w" non_pro_desktop_upload_wait_time="30"/></rsp>',
    b'{"uploader":{"ticket":[{"id":"67-1", "complete":1, "photoid":"7"}]}, "stat":"ok"}',
    b'{"uploader":{"ticket":{"id":"1", "invalid":1}}, "stat":"ok"}',
    b'{"stat":"fail","code":100,"message":"Invalid API Key (Key has invalid format)"}',
    b'{"user":{"id":"1@N00","username":{"_content":"me"}},"stat":"ok",}',
    b"oauth_problem=signature_invalid&debug_sbs=POST&https%3A%2F%2Fup.flickr.com",
    b"<html><head><title>504 Gateway Time-out</title></head><body>nginx<br></body></html>",
    b'<!DOCTYPE x [<!ENTITY a "b">]><rsp stat="ok"><photoid>&a;</photoid></rsp>',
]
STATUSES = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 413, 429, 500, 502, 504, 599])
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "date", "content-type"]),
    st.one_of(
        st.text(max_size=40),
        st.integers().map(str),
        st.just("Tue, 14 Nov 2023 22:15:20 GMT"),
        st.just("Tue, 14 Nov 0000 99:15:20 -9999"),
    ),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real reply with pieces cut out, doubled, replaced and put in."""
    body = bytearray(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        piece = bytes(body[start:end])
        body[start:end] = draw(
            st.one_of(
                st.just(b""), st.just(piece * 2), st.binary(max_size=8), st.sampled_from(REAL)
            )
        )
    return bytes(body)


BODIES = st.one_of(mutated(), st.binary(max_size=200))
RECEIVED = st.builds(Received, STATUSES, BODIES, HEADERS, st.booleans())
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["lots", "1", "0", "", "67-1", "checksum:sha256=" + "ab" * 32]),
)  # fmt: skip
NAMES = st.sampled_from([
    "user", "uploader", "photos", "photo", "ticket", "id", "nsid", "username", "_content",
    "complete", "invalid", "photoid", "pages", "machine_tags", "bandwidth", "filesize",
    "videosize", "videos", "remaining", "unlimited", "maxbytes", "remainingbytes", "maxkb",
    "upload_limit", "upload_count",
])  # fmt: skip
TREES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=20,
)


@given(received=RECEIVED, was_sent=st.booleans())
def test_an_upload_always_ends_in_a_verdict(received: Received, *, was_sent: bool) -> None:
    """And a verdict of success only comes with a 2xx and an id."""
    verdict = send_verdict(replies.upload_reply(received, NOW), was_sent=was_sent)
    assert isinstance(verdict, get_args(Verdict))
    if isinstance(verdict, Kept | Ticketed):
        assert 200 <= received.status < 300
        found = verdict.photo_id if isinstance(verdict, Kept) else verdict.ticket_id
        assert found
        assert found.isascii()


@given(received=RECEIVED)
def test_a_call_always_ends_in_an_answer_or_an_error(received: Received) -> None:
    """Whatever is no answer has an error with something to say."""
    reply = replies.call_reply(received, NOW)
    if not isinstance(reply, replies.Answer):
        error = call_error(reply, "flickr.test.login")
        assert isinstance(error, ServiceError)
        assert error.text


@given(received=RECEIVED, was_sent=st.booleans())
def test_what_is_told_is_one_short_line(received: Received, *, was_sent: bool) -> None:
    """No reply breaks a log line, fills it, or shows a base string."""
    verdict = send_verdict(replies.upload_reply(received, NOW), was_sent=was_sent)
    if isinstance(verdict, Kept | Ticketed):
        return
    assert verdict.reason.text.isprintable()
    assert len(verdict.reason.text) < 300
    assert "debug_sbs" not in verdict.reason.text


@given(received=RECEIVED)
def test_every_named_wait_is_between_a_second_and_30_days(received: Received) -> None:
    """A typing error at the service must not stop an account for ever, nor not at all."""
    reply = replies.upload_reply(received, NOW)
    if isinstance(reply, replies.Failure | replies.HttpTrouble) and reply.wait_seconds is not None:
        assert 1 <= reply.wait_seconds <= MOST_WAIT_SECONDS


@given(stage=st.sampled_from(Stage), text=st.text(), was_sent=st.booleans())
def test_no_answer_is_an_outcome_too(stage: Stage, text: str, *, was_sent: bool) -> None:
    """A connection that broke gives a verdict and an error like any other."""
    assert isinstance(send_verdict(Unanswered(stage, text), was_sent=was_sent), get_args(Verdict))
    assert isinstance(call_error(Unanswered(stage, text), "m"), ServiceError)


@given(fields=st.dictionaries(NAMES, TREES))
def test_answers_of_any_shape_are_read(fields: dict[str, Any]) -> None:
    """A missing or twisted field is as if it were not there."""
    assert answers.login(fields) is None or fields["user"]
    assert all(isinstance(name, str) for name in answers.tickets(fields))
    assert answers.page_count(fields) >= 0
    found = answers.photo_with(fields, Content("ab" * 32)).photo_id
    assert found is None or found.strip() == found
    assert all(photo.photo_id for photo in answers.listing(fields, 1, 500).photos)
    limits = vars_of(quotas.quota(fields, fields))
    assert all(limit is None or limit >= 0 for limit in limits)


@given(fields=st.dictionaries(NAMES, TREES))
def test_json_of_any_shape_survives_its_way(fields: dict[str, Any]) -> None:
    """What the service says comes out as it said it, also with NaN and lone surrogates in it."""
    body = json.dumps({**fields, "stat": "ok"}).encode()
    assert isinstance(replies.call_reply(Received(200, body), NOW), replies.Answer)


def vars_of(value: Any) -> list[int | None]:
    """The fields of a value with slots."""
    return [getattr(value, name) for name in value.__slots__]
