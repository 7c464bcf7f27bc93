"""What every service promises of its read calls (`services.base`), against its sandbox."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from uploadd.model.budget import Purpose
from uploadd.model.contents import Content
from uploadd.model.errors import (
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.services.base import Login, Parcel

CALLS = ["log_in", "probe", "quota", "check_tickets", "look_up"]


async def ask(service: Any, call: str) -> Any:
    """Make one read call."""
    arguments: dict[str, tuple[Any, ...]] = {
        "check_tickets": (["1-2"],),
        "look_up": (Content("ab" * 32, "ab" * 16), 0.0),
    }
    return await getattr(service, call)(*arguments.get(call, ()))


async def test_the_login_is_the_accounts_own(stand: Any) -> None:
    """Its user id makes the identity."""
    known = stand.sandbox.options.credentials
    assert await stand.service().log_in() == Login(known.nsid, known.username)


async def test_a_ticket_is_pending_and_then_complete(stand: Any, parcel: Parcel) -> None:
    """It names the photo it became."""
    stand.sandbox.options.ticket_seconds = 30
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    pending = await service.check_tickets([ticket])
    assert pending == {ticket: TicketReply(TicketState.PENDING)}
    stand.clock.now += 31
    done = await service.check_tickets([ticket])
    (photo,) = stand.sandbox.photos
    assert done == {ticket: TicketReply(TicketState.COMPLETE, photo.id)}


@pytest.mark.parametrize(
    ("kind", "state"),
    [("ticket-fails", TicketState.FAILED), ("ticket-forgotten", TicketState.UNKNOWN)],
)
async def test_a_ticket_that_ends_badly(
    stand: Any, parcel: Parcel, kind: str, state: TicketState
) -> None:
    """Converting may fail, and a ticket may be forgotten."""
    stand.script(kind)
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    assert (await service.check_tickets([ticket]))[ticket].state is state


async def test_many_tickets_are_one_call(stand: Any, parcel: Parcel) -> None:
    """As many as the service takes at once."""
    service = stand.service()
    ticket = (await service.send(parcel)).ticket_id
    others = [f"9-{number}" for number in range(service.tickets_per_call - 1)]
    replies = await service.check_tickets([ticket, *others])
    assert replies[ticket].state is TicketState.COMPLETE
    assert all(replies[other].state is TicketState.UNKNOWN for other in others)
    assert stand.granted == [Purpose.TICKETS]


async def test_a_photo_is_found_again(stand: Any, parcel: Parcel) -> None:
    """After a lost reply this is how its id becomes known."""
    stand.script("lose-reply")
    service = stand.service()
    await service.send(parcel)
    found = await service.look_up(Content(parcel.sha256), stand.clock.now)
    (photo,) = stand.sandbox.photos
    assert found == photo.id
    assert set(stand.granted) == {Purpose.LOOK_UP}


async def test_a_photo_is_there_once_it_is_converted(stand: Any, parcel: Parcel) -> None:
    """Before that, and after it was deleted, the account does not have it."""
    stand.sandbox.options.ticket_seconds = 60
    service = stand.service()
    await service.send(parcel)
    (photo,) = stand.sandbox.photos
    photo_id = stand.sandbox.name(photo)
    assert not await service.has_photo(photo_id)
    stand.clock.now += 61
    assert await service.has_photo(photo_id)
    assert set(stand.granted) == {Purpose.LOOK_UP}
    stand.sandbox.delete(photo_id)
    assert not await service.has_photo(photo_id)


async def test_a_search_that_lags_is_made_good_by_the_list(stand: Any, parcel: Parcel) -> None:
    """The newest photos are listed before the search knows them."""
    stand.sandbox.options.search_finds = False
    service = stand.service()
    await service.send(parcel)
    (photo,) = stand.sandbox.photos
    assert await service.look_up(Content(parcel.sha256), stand.clock.now) == photo.id


async def test_a_look_up_finds_nothing_until_the_service_shows_it(
    stand: Any, parcel: Parcel
) -> None:
    """Both lag: None is no proof of absence."""
    stand.sandbox.options.search_lag_seconds = 300
    stand.sandbox.options.list_lag_seconds = 200
    service = stand.service()
    sent_at = stand.clock.now
    await service.send(parcel)
    assert await service.look_up(Content(parcel.sha256), sent_at) is None
    stand.clock.now += 250
    assert await service.look_up(Content(parcel.sha256), sent_at) is not None


async def test_a_look_up_never_finds_another_photo(stand: Any, parcel: Parcel) -> None:
    """Only the exact content counts."""
    service = stand.service()
    await service.send(parcel)
    other = parcel.sha256[:-1] + ("0" if parcel.sha256[-1] != "0" else "1")
    assert await service.look_up(Content(other), stand.clock.now) is None


async def test_a_deleted_photo_is_not_found(stand: Any, parcel: Parcel) -> None:
    """It is not on the account any more."""
    service = stand.service()
    await service.send(parcel)
    (photo,) = stand.sandbox.photos
    stand.sandbox.delete(photo.id)
    assert await service.look_up(Content(parcel.sha256), stand.clock.now) is None


async def test_the_quota_tells_the_limits(stand: Any, parcel: Parcel) -> None:
    """Sizes in bytes, and the items that are left."""
    stand.sandbox.options.max_items = 10
    service = stand.service()
    await service.send(parcel)
    quota = await service.quota()
    assert quota.photo_max_bytes == stand.sandbox.options.max_photo_bytes
    assert quota.video_max_bytes == stand.sandbox.options.max_video_bytes
    assert quota.items_left == 9


@pytest.mark.parametrize("call", CALLS)
async def test_a_passing_fault_is_retried_with_leave_each_time(stand: Any, call: str) -> None:
    """Two faults, then an answer; a probe alone asks once."""
    stand.script("http-before", 502, where="rest", first=2)
    service = stand.service()
    if call == "probe":
        with pytest.raises(ServiceFaultError):
            await ask(service, call)
        assert len(stand.granted) == 1
    else:
        await ask(service, call)
        assert len(stand.granted) == len(stand.sandbox.journal) >= 3


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["garbage", "empty", "html", "bomb", "lose-reply"])
async def test_an_unreadable_answer_is_a_fault(stand: Any, call: str, kind: str) -> None:
    """After the last try it is told what came."""
    stand.script(kind, where="rest")
    with pytest.raises(ServiceFaultError) as raised:
        await ask(stand.service(), call)
    assert raised.value.reason.code in {"garbage", "network"}


@pytest.mark.parametrize("call", CALLS)
async def test_a_service_that_is_away_is_told_as_such(stand: Any, call: str, refusing: Any) -> None:
    """Nothing was sent."""
    with pytest.raises(ServiceAwayError):
        await ask(stand.service(refusing), call)


@pytest.mark.parametrize("call", ["log_in", "probe", "quota", "look_up"])
async def test_wrong_credentials_pause_the_account(stand: Any, call: str) -> None:
    """The same verdict as for a send, and nothing of the secret in it."""
    service = stand.service(token_secret=Secret("a-wrong-secret"))
    with pytest.raises(ServiceRefusedError) as raised:
        await ask(service, call)
    assert raised.value.pause is not None
    assert raised.value.pause.cause is PauseCause.CREDENTIALS
    assert "sandbox-" not in str(raised.value)


async def test_too_many_requests_pause_the_account(stand: Any) -> None:
    """Retry-After is handed on."""
    stand.script("http-before", 429, where="rest", retry_after_seconds=60)
    with pytest.raises(ServiceError) as raised:
        await stand.service().quota()
    assert isinstance(raised.value, ServiceRefusedError)
    assert raised.value.pause is not None
    assert (raised.value.pause.cause, raised.value.pause.seconds) == (PauseCause.RATE, 60)


async def test_the_edit_page_takes_the_new_ids(stand: Any) -> None:
    """On the account's own host."""
    url = stand.service().edit_url(["1", "2"])
    assert url.startswith("https://sandbox.test/")
    assert url.endswith("1,2")


