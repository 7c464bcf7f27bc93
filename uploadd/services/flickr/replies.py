"""Flickr's replies, read into values. Pure, and total: any bytes give a value, none an exception.

The shapes are those of Flickr's API documentation and of recorded replies; where the sources
differ, every form is accepted. Uploads answer XML whatever was asked for, REST calls JSON,
OAuth's refusals plain text, and everything between us and Flickr HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from uploadd.services.replies import (
    Answer,
    CallReply,
    Failure,
    Garbage,
    HttpTrouble,
    OAuthProblem,
    PhotoId,
    TicketId,
    UploadReply,
    XmlReply,
    clock_off,
    document,
    failure_code,
    notable,
    trouble,
    unreadable,
    wait,
)
from uploadd.services.values import exact, identifier, items, json_value, words, xml_root
from uploadd.services.wire import Received

WAIT_NAME = "non_pro_desktop_upload_wait_time"
NOT_FLICKRS = "neither XML nor JSON of Flickr's"
SEARCHED_BYTES = 65536

_PROBLEM = re.compile(r"oauth_problem=([a-z_]{1,40})")
_ACCEPTABLE = re.compile(r"oauth_acceptable_timestamps=([0-9]{1,12})-([0-9]{1,12})")


def upload_reply(received: Received, now: float) -> UploadReply:
    """The reply to an upload. `now` (unix seconds) is for what is told as a date."""
    body = received.body
    found = _without_body(received, now) or _from_xml(body) or _failure_of(body)
    return found or _unreadable(received)


def call_reply(received: Received, now: float) -> CallReply:
    """The reply to a REST call that asked for JSON."""
    refused = _without_body(received, now)
    if refused:
        return refused
    return _from_json(received.body) or _failure_of(received.body) or _unreadable(received)


def xml_reply(received: Received, now: float) -> XmlReply:
    """The reply to a REST call that asked for XML: its text where it is Flickr's."""
    refused = _without_body(received, now) or _failure_of(received.body)
    if refused:
        return refused
    root = None if received.cut else xml_root(received.body)
    is_flickrs = root is not None and root.tag == "rsp" and root.get("stat") == "ok"
    return document(received.body) if is_flickrs else _unreadable(received)


def _without_body(received: Received, now: float) -> Failure | OAuthProblem | HttpTrouble | None:
    """What the status alone decides. A 4xx may still carry an error of the API."""
    status = received.status
    if 200 <= status < 300:
        return None
    if 400 <= status < 500:
        failure = _failure_of(received.body)
        if failure:
            return failure
    problem = _oauth_problem(received, now) if status == 401 else None
    return problem or trouble(received, now)


def _oauth_problem(received: Received, now: float) -> OAuthProblem | None:
    told = received.body[:SEARCHED_BYTES].decode("latin-1")
    problem = _PROBLEM.search(told)
    if problem is None:
        return None
    accepted = _ACCEPTABLE.search(told)
    if accepted is None:
        return OAuthProblem(problem[1], clock_off(received.headers, now))
    middle = (int(accepted[1]) + int(accepted[2])) / 2
    return OAuthProblem(problem[1], notable(now - middle))


def _failure_of(body: bytes) -> Failure | None:
    found = _from_xml(body) or _from_json(body)
    return found if isinstance(found, Failure) else None


def _unreadable(received: Received) -> Garbage:
    return unreadable(received, NOT_FLICKRS)


def _from_xml(body: bytes) -> PhotoId | TicketId | Failure | None:
    root = xml_root(body)
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


def _xml_failure(root: Element) -> Failure | None:
    err = root.find("err")
    if err is None:
        return None

    def found(name: str) -> Iterator[str]:
        yield from (root.findtext(name, ""), err.findtext(name, ""))
        yield from (err.get(name, ""), root.get(name, ""))

    return _failure(err.get("code"), err.get("msg"), found)


def _from_json(body: bytes) -> Answer | Failure | None:
    fields = json_value(body)
    if not isinstance(fields, dict):
        return None
    if fields.get("stat") == "ok":
        return Answer(fields)
    if fields.get("stat") != "fail":
        return None
    err = next(items(fields.get("err")), {})

    def found(name: str) -> Iterator[str]:
        yield from (exact(fields.get(name)), exact(err.get(name)))

    code, told = fields.get("code", err.get("code")), fields.get("message", err.get("msg"))
    return _failure(code, told, found)


def _failure(code: object, told: object, found: Callable[[str], Iterator[str]]) -> Failure | None:
    """`found` gives the values of a name in every place where it may stand, the likeliest first."""
    name = failure_code(code)
    if name is None:
        return None
    return Failure(
        name,
        words(told),
        wait_seconds=next((w for w in map(wait, found(WAIT_NAME)) if w), None),
        duplicate_id=next((i for i in map(identifier, found("duplicate_photo_id")) if i), None),
        duplicate_status=next((s for s in map(words, found("duplicate_photo_status")) if s), ""),
    )
