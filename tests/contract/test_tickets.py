"""What every service promises of `check_tickets` (`services.base`)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contract.conftest import parcel_of
from contract.stand import JPEG, Stand, Told
from uploadd.model.budget import Purpose
from uploadd.model.errors import ServiceFaultError
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.services.base import Parcel

PENDING, COMPLETE = TicketState.PENDING, TicketState.COMPLETE
FAILED, UNKNOWN = TicketState.FAILED, TicketState.UNKNOWN


async def test_a_ticket_is_pending_and_then_complete(stand: Stand, parcel: Parcel) -> None:
    """It names the photo it became."""
    stand.sandbox.options.ticket_seconds = 30
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    (pending,) = (await service.check_tickets([ticket])).values()
    assert (pending.state, pending.photo_id) == (PENDING, None)
    stand.clock.now += 31
    done = await service.check_tickets([ticket])
    assert done == {ticket: TicketReply(COMPLETE, stand.photo().id)}


async def test_the_time_that_a_ticket_still_takes_is_told(stand: Stand, parcel: Parcel) -> None:
    """Where the service names it, it must not be asked before (wire.md, B3)."""
    stand.sandbox.options.ticket_seconds = 30
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    (pending,) = (await service.check_tickets([ticket])).values()
    assert pending.eta_seconds == (30 if service.names_ticket_waits else None)


async def test_only_who_names_a_wait_tells_one(stand: Stand) -> None:
    """A number of seconds, or nothing: no zero, no nonsense."""
    service = stand.answering(
        *(stand.tickets_reply([Told("1-2", PENDING, None, eta)]) for eta in (120, 0, None))
    )
    waits = [(await service.check_tickets(["1-2"]))["1-2"].eta_seconds for _ in range(3)]
    assert waits == [120 if service.names_ticket_waits else None, None, None]


async def test_a_ticket_that_fails(stand: Stand, parcel: Parcel) -> None:
    """What cannot be converted is not on the account."""
    stand.script("ticket-fails")
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    assert (await service.check_tickets([ticket]))[ticket] == TicketReply(stand.failed_ticket)
    assert stand.kept() == []


async def test_a_ticket_that_was_forgotten(stand: Stand, parcel: Parcel) -> None:
    """The photo is there all the same: nothing is proved by it."""
    stand.script("ticket-forgotten")
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    assert await service.check_tickets([ticket]) == {ticket: TicketReply(UNKNOWN)}
    assert stand.kept() == [parcel.sha256]


@pytest.mark.parametrize("ticket_id", ["1-2", "9", "007", "67099213-72157629966030528", "x_y.z"])
async def test_a_ticket_that_never_was(stand: Stand, ticket_id: str) -> None:
    """Of another account, of another service, or made up."""
    assert await stand.service().check_tickets([ticket_id]) == {ticket_id: TicketReply(UNKNOWN)}


async def test_no_ticket_is_no_question(stand: Stand) -> None:
    """And needs no leave."""
    assert await stand.service().check_tickets([]) == {}
    assert stand.granted == []


async def test_many_tickets_are_one_call(stand: Stand, parcel: Parcel) -> None:
    """As many as the service takes at once, each with an answer of its own."""
    service = stand.service()
    assert service.tickets_per_call == 50
    ticket = (await service.send(parcel)).ticket_id
    others = [f"9-{number}" for number in range(49)]
    replies = await service.check_tickets([*others, ticket])
    assert replies[ticket].state is COMPLETE
    assert all(replies[other].state is UNKNOWN for other in others)
    assert stand.granted == [Purpose.TICKETS]


async def test_one_more_is_its_callers_second_call(stand: Stand) -> None:
    """Nobody asks for 51 at once: who has more asks again."""
    service = stand.service()
    sent = [await service.send(parcel_of(JPEG + b"%d" % number)) for number in range(51)]
    ids = [verdict.ticket_id for verdict in sent]
    found: dict[str, TicketReply] = {}
    for start in range(0, len(ids), service.tickets_per_call):
        found |= await service.check_tickets(ids[start : start + service.tickets_per_call])
    assert [*found] == ids
    assert {reply.state for reply in found.values()} == {COMPLETE}
    assert len({reply.photo_id for reply in found.values()}) == 51
    assert stand.granted == [Purpose.TICKETS] * 2


@pytest.mark.parametrize("as_text", [False, True])
async def test_every_state_in_one_answer(stand: Stand, as_text: bool) -> None:
    """Numbers may come as texts."""
    told = [Told("1-1", PENDING), Told("1-2", COMPLETE, "77"), Told("1-3", UNKNOWN)]
    expected = {
        "1-1": TicketReply(PENDING),
        "1-2": TicketReply(COMPLETE, "77"),
        "1-3": TicketReply(UNKNOWN),
    }
    if stand.failed_ticket is FAILED:
        told.append(Told("1-4", FAILED))
        expected["1-4"] = TicketReply(FAILED)
    service = stand.answering(stand.tickets_reply(told, as_text=as_text))
    assert await service.check_tickets(["1-1", "1-2", "1-3", "1-4"]) == expected


@pytest.mark.parametrize("ticket_id", ["1", "007", "12345445-98829", "72157629966030528"])
async def test_ids_are_texts_whatever_they_look_like(stand: Stand, ticket_id: str) -> None:
    """Also the photo's."""
    reply = stand.tickets_reply([Told(ticket_id, COMPLETE, "0099")])
    found = await stand.answering(reply).check_tickets([ticket_id])
    assert found == {ticket_id: TicketReply(COMPLETE, "0099")}


