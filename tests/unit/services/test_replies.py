"""Flickr's replies as they were recorded, documented or reported, read into values."""

from __future__ import annotations

import pytest

from uploadd.services.flickr import replies
from uploadd.services.flickr.replies import (
    Answer,
    Failure,
    Garbage,
    HttpTrouble,
    OAuthProblem,
    PhotoId,
    TicketId,
    call_reply,
    upload_reply,
)
from uploadd.services.replies import MOST_WAIT_SECONDS
from uploadd.services.values import number
from uploadd.services.wire import Received

NOW = 1_700_000_000.0
HEAD = '<?xml version="1.0" encoding="utf-8" ?>\n'
WAIT = "non_pro_desktop_upload_wait_time"
BOMB = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    '<rsp stat="ok"><photoid>&b;</photoid></rsp>'
)
IN_CHILDREN_OF_RSP = (
    "<rsp stat='fail'><err code='9' msg='d'/>"
    "<duplicate_photo_id>42</duplicate_photo_id>"
    "<duplicate_photo_status>DELETED</duplicate_photo_status></rsp>"
)
IN_CHILDREN_OF_ERR = (
    "<rsp stat='fail'><err code='9' msg='d'><duplicate_photo_id>42</duplicate_photo_id>"
    "<duplicate_photo_status>DELETED</duplicate_photo_status></err></rsp>"
)
IN_ATTRIBUTES = (
    "<rsp stat='fail'>"
    "<err code='9' msg='d' duplicate_photo_id='42' duplicate_photo_status='DELETED'/></rsp>"
)


def xml(text: str, status: int = 200) -> replies.UploadReply:
    """An upload's reply."""
    return upload_reply(Received(status, (HEAD + text).encode()), NOW)


def json(text: str, status: int = 200) -> replies.CallReply:
    """A REST call's reply."""
    return call_reply(Received(status, text.encode()), NOW)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('<rsp stat="ok">\n<photoid>7301022570</photoid>\n</rsp>', PhotoId("7301022570")),
        (
            '<rsp stat="ok"><ticketid>67099213-72157629966030528</ticketid></rsp>',
            TicketId("67099213-72157629966030528"),
        ),
        (
            '<rsp stat="ok"><photoid secret="f4" originalsecret="95">10100895983</photoid></rsp>',
            PhotoId("10100895983"),
        ),
        (
            '<rsp stat="fail"><err code="1" msg="Not a pro account" /></rsp>',
            Failure("1", "Not a pro account"),
        ),
    ],
)
def test_recorded_upload_replies(body: str, value: object) -> None:
    """Bodies that the live service gave."""
    assert xml(body) == value


@pytest.mark.parametrize("body", [IN_CHILDREN_OF_RSP, IN_CHILDREN_OF_ERR, IN_ATTRIBUTES])
def test_error_9_names_its_photo_in_children_or_attributes(body: str) -> None:
    """Two clients read it in two ways; both are accepted."""
    assert xml(body) == Failure("9", "d", duplicate_id="42", duplicate_status="DELETED")


@pytest.mark.parametrize(
    "body",
    [
        f"<rsp stat='fail'><err code='14' msg='w'/><{WAIT}>300</{WAIT}></rsp>",
        f"<rsp stat='fail'><err code='14' msg='w'><{WAIT}> 300 </{WAIT}></err></rsp>",
        f"<rsp stat='fail'><err code='14' msg='w' {WAIT}='300'/></rsp>",
        f"<rsp stat='fail' {WAIT}='300'><err code='14' msg='w'/></rsp>",
        f"<rsp stat='fail' {WAIT}='7'><err code='14' msg='w' {WAIT}='300'/><{WAIT}/></rsp>",
        f'{{"stat": "fail", "code": 14, "message": "w", "{WAIT}": "300"}}',
    ],
)
def test_error_14_names_its_wait_in_one_of_four_places(body: str) -> None:
    """Its place is not established; the first with digits counts."""
    raw = body.encode()
    assert upload_reply(Received(200, raw), NOW) == Failure("14", "w", wait_seconds=300)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("1e3", None),
        ("٣٠", None),
        ("5", 5),
        ("9" * 30, MOST_WAIT_SECONDS),
        ("9" * 5000, MOST_WAIT_SECONDS),
    ],
)
def test_a_wait_is_digits_and_at_most_30_days(value: str, seconds: int | None) -> None:
    """Nonsense counts as no wait at all, so that the pause is ours and grows."""
    reply = xml(f"<rsp stat='fail'><err code='14' msg=''/><{WAIT}>{value}</{WAIT}></rsp>")
    assert reply == Failure("14", "", wait_seconds=seconds)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<rsp stat='ok'></rsp>",
        "<rsp stat='ok'><photoid></photoid></rsp>",
        "<rsp stat='ok'><photoid>two words</photoid></rsp>",
        "<rsp stat='ok'><photoid>1</photoid>",
        "<rsp stat='perhaps'><photoid>1</photoid></rsp>",
        "<rsp stat='fail'/>",
        "<rsp stat='fail'><err msg='no code'/></rsp>",
        "<other stat='ok'><photoid>1</photoid></other>",
        "<html><head><title>Welcome</title></head></html>",
        BOMB,
        "\x00\x01\x02",
        "<a>" * 100_000,
    ],
)
def test_what_is_no_answer_of_flickrs_is_garbage(body: str) -> None:
    """A 200 proves nothing unless an id or an error can be read in it."""
    assert isinstance(upload_reply(Received(200, body.encode()), NOW), Garbage)


