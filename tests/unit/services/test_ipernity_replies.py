"""ipernity's replies, in every form that they may come in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploadd.services.ipernity.replies import call_reply, upload_reply, xml_reply
from uploadd.services.replies import (
    Answer,
    Document,
    Failure,
    Garbage,
    HttpTrouble,
    PhotoId,
    TicketId,
)
from uploadd.services.wire import Received

NOW = 1_700_000_000.0
OK = '"api":{"status":"ok"}'


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (f'{{{OK},"ticket":"12345445-98829"}}', TicketId("12345445-98829")),
        (f'{{{OK},"ticket":12345445}}', TicketId("12345445")),
        (f'{{{OK},"ticket":{{"id":"7-8"}}}}', TicketId("7-8")),
        (f'{{{OK},"ticket":{{"_content":"7-8"}}}}', TicketId("7-8")),
        (f'{{{OK},"ticket":"7-8","doc_id":"5"}}', TicketId("7-8")),
        (f'{{{OK},"doc_id":5}}', PhotoId("5")),
        (f'{{{OK},"doc":{{"doc_id":"5"}}}}', PhotoId("5")),
        (f'{{{OK},"doc":[{{"doc_id":"5"}}],"ticket":""}}', PhotoId("5")),
        ('<?xml version="1.0"?><api status="ok"><ticket>7-8</ticket></api>', TicketId("7-8")),
        ('<api status="ok"><doc doc_id="5"/></api>', PhotoId("5")),
        ('{"api":{"status":"ok","at":"1"},"ticket":"7-8",}', TicketId("7-8")),
    ],
)
def test_an_upload_is_a_ticket_or_a_document(body: str, value: object) -> None:
    """A ticket comes first: it tells when the document is whole."""
    assert upload_reply(Received(200, body.encode()), NOW) == value


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "[]", "{}", '"ok"', f"{{{OK}}}",
        f'{{{OK},"ticket":""}}', f'{{{OK},"ticket":0}}',
        f'{{{OK},"ticket":null,"doc":{{"doc_id":"0"}}}}', f'{{{OK},"ticket":"with blanks"}}',
        '{"api":"ok","ticket":"7-8"}', '{"ticket":"7-8"}', '{"api":{"status":true},"ticket":"7"}',
        "<api><ticket>7-8</ticket></api>", '<rsp stat="ok"><ticketid>7-8</ticketid></rsp>',
        "<html><title>Sign in</title></html>", '{"api":{"status":"error"}}',
    ],
)  # fmt: skip
def test_what_does_not_say_that_it_was_kept_is_garbage(body: str) -> None:
    """Nobody knows then."""
    assert isinstance(upload_reply(Received(200, body.encode()), NOW), Garbage)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500, 501, 503])
@pytest.mark.parametrize(
    "body",
    [
        '{"api":{"status":"error","code":105,"message":"Signature\\nis invalid"}}',
        '{"api":{"status":"error","code":"105","message":"Signature is invalid"}}',
        '{"api":{"status":"fail","code":"105","message":"Signature is invalid"}}',
        '<api status="error" code="105" message="Signature is invalid"/>',
    ],
)
def test_an_error_of_the_api_is_believed_with_any_status(body: str, status: int) -> None:
    """Whether 500, 501 and 503 come as HTTP 200 is not established; numbers may be strings."""
    received = Received(status, body.encode())
    expected = Failure("105", "Signature is invalid")
    assert upload_reply(received, NOW) == expected
    assert call_reply(received, NOW) == expected
    assert xml_reply(received, NOW) == expected


@pytest.mark.parametrize("status", [302, 404, 413, 429, 500, 502, 503, 504])
def test_another_status_without_one_is_http_trouble(status: int) -> None:
    """Whatever else it says: an `ok` under a 502 is none."""
    for body in ("<html><title>Oh</title></html>", f'{{{OK},"ticket":"7"}}', ""):
        received = Received(status, body.encode(), {"retry-after": "9"})
        for read in (upload_reply, call_reply, xml_reply):
            reply = read(received, NOW)
            assert isinstance(reply, HttpTrouble)
            assert (reply.status, reply.wait_seconds) == (status, 9)


def test_a_limit_may_name_its_wait() -> None:
    """In the header, as HTTP has it."""
    body = b'{"api":{"status":"error","code":113,"message":"slow down"}}'
    assert call_reply(Received(200, body, {"retry-after": "30"}), NOW) == Failure(
        "113", "slow down", wait_seconds=30
    )


def test_a_failure_tells_how_far_the_clock_is_off() -> None:
    """By the reply's Date; a minute is nothing."""
    body = b'{"api":{"status":"error","code":132,"message":"skew"}}'
    ahead = Received(200, body, {"date": "Tue, 14 Nov 2023 20:08:20 GMT"})  # NOW is 22:13:20
    right = Received(200, body, {"date": "Tue, 14 Nov 2023 22:13:00 GMT"})
    assert call_reply(ahead, NOW) == Failure("132", "skew", clock_off_seconds=7500.0)
    assert call_reply(right, NOW) == Failure("132", "skew")


def test_a_call_gives_all_of_its_fields() -> None:
    """The envelope among them."""
    body = f'{{{OK},"doc":{{"doc_id":"1"}}}}'.encode()
    fields = {"api": {"status": "ok"}, "doc": {"doc_id": "1"}}
    assert call_reply(Received(200, body), NOW) == Answer(fields)


@pytest.mark.parametrize("body", ['<api status="ok"/>', "a:1:{}", "", "<html/>", "[1]"])
def test_a_call_in_another_format_is_garbage(body: str) -> None:
    """JSON was asked for."""
    assert isinstance(call_reply(Received(200, body.encode()), NOW), Garbage)


def test_xml_is_given_as_it_came() -> None:
    """Every character of it."""
    text = '<?xml version="1.0"?>\n<api status="ok"><doc doc_id="1" title="é"/></api>\n'
    assert xml_reply(Received(200, text.encode()), NOW) == Document(text)


@pytest.mark.parametrize(
    "body",
    [
        f"{{{OK}}}", "<html/>", "", "<api/>", '<api status="ok">', '<rsp stat="ok"/>',
        '<!DOCTYPE a [<!ENTITY e "x">]><api status="ok">&e;</api>',
    ],
)  # fmt: skip
def test_xml_in_another_format_is_garbage(body: str) -> None:
    """XML was asked for."""
    assert isinstance(xml_reply(Received(200, body.encode()), NOW), Garbage)


def test_xml_that_is_broken_off_is_garbage() -> None:
    """However whole it looks."""
    received = Received(200, b'<api status="ok"/>', cut="broken off")
    assert isinstance(xml_reply(received, NOW), Garbage)


_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9))
_TREES = st.recursive(
    _LEAVES,
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(
            st.sampled_from(["api", "status", "code", "message", "ticket", "doc", "doc_id", "id"]),
            below,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(tree=_TREES, status=st.sampled_from([200, 302, 400, 500]), junk=st.binary(max_size=40))
def test_any_reply_gives_a_value(tree: object, status: int, junk: bytes) -> None:
    """None an exception."""
    for body in (json.dumps(tree).encode(), junk):
        received = Received(status, body)
        for read in (upload_reply, call_reply, xml_reply):
            assert read(received, NOW) is not None
