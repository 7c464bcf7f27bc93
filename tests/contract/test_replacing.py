"""What every service promises of `replace` (`services.base`), against its sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from contract.conftest import parcel_of
from contract.stand import JPEG, MP4, Stand, Told
from uploadd.model.errors import FileChangedError
from uploadd.model.pauses import PauseCause
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.model.verdicts import Kept, Pause, Refuse, Reschedule, Ticketed, Uncertain
from uploadd.services.base import Parcel


async def kept(stand: Stand, parcel: Parcel) -> Any:
    """A Pro account with one photo, and that photo."""
    stand.sandbox.options.is_pro = True
    await stand.service().send(parcel)
    stand.sandbox.settle()
    return stand.photo()


async def test_a_photo_gets_new_content_and_keeps_what_is_told(
    stand: Stand, parcel: Parcel, other: Parcel
) -> None:
    """Its id, its title, its tags."""
    photo = await kept(stand, parcel)
    before = (photo.id, photo.title, list(photo.tags))
    service = stand.service()
    verdict = await service.replace(other, photo.id)
    assert isinstance(verdict, Ticketed)
    replies = await service.check_tickets([verdict.ticket_id])
    assert replies[verdict.ticket_id] == TicketReply(TicketState.COMPLETE, photo.id)
    assert stand.kept() == [other.sha256]
    assert (photo.id, photo.title, photo.tags) == before


async def test_it_is_one_request_without_asking_for_leave(
    stand: Stand, parcel: Parcel, other: Parcel
) -> None:
    """As a send is."""
    photo = await kept(stand, parcel)
    await stand.service().replace(other, photo.id)
    assert len(stand.sandbox.journal.of("replace")) == 1
    assert stand.granted == []


async def test_sent_twice_it_does_no_harm(stand: Stand, parcel: Parcel, other: Parcel) -> None:
    """A lost reply, and the same again."""
    photo = await kept(stand, parcel)
    stand.script("lose-reply", where="replace", first=1)
    assert isinstance(await stand.service().replace(other, photo.id), Uncertain)
    assert isinstance(await stand.service().replace(other, photo.id), Ticketed)
    assert stand.kept() == [other.sha256]


async def test_another_photo_than_was_meant_is_seen(
    stand: Stand, parcel: Parcel, other: Parcel
) -> None:
    """A service may make a second photo of it (wire.md, B3): the ticket names that one."""
    if stand.name != "ipernity":
        pytest.skip("wire.md A2: the photo's id stays with a replacement")
    photo = await kept(stand, parcel)
    stand.sandbox.options.replace_makes_new = True  # type: ignore[attr-defined]
    service = stand.service()
    ticket = (await service.replace(other, photo.id)).ticket_id
    told = (await service.check_tickets([ticket]))[ticket]
    assert told.state is TicketState.COMPLETE
    assert told.photo_id not in (None, photo.id)


async def test_whatever_id_comes_back_is_handed_on(stand: Stand, other: Parcel) -> None:
    """At once or by its ticket: whoever asked for it compares it."""
    assert await stand.answering(stand.photo_reply("78")).replace(other, "77") == Kept("78")
    service = stand.answering(stand.tickets_reply([Told("1-2", TicketState.COMPLETE, "78")]))
    assert (await service.check_tickets(["1-2"]))["1-2"].photo_id == "78"


@pytest.mark.parametrize("photo_id", ["10100895983", "007", "1-2"])
async def test_the_photo_is_named_as_it_is(stand: Stand, other: Parcel, photo_id: str) -> None:
    """An id is a text."""
    seen: list[bytes] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return stand.ticket_reply("1-2")

    await stand.answering(note).replace(other, photo_id)
    (body,) = seen
    assert f"\r\n\r\n{photo_id}\r\n".encode() in body
    assert other.title.encode() not in body


async def test_a_free_account_is_refused(stand: Stand, parcel: Parcel, other: Parcel) -> None:
    """With the service's own number."""
    photo = await kept(stand, parcel)
    stand.sandbox.options.is_pro = False
    verdict = await stand.service().replace(other, photo.id)
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == stand.no_pro_code
    assert verdict.reason.remedy
    assert stand.kept() == [parcel.sha256]


