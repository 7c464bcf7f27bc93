"""What a service answered, as values; and what the HTTP around it says. Pure, and total.

Each service reads its own bodies into these; what they mean is `judging`'s.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uploadd.services.cleaning import excerpt
from uploadd.services.values import exact, number
from uploadd.services.wire import Received

MOST_WAIT_SECONDS = 30 * 24 * 3600
# What a reply's way may take, and what no service minds.
CLOCK_TOLERANCE_SECONDS = 60.0

_CODE = re.compile(r"[0-9A-Za-z_-]{1,20}")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class PhotoId:
    """An upload that was kept at once."""

    photo_id: str


@dataclass(frozen=True, slots=True)
class TicketId:
    """An upload that is being worked on."""

    ticket_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A call that worked."""

    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """A call that worked, whose reply was asked for as XML: its text as it came."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of the service's API.

    `wait_seconds`: how long it asks us to wait. The duplicate belongs to Flickr's error 9.
    `clock_off_seconds`: by how much this computer's clock is ahead of the service's.
    """

    code: str
    message: str
    wait_seconds: int | None = None
    duplicate_id: str | None = None
    duplicate_status: str = ""
    clock_off_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class OAuthProblem:
    """HTTP 401 with `oauth_problem=…`; the rest of that text holds our key and is dropped."""

    problem: str
    clock_off_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class HttpTrouble:
    """A status that is no success, with nothing of the API in its body."""

    status: int
    wait_seconds: int | None
    shown: str


@dataclass(frozen=True, slots=True)
class Garbage:
    """A success by its status, and nothing that can be read."""

    shown: str


UploadReply = PhotoId | TicketId | Failure | OAuthProblem | HttpTrouble | Garbage
CallReply = Answer | Failure | OAuthProblem | HttpTrouble | Garbage
XmlReply = Document | Failure | OAuthProblem | HttpTrouble | Garbage


def failure_code(value: object) -> str | None:
    """An error's code, or None where there is nothing that can be one."""
    code = exact(value)
    return code if _CODE.fullmatch(code) else None


def wait(value: object) -> int | None:
    """Seconds that a service asks us to wait, at most 30 days. Zero counts as none."""
    seconds = number(value)
    return min(seconds, MOST_WAIT_SECONDS) if seconds else None


def retry_after(headers: Mapping[str, str], now: float) -> int | None:
    """Seconds of a Retry-After in either form (RFC 9110, 10.2.3).

    A date is counted from the reply's own Date where it has one: our clock may be wrong.
    """
    value = headers.get("retry-after", "")
    if _DIGITS.fullmatch(value.strip()):
        return wait(value)
    until = _unix(value)
    since = _unix(headers.get("date", ""))
    if until is None:
        return None
    return wait(max(0, int(until - (now if since is None else since))))


def clock_off(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds by which our clock is ahead of the reply's Date; None: it is right, or unknown."""
    there = _unix(headers.get("date", ""))
    return None if there is None else notable(now - there)


def notable(off_seconds: float) -> float | None:
    """A clock's difference, or None where it is too small to be worth a word."""
    return None if abs(off_seconds) < CLOCK_TOLERANCE_SECONDS else off_seconds


def trouble(received: Received, now: float) -> HttpTrouble:
    """What a status that is no success comes to, with nothing of the API beside it."""
    return HttpTrouble(received.status, retry_after(received.headers, now), excerpt(received.body))


def unreadable(received: Received, expected: str) -> Garbage:
    """What came instead of the `expected` form of a reply."""
    if not received.body:
        return Garbage("an empty reply")
    if received.cut:
        return Garbage(f"a reply that is {received.cut}")
    shown = excerpt(received.body)
    return Garbage(f"“{shown}”" if shown else f"something that is {expected}")


def document(body: bytes) -> Document:
    """A reply's text as it came."""
    return Document(body.decode("utf-8", errors="replace"))


def _unix(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
