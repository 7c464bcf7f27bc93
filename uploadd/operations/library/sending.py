"""One file sent by itself, without a queue: what the library's `upload` and `replace` do.

Nothing is written down, so nothing is promised: what the service said is the result, and what it
did not say is an `OutcomeUnknownError`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from uploadd.delivery.body import FileBody
from uploadd.delivery.throttle import Throttle
from uploadd.files.directories import real_path
from uploadd.files.fingerprint import Fingerprint, fingerprint_file
from uploadd.files.opening import printable
from uploadd.files.reaching import Roots, Route
from uploadd.files.reading import SteadyReader
from uploadd.model import photo, verdicts
from uploadd.model.contents import Content
from uploadd.model.errors import (
    FileTrouble,
    OutcomeUnknownError,
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.places import Spot
from uploadd.model.ports import Disk
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.model.verdicts import Reason, Verdict
from uploadd.services.base import Parcel

LOOK_FIRST = "look for the photo before it is sent again"
LATER = "send it again later"
OTHER_TYPE = "convert it (JPEG, PNG, MP4)"

Pack = Callable[[Fingerprint, FileBody], Parcel]
Send = Callable[[Parcel], Awaitable[Verdict]]


@dataclass(frozen=True, slots=True)
class Upload:
    """What the service said to a file: it has the photo now, or gave a ticket for it.

    `content`: the hashes of the file. `photo_id`: the new photo's, or that of the one it
    `is_duplicate` of (None where the service does not name it); `is_deleted`: that one was deleted
    there. `is_torn`: the file was written while it was sent, so the photo may be a mixture.
    """

    content: Content
    photo_id: str | None = None
    ticket: str | None = None
    is_duplicate: bool = False
    is_deleted: bool = False
    is_torn: bool = False


@dataclass(frozen=True, slots=True)
class Outlet:
    """What every send of one account goes through."""

    disk: Disk
    throttle: Throttle
    with_md5: bool

    async def fingerprint(self, path: bytes) -> Fingerprint:
        """The file behind a path, which may be a link. Raises `FileTrouble`."""
        return await self.disk.run(_fingerprint, path, with_md5=self.with_md5)

    async def send(self, path: bytes, pack: Pack, send: Send) -> Upload:
        """Send one file, once. Raises `FileTrouble` and `ServiceError`."""
        known = await self.fingerprint(path)
        if not known.extension:
            text = f"{printable(path)} is neither a photo nor a video that uploadd knows"
            damage = known.kind.damage and f": {known.kind.damage}"
            raise FileTrouble(text + damage, OTHER_TYPE)
        async with self._opened(path, known) as reader:
            body = FileBody(reader, known.stat.size, self.disk, self.throttle, asyncio.Event())
            verdict = await send(pack(known, body))
            return _upload(verdict, known, is_torn=reader.is_torn)

    @asynccontextmanager
    async def _opened(self, path: bytes, known: Fingerprint) -> AsyncIterator[SteadyReader]:
        reader = await self.disk.run(_reader, path, known)
        try:
            yield reader
        finally:
            await self.disk.run(reader.close)


def photo_of(ticket: str, reply: TicketReply) -> str:
    """The photo that a ticket became. Raises `ServiceError` where it became none."""
    match reply:
        case TicketReply(TicketState.COMPLETE, str(photo_id)):
            return photo_id
        case TicketReply(TicketState.FAILED):
            text = f"the service could not make a photo of ticket {ticket}"
            raise ServiceRefusedError(Reason("ticket-failed", text, "see whether the file opens"))
        case _:
            text = f"the service does not know ticket {ticket}, or not which photo it became"
            raise OutcomeUnknownError(Reason("ticket-unknown", text, LOOK_FIRST))


def choose_privacy(
    privacy: str | None, is_public: int | None, is_friend: int | None, is_family: int | None
) -> photo.PhotoFields:
    """Who sees a photo, by the word or by the numbers; private where neither is given.

    Raises `UsageError` for both at once, and for a word that there is not.
    """
    numbers = photo.PhotoTable(is_public=is_public, is_friend=is_friend, is_family=is_family)
    if privacy is None:
        return photo.photo_of(numbers, photo.NOTHING_SET)
    if numbers.has_privacy:
        text = "privacy stands beside is_public, is_friend or is_family"
        raise UsageError(text, "give one or the other")
    if privacy not in list(photo.Privacy):
        words = ", ".join(photo.Privacy)
        raise UsageError(f"{privacy!r} is no privacy", f"the words are: {words}")
    word = photo.PhotoTable(privacy=photo.Privacy(privacy))
    return photo.photo_of(word, photo.NOTHING_SET)


def error_of_send(verdict: Verdict) -> ServiceError | None:
    """What a verdict is to a program that waits for it; None where the service has the photo."""
    match verdict:
        case verdicts.Uncertain(reason):
            return OutcomeUnknownError(Reason(reason.code, reason.text, LOOK_FIRST))
        case verdicts.Reschedule(reason):
            return ServiceFaultError(Reason(reason.code, reason.text, LATER))
        case verdicts.Pause(PauseCause.AWAY, reason):
            return ServiceAwayError(reason.text, reason.remedy)
        case verdicts.Pause(_, reason):
            return ServiceRefusedError(reason, verdict)
        case verdicts.Refuse(reason):
            return ServiceRefusedError(reason)
        case _:
            return None


def _upload(verdict: Verdict, known: Fingerprint, *, is_torn: bool) -> Upload:
    error = error_of_send(verdict)
    if error is not None:
        raise error
    content = known.content
    match verdict:
        case verdicts.Kept(photo_id):
            return Upload(content, photo_id, is_torn=is_torn)
        case verdicts.Ticketed(ticket):
            return Upload(content, ticket=ticket, is_torn=is_torn)
        case verdicts.Duplicate(photo_id, is_deleted):
            return Upload(content, photo_id, is_duplicate=True, is_deleted=is_deleted)
        case _:
            raise AssertionError(verdict)


def _fingerprint(path: bytes, *, with_md5: bool) -> Fingerprint:
    return fingerprint_file(_route(path), with_md5=with_md5)


def _reader(path: bytes, known: Fingerprint) -> SteadyReader:
    return SteadyReader(_route(path), known.stat, known.sha256)


def _route(path: bytes) -> Route:
    """To the file behind a path that the caller named; its own links are followed."""
    return Roots().route(Spot(*os.path.split(real_path(path))))