async def test_many_photos_at_once_are_all_kept(
    stand: Any, parcel: Parcel, memory_body: Any
) -> None:
    """Uploads share one client, and none of them takes another's reply."""
    service = stand.service(parallel_uploads=8)
    parcels = []
    for number in range(20):
        content = b"\xff\xd8\xff\xe0" + bytes([number]) * 1000
        sha256 = hashlib.sha256(content).hexdigest()
        parcels.append(replace(parcel, sha256=sha256, body=memory_body(content)))
    verdicts = await asyncio.gather(*(service.send(one) for one in parcels))
    replies = await service.check_tickets([verdict.ticket_id for verdict in verdicts])
    by_id = {photo.id: photo.sha256 for photo in stand.sandbox.photos}
    found = [by_id[replies[verdict.ticket_id].photo_id] for verdict in verdicts]
    assert found == [one.sha256 for one in parcels]


async def test_a_photo_is_found_by_its_new_content_and_not_by_its_old(
    stand: Any, parcel: Parcel
) -> None:
    """After a replacement; doing it twice changes nothing, and other tags stay."""
    service = stand.service()
    await service.send(parcel)
    (photo,) = stand.sandbox.photos
    tags = len(photo.tags)
    other = "ab" * 32
    for _ in range(2):
        await service.mark_content(photo.id, other)
        assert await service.look_up(Content(other), stand.clock.now) == photo.id
        assert await service.look_up(Content(parcel.sha256), stand.clock.now) is None
        assert len(photo.tags) == tags


async def test_a_photo_full_of_tags_is_marked_all_the_same(stand: Any, parcel: Parcel) -> None:
    """The old tag makes room."""
    service = stand.service()
    await service.send(replace(parcel, tags=tuple(f"t{number}" for number in range(74))))
    (photo,) = stand.sandbox.photos
    await service.mark_content(photo.id, "ab" * 32)
    assert await service.look_up(Content("ab" * 32), stand.clock.now) == photo.id


async def test_marking_a_photo_that_is_gone_is_refused(stand: Any) -> None:
    """A plain no, which pauses nothing."""
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.service().mark_content("404", "ab" * 32)
    assert raised.value.pause is None


async def test_an_account_without_content_tags_marks_nothing(stand: Any) -> None:
    """And asks nothing."""
    await stand.service(content_tag=False).mark_content("404", "ab" * 32)
    assert stand.granted == []
