"""Flickr's replies, read into values. Pure, and total: any bytes give a value, none an exception.

The shapes are those of Flickr's API documentation and of recorded replies; where the sources
differ, every form is accepted. Uploads answer XML whatever was asked for, REST calls JSON,
OAuth's refusals plain text, and everything between us and Flickr HTML.
"""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from uploadd.services.cleaning import excerpt, one_line
from uploadd.services.wire import Received

MOST_WAIT_SECONDS = 30 * 24 * 3600
WAIT_NAME = "non_pro_desktop_upload_wait_time"

_ID = re.compile(r"[!-~]{1,100}")
_CODE = re.compile(r"[\w-]{1,20}")
_DIGITS = re.compile(r"[0-9]+")
_BELOW_ZERO = re.compile(r"-[0-9]+")
_PROBLEM = re.compile(r"oauth_problem=([a-z_]{1,40})")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


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
    """A REST call that worked."""

    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """`stat="fail"`. The last three come with errors 9 and 14 only."""

    code: str
    message: str
    wait_seconds: int | None = None
    duplicate_id: str | None = None
    duplicate_status: str = ""


@dataclass(frozen=True, slots=True)
class OAuthProblem:
    """HTTP 401 with `oauth_problem=…`; the rest of that text holds our key and is dropped."""

    problem: str


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


def upload_reply(received: Received, now: float) -> UploadReply:
    """The reply to an upload. `now` (unix seconds) is for a Retry-After that names a date."""
    body = received.body
    found = _without_body(received, now) or _from_xml(body) or _failure_of(body)
    return found or _unreadable(received)


def call_reply(received: Received, now: float) -> CallReply:
    """The reply to a REST call that asked for JSON."""
    refused = _without_body(received, now)
    if refused:
        return refused
    return _from_json(received.body) or _failure_of(received.body) or _unreadable(received)


def items(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of what Flickr gives as a list, as one object, or not at all."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            yield item


def text(value: object) -> str:
    """A value that comes as a string, a number, or as `{"_content": …}`."""
    if isinstance(value, Mapping):
        value = value.get("_content")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def identifier(value: object) -> str | None:
    """A photo's, ticket's or user's id, or None where there is none."""
    found = text(value)
    return found if _ID.fullmatch(found) else None


def number(value: object) -> int | None:
    """A whole number from 0 up, or None (missing, empty, "lots", nonsense)."""
    digits = text(value).removesuffix(".0")
    if _BELOW_ZERO.fullmatch(digits):
        return 0  # an account over its limit: nothing is left
    return int(digits[:18]) if _DIGITS.fullmatch(digits) else None


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


def _without_body(received: Received, now: float) -> Failure | OAuthProblem | HttpTrouble | None:
    """What the status alone decides. A 4xx may still carry an error of the API."""
    status = received.status
    if 200 <= status < 300:
        return None
    if 400 <= status < 500:
        failure = _failure_of(received.body)
        if failure:
            return failure
    problem = _PROBLEM.search(received.body[:65536].decode("latin-1")) if status == 401 else None
    if problem:
        return OAuthProblem(problem[1])
    return HttpTrouble(status, retry_after(received.headers, now), excerpt(received.body))


def _failure_of(body: bytes) -> Failure | None:
    found = _from_xml(body) or _from_json(body)
    return found if isinstance(found, Failure) else None


def _unreadable(received: Received) -> Garbage:
    if not received.body:
        return Garbage("an empty reply")
    if received.is_cut:
        return Garbage("a reply that is too long or broken off")
    shown = excerpt(received.body)
    return Garbage(f"“{shown}”" if shown else "something that is neither XML nor JSON of Flickr's")


def _from_xml(body: bytes) -> PhotoId | TicketId | Failure | None:
    root = _xml(body)
    if root is None or root.tag != "rsp":
        return None
    if root.get("stat") == "fail":
        return _xml_failure(root)
    if root.get("stat") != "ok":
        return None
    photo_id = identifier(root.findtext("photoid"))
    ticket_id = identifier(root.findtext("ticketid"))
    if photo_id:
        return PhotoId(photo_id)
    return TicketId(ticket_id) if ticket_id else None


def _xml(body: bytes) -> Element | None:
    try:
        root: Element = ElementTree.fromstring(body.strip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return None
    return root


def _xml_failure(root: Element) -> Failure | None:
    err = root.find("err")
    if err is None:
        return None

    def found(name: str) -> Iterator[str]:
        yield from (root.findtext(name, ""), err.findtext(name, ""))
        yield from (err.get(name, ""), root.get(name, ""))

    return _failure(err.get("code"), err.get("msg"), found)


def _from_json(body: bytes) -> Answer | Failure | None:
    fields = _json(body.decode("utf-8", errors="replace"))
    if not isinstance(fields, dict):
        return None
    if fields.get("stat") == "ok":
        return Answer(fields)
    if fields.get("stat") != "fail":
        return None
    err = next(items(fields.get("err")), {})

    def found(name: str) -> Iterator[str]:
        yield from (text(fields.get(name)), text(err.get(name)))

    code, message = fields.get("code", err.get("code")), fields.get("message", err.get("msg"))
    return _failure(code, message, found)


def _json(source: str) -> object:
    """JSON as it was meant: one recorded reply of Flickr's had a trailing comma."""
    for candidate in (source, _TRAILING_COMMA.sub(r"\1", source)):
        try:
            parsed: object = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        return parsed
    return None


def _failure(
    code: object, message: object, found: Callable[[str], Iterator[str]]
) -> Failure | None:
    """`found` gives the values of a name in every place where it may stand, the likeliest first."""
    name = text(code)
    if not _CODE.fullmatch(name):
        return None
    return Failure(
        name,
        one_line(text(message)),
        wait_seconds=next((w for w in map(wait, found(WAIT_NAME)) if w), None),
        duplicate_id=next((i for i in map(identifier, found("duplicate_photo_id")) if i), None),
        duplicate_status=next((s for s in found("duplicate_photo_status") if s), ""),
    )


def _unix(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