def test_garbage_is_shown_in_few_words() -> None:
    """A person sees what answered, and what was wrong with it."""
    page = b"<html><head><title>Hotel &amp; Wi-Fi</title></head></html>"
    assert upload_reply(Received(200, page), NOW) == Garbage("“Hotel & Wi-Fi”")
    assert upload_reply(Received(200), NOW) == Garbage("an empty reply")
    assert "broken off" in str(upload_reply(Received(200, b"<rsp", cut="broken off"), NOW))


@pytest.mark.parametrize("status", [300, 302, 404, 429, 500, 502, 503, 504, 599])
def test_another_status_counts_and_not_the_page(status: int) -> None:
    """A 5xx with an id in it is still no promise."""
    page = b"<html><title>Sorry</title></html>"
    assert upload_reply(Received(status, page), NOW) == HttpTrouble(status, None, "Sorry")
    kept = b"<rsp stat='ok'><photoid>1</photoid></rsp>"
    assert upload_reply(Received(status, kept), NOW) == HttpTrouble(status, None, "")


def test_an_api_error_in_a_4xx_is_read() -> None:
    """Some gateways pass Flickr's own error on with a status of theirs."""
    assert xml("<rsp stat='fail'><err code='100' msg='k'/></rsp>", 400) == Failure("100", "k")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("oauth_problem=token_rejected", "token_rejected"),
        (
            "oauth_problem=signature_invalid&debug_sbs=POST&https%3A%2F%2Fthekey",
            "signature_invalid",
        ),
        ("foo=1&oauth_problem=timestamp_refused", "timestamp_refused"),
    ],
)
def test_oauth_refuses_in_plain_text(body: str, problem: str) -> None:
    """The word is kept; the base string behind it is not."""
    received = Received(401, body.encode())
    assert upload_reply(received, NOW) == OAuthProblem(problem)
    assert call_reply(received, NOW) == OAuthProblem(problem)


def test_a_401_without_oauths_word_is_a_401() -> None:
    """And nothing that mentions OAuth is repeated."""
    assert json("oauth says no to thekey", 401) == HttpTrouble(401, None, "")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "Tue, 14 Nov 2023 22:15:20 GMT"}, 120),
        (
            {
                "retry-after": "Fri, 14 Nov 2025 10:01:00 GMT",
                "date": "Fri, 14 Nov 2025 10:00:00 GMT",
            },
            60,
        ),
        ({"retry-after": "Tue, 14 Nov 2000 22:15:20 GMT"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "0"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_both_forms(headers: dict[str, str], seconds: int | None) -> None:
    """RFC 9110, 10.2.3; a date is counted from the server's own clock where it tells it."""
    assert call_reply(Received(429, b"", headers), NOW) == HttpTrouble(429, seconds, "")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('{"stat": "ok", "user": {"id": "1"}}', Answer({"stat": "ok", "user": {"id": "1"}})),
        ('{"stat": "ok", "a": [1, 2,],}', Answer({"stat": "ok", "a": [1, 2]})),
        ('{"stat":"fail","code":100,"message":"Bad key"}', Failure("100", "Bad key")),
        ('{"stat":"fail","code":"105","message":"x"}', Failure("105", "x")),
        ('{"stat":"fail","err":{"code":"98","msg":"y"}}', Failure("98", "y")),
        ('<rsp stat="fail"><err code="106" msg="z"/></rsp>', Failure("106", "z")),
    ],
)
def test_rest_replies(body: str, value: object) -> None:
    """JSON by its content, whatever it is labelled; a failure in XML counts too."""
    assert json(body) == value


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{", "{}", '{"stat":1}', "[" * 100_000, "<html/>"]
)
def test_rest_garbage(body: str) -> None:
    """None of these is an answer."""
    assert isinstance(json(body), Garbage)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (5, 5), ("5", 5), (5.0, 5), ("-3", 0), ({"_content": "5"}, 5), ("lots", None),
        ("", None), (None, None), (True, None), ([5], None), (float("inf"), None),
    ],
)  # fmt: skip
def test_numbers_come_in_every_type(value: object, read: int | None) -> None:
    """Flickr gives one field as a number, a string, null, empty, or as the word "lots"."""
    assert number(value) == read
