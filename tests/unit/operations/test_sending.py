"""What a verdict is to a program that waits for it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from unit.operations.test_calling import Clock, Disk
from uploadd.delivery.body import FileBody
from uploadd.delivery.throttle import Throttle
from uploadd.files.fingerprint import Fingerprint
from uploadd.files.opening import CHUNK_BYTES
from uploadd.model import verdicts
from uploadd.model.contents import Content
from uploadd.model.errors import (
    FileChangedError,
    OutcomeUnknownError,
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.model.verdicts import Reason, Verdict
from uploadd.operations.library.sending import (
    Outlet,
    Upload,
    choose_privacy,
    error_of_send,
    photo_of,
)
from uploadd.services.base import Parcel

REASON = Reason("7", "no", "a remedy")
WAIT = verdicts.Pause(PauseCause.WAIT, REASON, 60.0)


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (verdicts.Kept("1"), None),
        (verdicts.Ticketed("1-2"), None),
        (verdicts.Duplicate("1", is_deleted=False, reason=REASON), None),
        (verdicts.Uncertain(REASON), OutcomeUnknownError),
        (verdicts.Reschedule(REASON, was_sent=True), ServiceFaultError),
        (verdicts.Pause(PauseCause.AWAY, REASON), ServiceAwayError),
        (WAIT, ServiceRefusedError),
        (verdicts.Refuse(REASON), ServiceRefusedError),
    ],
)
def test_every_verdict(verdict: Verdict, kind: type[ServiceError] | None) -> None:
    """An error where the service has no photo for sure."""
    error = error_of_send(verdict)
    assert (type(error) if error else None) is kind


def test_a_pause_keeps_its_cause_and_its_length() -> None:
    """For a program that waits."""
    error = error_of_send(WAIT)
    assert isinstance(error, ServiceRefusedError)
    assert error.pause == WAIT


def test_nothing_tries_it_again_by_itself() -> None:
    """So no error says so."""
    reason = Reason("105", "busy", "nothing: it is tried again by itself")
    error = error_of_send(verdicts.Reschedule(reason, was_sent=True))
    assert str(error) == "busy; send it again later"


def test_tickets_that_are_done() -> None:
    """The photo, or why there is none."""
    assert photo_of("1-2", TicketReply(TicketState.COMPLETE, "9")) == "9"
    with pytest.raises(ServiceRefusedError, match="could not make a photo of ticket 1-2"):
        photo_of("1-2", TicketReply(TicketState.FAILED))
    for reply in (TicketReply(TicketState.UNKNOWN), TicketReply(TicketState.COMPLETE)):
        with pytest.raises(OutcomeUnknownError, match="ticket 1-2"):
            photo_of("1-2", reply)


async def sent(path: Path, meanwhile: Callable[[], object]) -> Upload:
    """Send a file to a service that does something after the first chunk, and keeps it."""
    clock = Clock()
    outlet = Outlet(Disk(), Throttle(0, clock), with_md5=True)

    def pack(known: Fingerprint, body: FileBody) -> Parcel:
        return Parcel("x", known.extension, known.media_type, known.sha256, body, md5=known.md5)

    async def keep(parcel: Parcel) -> Verdict:
        chunks = parcel.body.chunks()
        await anext(chunks)
        meanwhile()
        async for _ in chunks:
            pass
        return verdicts.Kept("1")

    return await outlet.send(os.fsencode(path), pack, keep)


def hashes(path: Path) -> Content:
    """What the file holds."""
    content = path.read_bytes()
    return Content(hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo of several chunks."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xda\x00\x02" + bytes(3 * CHUNK_BYTES))
    return path


async def test_a_file_that_is_left_alone(photo: Path) -> None:
    """Its hashes, both of them, are those of its bytes."""
    upload = await sent(photo, lambda: None)
    assert upload == Upload(hashes(photo), "1")


async def test_a_file_that_is_written_under_the_send(photo: Path) -> None:
    """The photo is there, and may be a mixture."""

    def write() -> None:
        with photo.open("r+b") as file:
            file.seek(2 * CHUNK_BYTES)
            file.write(b"other")

    assert (await sent(photo, write)).is_torn


async def test_a_file_that_shrinks_under_the_send(photo: Path) -> None:
    """Cut before its last byte, so nothing was kept."""
    with pytest.raises(FileChangedError):
        await sent(photo, lambda: os.truncate(photo, 10))


@pytest.mark.parametrize(
    ("privacy", "numbers", "sent"),
    [
        (None, (None, None, None), (0, 0, 0)),
        (None, (None, 1, None), (0, 1, 0)),
        (None, (True, None, False), (1, 0, 0)),
        ("public", (None, None, None), (1, 0, 0)),
        ("friends-family", (None, None, None), (0, 1, 1)),
        ("account", (None, None, None), (None, None, None)),
    ],
)
def test_a_programs_photo_is_private_unless_it_says_otherwise(
    privacy: str | None,
    numbers: tuple[int | None, int | None, int | None],
    sent: tuple[int | None, ...],
) -> None:
    """By the words and the rule of the configuration."""
    seen = choose_privacy(privacy, *numbers)
    assert (seen.is_public, seen.is_friend, seen.is_family) == sent


@pytest.mark.parametrize(
    ("privacy", "is_family", "told"),
    [
        ("private", 0, "privacy stands beside is_public, is_friend or is_family: give one or the"),
        ("everybody", None, "'everybody' is no privacy"),
        ("", None, "'' is no privacy"),
    ],
)
def test_privacy_that_cannot_be_meant(privacy: str, is_family: int | None, told: str) -> None:
    """Nothing is guessed about who may see a photo."""
    with pytest.raises(UsageError) as caught:
        choose_privacy(privacy, None, None, is_family)
    assert told in f"{caught.value.text}: {caught.value.remedy}"
