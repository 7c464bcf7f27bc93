"""What every service promises of `replace` (`services.base`), against its sandbox."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from uploadd.model.errors import FileChangedError
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.model.verdicts import Pause, Refuse, Reschedule, Ticketed, Uncertain
from uploadd.services.base import Parcel

OTHER = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"another content" * 9


@pytest.fixture
def other(parcel: Parcel, memory_body: Any) -> Parcel:
    """New content, under a name and with words of its own."""
    sha256 = hashlib.sha256(OTHER).hexdigest()
    return replace(parcel, sha256=sha256, body=memory_body(OTHER), title="another title")


async def kept(stand: Any, parcel: Parcel) -> Any:
    """A Pro account with one photo, and that photo."""
    stand.sandbox.options.is_pro = True
    await stand.service().send(parcel)
    (photo,) = stand.sandbox.photos
    stand.sandbox.settle()
    return photo


async def test_a_photo_gets_new_content_and_keeps_what_is_told(
    stand: Any, parcel: Parcel, other: Parcel
) -> None:
    """Its id, its title, its tags."""
    photo = await kept(stand, parcel)
    service = stand.service()
    verdict = await service.replace(other, photo.id)
    assert isinstance(verdict, Ticketed)
    replies = await service.check_tickets([verdict.ticket_id])
    assert replies[verdict.ticket_id] == TicketReply(TicketState.COMPLETE, photo.id)
    assert stand.kept() == [other.sha256]
    assert photo.title == parcel.title


async def test_sent_twice_it_does_no_harm(stand: Any, parcel: Parcel, other: Parcel) -> None:
    """A lost reply, and the same again."""
    photo = await kept(stand, parcel)
    stand.script("lose-reply", where="replace", first=1)
    assert isinstance(await stand.service().replace(other, photo.id), Uncertain)
    assert isinstance(await stand.service().replace(other, photo.id), Ticketed)
    assert stand.kept() == [other.sha256]


async def test_a_free_account_is_refused(stand: Any, parcel: Parcel, other: Parcel) -> None:
    """With the service's own number."""
    photo = await kept(stand, parcel)
    stand.sandbox.options.is_pro = False
    verdict = await stand.service().replace(other, photo.id)
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == "1"
    assert stand.kept() == [parcel.sha256]


@pytest.mark.parametrize(
    ("kind", "code", "verdict"),
    [
        ("error", 3, Reschedule),
        ("error", 8, Refuse),
        ("error", 105, Reschedule),
        ("http-before", 502, Uncertain),
        ("http-after", 502, Uncertain),
        ("garbage", 0, Uncertain),
        ("html", 0, Uncertain),
    ],
)
async def test_a_wrong_reply_ends_in_a_verdict(
    stand: Any, parcel: Parcel, other: Parcel, kind: str, code: int, verdict: type
) -> None:
    """Nothing is raised, and nothing is sent twice."""
    photo = await kept(stand, parcel)
    stand.script(kind, code, where="replace")
    assert isinstance(await stand.service().replace(other, photo.id), verdict)
    assert len(stand.sandbox.journal.of("replace")) == 1


async def test_a_wrong_secret_pauses(stand: Any, parcel: Parcel, other: Parcel) -> None:
    """It is signed as an upload is."""
    photo = await kept(stand, parcel)
    service = stand.service(token_secret=Secret("a-wrong-secret"))
    verdict = await service.replace(other, photo.id)
    assert isinstance(verdict, Pause)
    assert verdict.cause is PauseCause.CREDENTIALS


async def test_a_body_that_fails_raises_and_keeps_nothing(
    stand: Any, parcel: Parcel, other: Parcel, memory_body: Any
) -> None:
    """The photo is as it was."""
    photo = await kept(stand, parcel)
    broken = replace(other, body=memory_body(OTHER, FileChangedError("it changed")))
    with pytest.raises(FileChangedError):
        await stand.service().replace(broken, photo.id)
    assert stand.kept() == [parcel.sha256]


async def test_a_ticket_that_fails_leaves_the_photo_as_it_was(
    stand: Any, parcel: Parcel, other: Parcel
) -> None:
    """What cannot be converted replaces nothing."""
    photo = await kept(stand, parcel)
    stand.script("ticket-fails", where="replace")
    service = stand.service()
    verdict = await service.replace(other, photo.id)
    assert isinstance(verdict, Ticketed)
    replies = await service.check_tickets([verdict.ticket_id])
    assert replies[verdict.ticket_id].state is TicketState.FAILED
    assert stand.kept() == [parcel.sha256]