async def test_a_video_is_refused_for_a_photo(stand: Stand, parcel: Parcel) -> None:
    """Flickr replaces no videos, ipernity none by another kind of file."""
    photo = await kept(stand, parcel)
    video = parcel_of(MP4 * 9, extension=".mp4", media_type="video/mp4")
    verdict = await stand.service().replace(video, photo.id)
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == stand.other_kind_code
    assert stand.kept() == [parcel.sha256]


async def test_a_photo_that_is_gone_is_not_made_anew(
    stand: Stand, parcel: Parcel, other: Parcel
) -> None:
    """Whoever deleted it may not want it back."""
    photo = await kept(stand, parcel)
    stand.sandbox.delete(photo.id)
    verdict = await stand.service().replace(other, photo.id)
    assert isinstance(verdict, Refuse | Reschedule)
    assert stand.kept() == []


@pytest.mark.parametrize("kind", ["http-before", "http-after", "garbage", "html", "empty", "bomb"])
async def test_a_reply_that_cannot_be_trusted_leaves_it_uncertain(
    stand: Stand, parcel: Parcel, other: Parcel, kind: str
) -> None:
    """Nothing is raised, and nothing is sent twice."""
    photo = await kept(stand, parcel)
    stand.script(kind, 502, where="replace")
    assert isinstance(await stand.service().replace(other, photo.id), Uncertain)
    assert len(stand.sandbox.journal.of("replace")) == 1


async def test_a_body_cut_short_is_not_uncertain(
    stand: Stand, parcel: Parcel, other: Parcel
) -> None:
    """The photo is as it was."""
    photo = await kept(stand, parcel)
    stand.script("cut", where="replace")
    verdict = await stand.service().replace(other, photo.id)
    assert isinstance(verdict, Reschedule)
    assert not verdict.was_sent
    assert stand.kept() == [parcel.sha256]


@pytest.mark.parametrize("status", [302, 307])
async def test_a_redirect_is_not_followed(stand: Stand, other: Parcel, status: int) -> None:
    """A body goes out once, and nowhere else."""
    there = httpx.Response(status, headers={"Location": "https://elsewhere.test/"})
    assert isinstance(await stand.answering(there).replace(other, "77"), Uncertain)
    assert stand.bodies == 1


async def test_a_named_wait_is_handed_on(stand: Stand, parcel: Parcel, other: Parcel) -> None:
    """Retry-After, as for a send."""
    photo = await kept(stand, parcel)
    stand.script("http-before", 429, where="replace", retry_after_seconds=77)
    verdict = await stand.service().replace(other, photo.id)
    assert isinstance(verdict, Pause)
    assert (verdict.cause, verdict.seconds) == (PauseCause.RATE, 77)


async def test_a_service_that_is_away_pauses(stand: Stand, other: Parcel, refusing: Any) -> None:
    """Nothing was sent."""
    verdict = await stand.service(refusing).replace(other, "77")
    assert isinstance(verdict, Pause)
    assert verdict.cause is PauseCause.AWAY


async def test_a_body_that_fails_raises_and_keeps_nothing(
    stand: Stand, parcel: Parcel, other: Parcel, memory_body: Any
) -> None:
    """The photo is as it was."""
    photo = await kept(stand, parcel)
    body = memory_body(JPEG * 9, FileChangedError("it changed"))
    with pytest.raises(FileChangedError):
        await stand.service().replace(replace(other, body=body), photo.id)
    assert stand.kept() == [parcel.sha256]
    assert body.is_closed


async def test_a_ticket_that_fails_leaves_the_photo_as_it_was(
    stand: Stand, parcel: Parcel, other: Parcel
) -> None:
    """What cannot be converted replaces nothing."""
    photo = await kept(stand, parcel)
    stand.script("ticket-fails", where="replace")
    service = stand.service()
    verdict = await service.replace(other, photo.id)
    assert isinstance(verdict, Ticketed)
    replies = await service.check_tickets([verdict.ticket_id])
    assert replies[verdict.ticket_id].state is stand.failed_ticket
    assert stand.kept() == [parcel.sha256]
