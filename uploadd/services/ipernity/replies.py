"""ipernity's replies, read into values. Pure, and total: any bytes give a value.

`{"api": {"status": "ok"}, …}`: anything but `ok` is an error. Numbers come as strings as often as
not. No body of the live service was recorded, so what was asked for as JSON is taken as XML too,
and an error of the API is believed whatever HTTP status it came with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from uploadd.services.replies import (
    Answer,
    CallReply,
    Failure,
    Garbage,
    HttpTrouble,
    PhotoId,
    TicketId,
    UploadReply,
    XmlReply,
    clock_off,
    document,
    failure_code,
    retry_after,
    trouble,
    unreadable,
)
from uploadd.services.values import exact, identifier, items, json_value, part, words, xml_root
from uploadd.services.wire import Received

OK = "ok"
NOT_IPERNITYS = "neither JSON nor XML of ipernity's"


def upload_reply(received: Received, now: float) -> UploadReply:
    """The reply to an upload. `now` (unix seconds) is for what is told as a date."""
    refused = _refused(received, now)
    if refused:
        return refused
    fields = _answered(received.body)
    kept = None if fields is None else _kept(fields)
    return kept or _unreadable(received)


def call_reply(received: Received, now: float) -> CallReply:
    """The reply to a call that asked for JSON."""
    refused = _refused(received, now)
    if refused:
        return refused
    fields = json_value(received.body)
    is_ok = isinstance(fields, Mapping) and _status(fields) == OK
    return Answer(fields) if is_ok and isinstance(fields, Mapping) else _unreadable(received)


def xml_reply(received: Received, now: float) -> XmlReply:
    """The reply to a call that asked for XML: its text where it is ipernity's."""
    refused = _refused(received, now)
    if refused:
        return refused
    root = None if received.cut else xml_root(received.body)
    is_ok = root is not None and root.tag == "api" and root.get("status") == OK
    return document(received.body) if is_ok else _unreadable(received)


def _refused(received: Received, now: float) -> Failure | HttpTrouble | None:
    """An error of the API, or a status that is no success; None where neither is the case."""
    is_success = 200 <= received.status < 300
    if is_success or received.status >= 400:
        failure = _failure_of(received, now)
        if failure:
            return failure
    return None if is_success else trouble(received, now)


def _failure_of(received: Received, now: float) -> Failure | None:
    api = _envelope(received.body)
    status = exact(api.get("status"))
    code = failure_code(api.get("code"))
    if not status or status == OK or code is None:
        return None
    return Failure(
        code,
        words(api.get("message")),
        wait_seconds=retry_after(received.headers, now),
        clock_off_seconds=clock_off(received.headers, now),
    )


def _envelope(body: bytes) -> Mapping[str, Any]:
    """The `api` of a reply, in either form."""
    fields = json_value(body)
    if isinstance(fields, Mapping):
        return part(fields, "api")
    root = xml_root(body)
    return dict(root.attrib) if root is not None and root.tag == "api" else {}


def _answered(body: bytes) -> Mapping[str, Any] | None:
    """The fields of a reply that says `ok`, in either form."""
    fields = json_value(body)
    if isinstance(fields, Mapping):
        return fields if _status(fields) == OK else None
    root = xml_root(body)
    if root is None or root.tag != "api" or root.get("status") != OK:
        return None
    return {child.tag: _of_element(child) for child in root}


def _of_element(element: Element) -> dict[str, str]:
    return {**element.attrib, "_content": element.text or ""}


def _status(fields: Mapping[str, Any]) -> str:
    return exact(part(fields, "api").get("status"))


def _kept(fields: Mapping[str, Any]) -> PhotoId | TicketId | None:
    """What became of an upload: a ticket, or a document at once.

    Where it names both, the ticket tells when the document is whole.
    """
    ticket_id = _first_id(_ticket_ids(fields))
    if ticket_id:
        return TicketId(ticket_id)
    doc_id = _first_id(_doc_ids(fields))
    return PhotoId(doc_id) if doc_id else None


def _doc_ids(fields: Mapping[str, Any]) -> Iterator[object]:
    yield fields.get("doc_id")
    for doc in items(fields.get("doc")):
        yield doc.get("doc_id")


def _ticket_ids(fields: Mapping[str, Any]) -> Iterator[object]:
    yield fields.get("ticket")
    for ticket in items(fields.get("ticket")):
        yield ticket.get("id")


def _first_id(values: Iterator[object]) -> str | None:
    return next((found for found in map(identifier, values) if found not in (None, "0")), None)


def _unreadable(received: Received) -> Garbage:
    return unreadable(received, NOT_IPERNITYS)
