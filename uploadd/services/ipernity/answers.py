"""What ipernity's answers to read calls mean in our words. Pure, and lenient where types vary."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from uploadd.model.limits import Quota
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.services.base import Login
from uploadd.services.values import MOST_BYTES, exact, identifier, items, number, part, words

Fields = Mapping[str, Any]

ENOUGH = ("write", "delete")

_SECONDS = re.compile(r"([0-9]{1,18})(\.[0-9]{1,18})?")


def login(fields: Fields) -> Login | None:
    """auth.checkToken: whose account this is, or None where it does not say."""
    user = part(_auth(fields), "user")
    user_id = identifier(user.get("user_id")) or identifier(user.get("id"))
    if user_id is None:
        return None
    return Login(user_id, words(user.get("username")) or words(user.get("realname")) or user_id)


def may_upload(fields: Fields) -> bool | None:
    """auth.checkToken: whether documents may be written; None where it does not say."""
    auth = _auth(fields)
    # Documented as `perms`, read as `permissions` by other clients.
    said = (exact(part(auth, name).get("doc")) for name in ("permissions", "perms"))
    permission = next((one for one in said if one), "")
    return permission in ENOUGH if permission else None


def tickets(fields: Fields) -> dict[str, TicketReply]:
    """upload.checkTickets: what is known of each ticket that it names."""
    whole = part(fields, "tickets")
    found: dict[str, TicketReply] = {}
    for ticket in items(whole.get("ticket")):
        ticket_id, reply = identifier(ticket.get("id")), _ticket(ticket, whole)
        if ticket_id and reply:
            found[ticket_id] = reply
    return found


def documents(fields: Fields, asked: Sequence[str]) -> dict[str, str | None]:
    """doc.checkMD5: the documents that are there, by MD5; None where it does not say as which."""
    found: dict[str, str | None] = {}
    for doc in items(part(fields, "docs").get("doc")):
        # The answer to one question need not repeat it.
        md5 = exact(doc.get("md5")).lower() or (asked[0] if len(asked) == 1 else "")
        doc_id = identifier(doc.get("doc_id"))
        doc_id = None if doc_id == "0" else doc_id
        is_there = bool(doc_id) if doc.get("found") is None else bool(number(doc.get("found")))
        if is_there and md5 in asked:
            found[md5] = found.get(md5) or doc_id
    return found


def came_at(fields: Fields) -> float | None:
    """doc.get: when the document was uploaded (unix seconds), where it says."""
    return number(part(part(fields, "doc"), "dates").get("posted_at"))


def quota(fields: Fields) -> Quota:
    """account.getQuota. What `left` says is of no use to an unlimited account."""
    told = part(fields, "quota")
    upload, sizes = part(told, "upload"), part(told, "maxfilesize")
    is_unlimited = bool(number(upload.get("unlimited")))
    is_pro = number(told.get("is_pro"))
    return Quota(
        photo_max_bytes=_bytes(part(sizes, "photo")) or None,
        video_max_bytes=_bytes(part(sizes, "video")) or None,
        bytes_left=None if is_unlimited else _bytes(part(upload, "left")),
        is_pro=None if is_pro is None else bool(is_pro),
    )


def seconds(value: object) -> float | None:
    """A length of time above zero, or None (missing, zero, nonsense)."""
    found = _SECONDS.fullmatch(exact(value))
    return (float(found[0]) or None) if found else None


def _auth(fields: Fields) -> Fields:
    return part(fields, "auth")


def _ticket(ticket: Fields, whole: Fields) -> TicketReply | None:
    if number(ticket.get("invalid")):
        return TicketReply(TicketState.UNKNOWN)
    done = number(ticket.get("done"))
    if done is None:
        return None
    if not done:
        eta = ticket.get("eta") if "eta" in ticket else whole.get("eta")
        return TicketReply(TicketState.PENDING, eta_seconds=seconds(eta))
    doc_id = identifier(ticket.get("doc_id"))
    if doc_id in (None, "0"):  # done, and not said as which document: it has to be looked up
        return TicketReply(TicketState.UNKNOWN)
    return TicketReply(TicketState.COMPLETE, doc_id)


def _bytes(sizes: Fields) -> int | None:
    for name, factor in (("bytes", 1), ("kb", 1024), ("mb", 1024 * 1024)):
        size = number(sizes.get(name))
        if size is not None:
            return min(size * factor, MOST_BYTES)
    return None
