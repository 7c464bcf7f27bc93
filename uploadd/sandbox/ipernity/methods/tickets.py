"""upload.checkTickets: what became of uploads, and when to ask again."""

from __future__ import annotations

import math

from uploadd.sandbox.ipernity.methods.registry import Call, method
from uploadd.sandbox.ipernity.replies import ApiError, Body, Value
from uploadd.sandbox.photos import Ticket
from uploadd.sandbox.waits import CROSSING_SECONDS

_MOST = 50


@method("upload.checkTickets", "read", "tickets")
def check_tickets(call: Call) -> Body:
    """Each ticket's standing. What was told is remembered: asking too early is a violation.

    A document that could not be converted shows as an invalid ticket; the documentation has no
    other word for it.
    """
    account = call.account
    account.settle()
    asked = call.several("tickets", _MOST)
    _note_hurry(call, asked)
    known = {name: _known(call, name) for name in asked}
    if account.options.unknown_tickets == "error" and None in known.values():
        raise ApiError(1)
    # An answer that a fault spoils is not told.
    if call.exchange.plan.after is None:
        for name, ticket in known.items():
            _remember(call, name, ticket)
    told = [_standing(call, name, ticket) for name, ticket in known.items()]
    longest = max((_eta_seconds(call, ticket) for ticket in known.values()), default=0)
    return {"tickets": {**_counts(told), **_eta(call, longest), "ticket": told}}


def _counts(told: list[dict[str, Value]]) -> dict[str, Value]:
    done, invalid = (sum(one[word] == 1 for one in told) for word in ("done", "invalid"))
    left = len(told) - done - invalid
    return {"count": len(told), "done": done, "invalid": invalid, "left": left}


def _known(call: Call, name: str) -> Ticket | None:
    ticket = call.account.tickets.get(name)
    return None if ticket is None or ticket.end == "forgotten" else ticket


def _standing(call: Call, name: str, ticket: Ticket | None) -> dict[str, Value]:
    eta = _eta(call, _eta_seconds(call, ticket))
    if ticket is None or (ticket.is_ended and ticket.end == "failed"):
        return {"id": name, "done": 0, "invalid": 1, **eta}
    if not ticket.is_ended:
        return {"id": name, "done": 0, "invalid": 0, **eta}
    doc_id = call.account.photos[ticket.photo_key].id
    return {"id": name, "done": 1, "invalid": 0, "doc_id": doc_id, **eta}


def _eta_seconds(call: Call, ticket: Ticket | None) -> int:
    if ticket is None or ticket.is_ended:
        return 0
    return max(1, math.ceil(ticket.ends_at - call.account.now()))


def _eta(call: Call, seconds: int) -> dict[str, Value]:
    form = call.account.options.eta_form
    if form == "missing":
        return {}
    return {"eta": 0 if form == "zero" else seconds}


def _note_hurry(call: Call, asked: list[str]) -> None:
    now = call.account.now() + CROSSING_SECONDS
    for name in asked:
        not_before = call.account.ask_again_at.get(name, 0.0)
        if now < not_before:
            is_over = math.isinf(not_before)
            call.exchange.entry.violation = (
                f"ticket {name} was asked for again after it was done"
                if is_over
                else f"ticket {name} was asked for before its eta had passed"
            )


def _remember(call: Call, name: str, ticket: Ticket | None) -> None:
    if ticket is None:
        return
    if ticket.is_ended:
        call.account.ask_again_at[name] = math.inf
    elif call.account.options.eta_form == "right":
        call.account.ask_again_at[name] = call.account.now() + _eta_seconds(call, ticket)
