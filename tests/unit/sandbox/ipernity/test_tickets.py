"""upload.checkTickets: standing, counts, eta, and the manners of asking."""

from __future__ import annotations

import pytest

from uploadd.sandbox import Fault


async def tickets_of(caller, *names: str):
    return (await caller.call("upload.checkTickets", tickets=",".join(names)))["tickets"]


async def sent(caller) -> str:
    return (await caller.send(**{"async": "1"})).json()["ticket"]


async def test_every_standing(make_caller) -> None:
    """Pending, done, failed, forgotten, unknown; the whole has the counts and the longest eta."""
    caller = await make_caller(ticket_seconds=30)
    caller.account.faults.add(Fault("ticket-fails", at=(2,)))
    caller.account.faults.add(Fault("ticket-forgotten", at=(3,)))
    done, failed, forgotten = [await sent(caller) for _ in range(3)]
    caller.clock.seconds += 30
    pending = await sent(caller)
    caller.clock.seconds += 0.5
    told = await tickets_of(caller, done, failed, forgotten, "1-1", pending)
    doc_id = caller.account.photos[1].id
    no = {"done": "0", "invalid": "1", "eta": "0"}
    assert told.pop("ticket") == [
        {"id": done, "done": "1", "invalid": "0", "doc_id": doc_id, "eta": "0"},
        {"id": failed} | no,
        {"id": forgotten} | no,
        {"id": "1-1"} | no,
        {"id": pending, "done": "0", "invalid": "0", "eta": "30"},
    ]
    assert told == {"count": "5", "done": "1", "invalid": "3", "left": "1", "eta": "30"}
    # The failed one is not there, the forgotten one is.
    assert [photo.is_visible for photo in caller.account.photos] == [True, False, True, False]


async def test_at_most_50(caller) -> None:
    """More are refused, and a violation."""
    assert (await tickets_of(caller, *map(str, range(50))))["invalid"] == "50"
    reply = await caller.ask("upload.checkTickets", tickets=",".join(map(str, range(51))))
    assert (reply.status_code, len(caller.account.journal.violations())) == (400, 1)


async def test_asking_before_the_eta_is_a_violation(make_caller) -> None:
    """Once the eta has passed it is none; the reply comes in any case."""
    caller = await make_caller(ticket_seconds=30)
    ticket = await sent(caller)
    await tickets_of(caller, ticket)
    caller.clock.seconds += 29
    await tickets_of(caller, ticket)
    (entry,) = caller.account.journal.violations()
    assert entry.violation == f"ticket {ticket} was asked for before its eta had passed"
    caller.clock.seconds += 1
    assert (await tickets_of(caller, ticket))["done"] == "1"
    assert len(caller.account.journal.violations()) == 1


async def test_asking_again_for_a_done_ticket_is_a_violation(caller) -> None:
    """Unless the client died before it could write the answer down."""
    ticket = await sent(caller)
    await tickets_of(caller, ticket)
    caller.account.forgive()
    await tickets_of(caller, ticket)
    assert caller.account.journal.violations() == []
    await tickets_of(caller, ticket)
    (entry,) = caller.account.journal.violations()
    assert entry.violation == f"ticket {ticket} was asked for again after it was done"


async def test_an_answer_that_never_arrived_was_not_told(caller) -> None:
    """Whoever got garbage must ask again."""
    ticket = await sent(caller)
    caller.account.faults.add(Fault("garbage", where="upload.checkTickets", first=1))
    await caller.ask("upload.checkTickets", tickets=ticket)
    assert (await tickets_of(caller, ticket))["done"] == "1"
    assert caller.account.journal.violations() == []


@pytest.mark.parametrize(("form", "eta"), [("zero", "0"), ("missing", None)])
async def test_an_eta_that_says_nothing(make_caller, form: str, eta: str | None) -> None:
    """0 or none for an open ticket; then nobody can be told to wait."""
    caller = await make_caller(ticket_seconds=30, eta_form=form)
    ticket = await sent(caller)
    for _ in range(2):
        told = await tickets_of(caller, ticket)
        assert (told.get("eta"), told["ticket"][0].get("eta")) == (eta, eta)
    assert caller.account.journal.violations() == []


async def test_unknown_tickets_as_an_error(make_caller) -> None:
    """The other documented way: error 1 for the whole call."""
    caller = await make_caller(unknown_tickets="error")
    ticket = await sent(caller)
    assert await caller.error("upload.checkTickets", tickets=f"{ticket},1-1") == 1
    assert (await tickets_of(caller, ticket))["done"] == "1"
