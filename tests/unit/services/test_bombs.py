"""Replies that are meant to hurt whoever reads them: each is a value, soon, for both services."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from uploadd.services.flickr import replies as flickr
from uploadd.services.ipernity import replies as ipernity
from uploadd.services.replies import Answer, Garbage
from uploadd.services.requests import Requests
from uploadd.services.wire import Received, Stage, Unanswered

NOW = 1_700_000_000.0
# Of the processor's time, so that a busy machine does not count.
MOST_SECONDS = 5.0
MOST_HEAVY_SECONDS = 0.6
M = 1024 * 1024
LOL = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
BOMBS = {
    "entities": b'<!DOCTYPE r [<!ENTITY l0 "lol">' + LOL + b"]><rsp>&l9;</rsp>",
    "a file of ours": b'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><rsp>&f;</rsp>',
    "deep json": b"[" * 500_000,
    "deep objects": b'{"a":' * 200_000,
    "deep xml": b"<a>" * 300_000,
    "a number of many digits": b'{"stat": "ok", "n": ' + b"9" * 900_000 + b"}",
    "a number without end": b'{"stat": "fail", "code": 1e999999999}',
    "another encoding": '<?xml version="1.0" encoding="utf-16"?><rsp/>'.encode("utf-16"),
    "an encoding of nobody": b'<?xml version="1.0" encoding="klingon"?><rsp/>',
    "half a character": b'{"stat": "fail", "code": 1, "message": "\\ud800"}',
    "nothing but zeros": b"\x00" * 1_000_000,
    "attributes": b"<rsp " + b" ".join(b'a%d="b"' % n for n in range(100_000)) + b"/>",
    "commas": b"," * 1_000_000,
    "commas and blanks": b"{" + b", " * 500_000,
    "a title's number of many digits": b"<title>&#" + b"9" * 50_000 + b"</title>",
}
# Of the size that a list may have. Others wait meanwhile.
HEAVY = {
    "lists": b"[" + b"[]," * (8 * M // 3),
    "objects": b'{"stat": "fail", "a": [' + b"{}," * (8 * M // 3 - 20) + b"0]}",
    "numbers": b"[" + b"1e9," * (2 * M),
    "attributes": b"<rsp " + b" ".join(b'a%d=""' % n for n in range(700_000)) + b"/>",
    "names of spaces": b"<rsp " + b" ".join(b'xmlns:a%d="a"' % n for n in range(400_000)) + b"/>",
    "titles": b"<title" * (M // 6),
}
READERS: list[Callable[[Received, float], Any]] = [
    *(flickr.upload_reply, flickr.call_reply, flickr.xml_reply),
    *(ipernity.upload_reply, ipernity.call_reply, ipernity.xml_reply),
]


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("read", READERS, ids=lambda read: f"{read.__module__}.{read.__name__}")
def test_a_bomb_is_a_value_and_soon(
    read: Callable[[Received, float], Any], status: int, bomb: str
) -> None:
    """Nothing is raised, and nobody waits."""
    begun = time.process_time()
    found = read(Received(status, BOMBS[bomb]), NOW)
    assert time.process_time() - begun < MOST_SECONDS
    assert not isinstance(found, Answer)
    assert "root:" not in repr(found)


@pytest.mark.parametrize("bomb", HEAVY)
@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize("read", READERS, ids=lambda read: f"{read.__module__}.{read.__name__}")
def test_a_heavy_reply_holds_nobody_up(
    read: Callable[[Received, float], Any], status: int, bomb: str
) -> None:
    """Of a list's size, and read at once all the same."""
    begun = time.process_time()
    found = read(Received(status, HEAVY[bomb]), NOW)
    assert time.process_time() - begun < MOST_HEAVY_SECONDS
    assert not isinstance(found, Answer)


@pytest.mark.parametrize("name", ["retry-after", "date"])
@pytest.mark.parametrize(
    "value",
    ["9" * 5000, "-1", "Mon, 01 Jan 99999 00:00:00 GMT", "\ud800", "Mon, " + "9" * 5000, "٣"],
)
def test_a_header_is_a_number_of_sane_size_or_nothing(name: str, value: str) -> None:
    """No wait is longer than 30 days."""
    headers = {"date": "Tue, 14 Nov 2023 22:13:20 GMT", name: value}
    for read in READERS:
        found = read(Received(503, b"", headers), NOW)
        assert found.wait_seconds is None or 0 < found.wait_seconds <= 30 * 86400


async def test_a_reader_that_is_not_total_costs_one_reply(runtime: Any, account: Any) -> None:
    """It should be; if it is not, that is a request without an answer, and a line in the log."""

    class Line:
        async def call(self, *_: Any) -> Received:
            return Received(200, b"x")

    def reading(_: Received, __: float) -> Garbage:
        raise KeyError("secret")

    requests = Requests(account, runtime, Line())  # type: ignore[arg-type]
    with capture_logs() as lines:
        found = await requests.post_form("m", "http://x.test/", {}, [], 10, reading)
    assert found == Unanswered(Stage.UNKNOWN, "what came cannot be read (KeyError)")
    assert [line["event"] for line in lines] == ["reply.unread"]