async def test_ids_that_come_as_numbers_are_texts(stand: Stand) -> None:
    """A JSON writer may take them for what they look like."""
    reply = stand.tickets_reply([Told(17, COMPLETE, 10100895983)])
    found = await stand.answering(reply).check_tickets(["17"])
    assert found == {"17": TicketReply(COMPLETE, "10100895983")}


async def test_one_ticket_may_come_without_a_list(stand: Stand) -> None:
    """Flickr's was seen in both forms (wire.md, A5)."""
    reply = stand.tickets_reply([Told("1-2", COMPLETE, "77")], alone=True)
    found = await stand.answering(reply).check_tickets(["1-2"])
    assert found == {"1-2": TicketReply(COMPLETE, "77")}


async def test_a_ticket_that_is_left_out_is_left_out(stand: Stand) -> None:
    """Its caller takes it for pending."""
    reply = stand.tickets_reply([Told("1-2", COMPLETE, "77")])
    found = await stand.answering(reply).check_tickets(["1-1", "1-2", "1-3"])
    assert [*found] == ["1-2"]


async def test_a_ticket_that_nobody_asked_for_is_dropped(stand: Stand) -> None:
    """It may be of another account."""
    reply = stand.tickets_reply([Told("8-8", COMPLETE, "1"), Told("1-2", PENDING)])
    assert [*await stand.answering(reply).check_tickets(["1-2"])] == ["1-2"]


@pytest.mark.parametrize("number", range(7))
async def test_an_odd_answer_is_never_taken_for_done(stand: Stand, number: int) -> None:
    """Done without a photo has to be looked up; what cannot be read is left out."""
    body, state = stand.odd_tickets()[number]
    found = await stand.answering(stand.wrapped(body)).check_tickets(["1-2"])
    assert found == ({"1-2": TicketReply(state)} if state else {})


@pytest.mark.parametrize("tickets", [None, [], {}, "1-2", [[]], [None], 7])
async def test_an_answer_without_tickets_leaves_all_out(stand: Stand, tickets: Any) -> None:
    """Nothing is known then, and nothing fails."""
    for body in ({}, {"uploader": tickets, "tickets": tickets}):
        assert await stand.answering(stand.wrapped(body)).check_tickets(["1-2"]) == {}


async def test_a_whole_call_that_is_refused_for_one_of_them(stand: Stand, parcel: Parcel) -> None:
    """Both are documented: an invalid ticket, and error 1 for all (ipernity; wire.md, B3)."""
    if stand.name != "ipernity":
        pytest.skip("wire.md A5: Flickr marks an unknown ticket, and refuses no call for it")
    stand.sandbox.options.unknown_tickets = "error"  # type: ignore[attr-defined]
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    others = [f"9-{number}" for number in range(4)]
    replies = await service.check_tickets([*others, ticket])
    assert replies.pop(ticket) == TicketReply(COMPLETE, stand.photo().id)
    assert replies == dict.fromkeys(others, TicketReply(UNKNOWN))
    assert set(stand.granted) == {Purpose.TICKETS}


async def test_a_lost_answer_is_asked_for_again(stand: Stand, parcel: Parcel) -> None:
    """The call changes nothing, so it may be made twice."""
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    stand.script("lose-reply", where="rest", first=2)
    assert (await service.check_tickets([ticket]))[ticket].state is COMPLETE
    assert stand.granted == [Purpose.TICKETS] * 3


async def test_an_answer_that_never_comes_is_a_fault(stand: Stand) -> None:
    """After three tries."""
    service = stand.answering(httpx.Response(502, html="<title>Bad gateway</title>"))
    with pytest.raises(ServiceFaultError) as raised:
        await service.check_tickets(["1-2"])
    assert raised.value.reason.code == "http-502"
    assert len(stand.granted) == 3
