"""The sandbox itself: one account's photos, tickets, logins, waits, and what was asked of it."""

from __future__ import annotations

import asyncio
import copy
import heapq
import os
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from uploadd.sandbox.disk import Disk, ReceivedFile
from uploadd.sandbox.faults import Faults
from uploadd.sandbox.journal import Journal
from uploadd.sandbox.logins import AccessToken, Logins
from uploadd.sandbox.media import Media
from uploadd.sandbox.options import Fault, SandboxOptions
from uploadd.sandbox.photos import Photo, Photos, Ticket, TicketEnd
from uploadd.sandbox.pixels import pixels_of
from uploadd.sandbox.waits import UploadWait

_FIRST_TICKET = 72_157_720_000_000_001
_HOUR_SECONDS = 3600


class Sandbox:
    """A stand-in account. Everything a test may look at or change hangs off this object.

    `photos`, `tickets`, `journal`, `faults`, `logins`, `wait`, and `options`, whose fields may be
    changed at run time. `now` is the clock (seconds since 1970); `sleep` is used only where an
    option asks for slowness.
    """

    last_photo_id = 54_000_000_000
    """The service's newest id before this account's first photo."""

    def __init__(
        self,
        options: SandboxOptions,
        *,
        now: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.options = copy.copy(options)
        self.now = now
        self.sleep = sleep
        self._rng = rng or random.Random(options.seed)
        self.disk = Disk(options.directory, self)
        self.journal = Journal()
        # Faults have dice of their own, so that a test's faults do not move with other choices.
        self.faults = Faults(options.faults, random.Random(self._rng.getrandbits(64)))
        # Tokens must differ from those of an earlier run over the same directory.
        self.logins = Logins(
            options.credentials, random.Random() if options.directory else self._rng
        )
        self.wait = UploadWait()
        self.photos = Photos()
        self.tickets: dict[str, Ticket] = {}
        self.uploads_begun = 0
        self._open: list[tuple[float, str]] = []
        self._ids_given = 0
        self._restore()

    # What came in

    def keep(self, file: ReceivedFile, media: Media, photo: Photo) -> None:
        """Keep a received file as a photo: it is on the disk, and recorded, when this returns."""
        photo.stored_as = f"{photo.key:08d}.{media.extensions[0]}"
        self._store(photo, file)

    def replace(self, photo: Photo, file: ReceivedFile, media: Media) -> None:
        """Give a photo new content; its id and what is written about it stay."""
        replaced = photo.replaced + 1
        stored_as = f"{photo.key:08d}-{replaced}.{media.extensions[0]}"
        self.photos.forget(photo)
        photo.replaced, photo.stored_as, photo.media = replaced, stored_as, media.mime
        photo.size_bytes, photo.md5, photo.sha256 = file.size_bytes, file.md5, file.sha256
        self._store(photo, file)

    def _store(self, photo: Photo, file: ReceivedFile) -> None:
        path = self.disk.photos / photo.stored_as
        os.replace(file.path, path)
        photo.width, photo.height = pixels_of(path, photo.media)
        self.put(photo)

    def put(self, photo: Photo) -> None:
        """Record a photo's state."""
        self.photos.add(photo)
        self.disk.records.append("photo", photo.record())

    def next_key(self) -> int:
        """The number of the next photo to be kept."""
        return len(self.photos) + 1

    def name(self, photo: Photo) -> str:
        """The photo's id, given to it now if it had none."""
        if photo.id is not None:
            return photo.id
        self._ids_given += 1
        photo_id = str(self.last_photo_id + self._ids_given)
        photo.id = photo_id
        self.put(photo)
        return photo_id

    def finish(self, photo: Photo) -> str:
        """The photo is converted: it is visible from now on, and has its id."""
        photo.state = "ready"
        photo_id = self.name(photo)
        self.put(photo)
        return photo_id

    def delete(self, photo_id: str) -> bool:
        """Mark a photo as deleted; False where there is none. The bytes stay for a look."""
        photo = self.photos.get(photo_id)
        if photo is None or photo.deleted:
            return False
        photo.deleted = True
        self.put(photo)
        return True

    # Tickets

    def give_ticket(
        self,
        photo: Photo,
        fault: Fault | None,
        *,
        is_replacement: bool = False,
        is_done: bool = False,
    ) -> Ticket:
        """A ticket for a kept photo, whose end is decided here; `is_done`: it ends at once."""
        now = self.now()
        jitter = self._rng.random() * self.options.ticket_jitter_seconds
        seconds = 0.0 if is_done else self.options.ticket_seconds + jitter
        number = _FIRST_TICKET + len(self.tickets)
        ticket = Ticket(
            id=f"{self.options.credentials.nsid.partition('@')[0]}-{number}",
            photo_key=photo.key,
            made_at=now,
            ends_at=now + seconds,
            end=_ticket_end(fault),
            is_replacement=is_replacement,
        )
        self._hold(ticket)
        self.disk.records.append("ticket", asdict(ticket))
        self.settle()
        return ticket

    def settle(self) -> None:
        """Let every ticket whose time has come end. Called by whoever looks at the account."""
        now = self.now()
        while self._open and self._open[0][0] <= now:
            self._end(self.tickets[heapq.heappop(self._open)[1]])

    def open_tickets(self) -> int:
        """How many tickets still answer pending."""
        self.settle()
        return len(self._open)

    def _hold(self, ticket: Ticket) -> None:
        self.tickets[ticket.id] = ticket
        if not ticket.is_ended:
            heapq.heappush(self._open, (ticket.ends_at, ticket.id))

    def _end(self, ticket: Ticket) -> None:
        photo = self.photos[ticket.photo_key]
        if ticket.is_replacement:
            pass  # it was visible all the time; what could not be converted left it as it was
        elif ticket.end == "failed":
            photo.state = "failed"
            self.put(photo)
        else:
            self.finish(photo)
        ticket.is_ended = True
        self.disk.records.append("ticket", asdict(ticket))

    # Limits

    def items(self) -> int:
        """How many items the account holds."""
        return sum(photo.is_on_account for photo in self.photos)

    def is_full(self) -> bool:
        """Whether the account's item limit is reached (upload API, error 6)."""
        return 0 < self.options.max_items <= self.items()

    def doubled(self) -> dict[str, list[Photo]]:
        """Contents that the account holds more than once, by SHA-256."""
        return {
            sha256: photos
            for sha256, every in self.photos.contents()
            if len(photos := [photo for photo in every if photo.is_on_account]) > 1
        }

    def is_over_budget(self) -> bool:
        """Whether more calls began within the hour, this one included, than are allowed."""
        limit = self.options.calls_per_hour
        return 0 < limit < self.journal.calls_since(self.now() - _HOUR_SECONDS)

    # Restart

    def admit(self, token: AccessToken) -> None:
        """Let a new access token in, for good."""
        self.logins.admit(token)
        self.disk.records.append("token", asdict(token))

    def restore_record(self, kind: str, record: dict[str, Any]) -> None:
        """Read a record of another kind again: an account on another service has its own."""

    def _restore(self) -> None:
        for record in self.disk.records.read():
            kind = record.pop("kind")
            if kind == "photo":
                self.photos.add(Photo.from_record(record))
            elif kind == "ticket":
                ticket = Ticket(**record)
                self.tickets[ticket.id] = ticket
            elif kind == "token":
                self.logins.admit(AccessToken(**record))
            else:
                self.restore_record(kind, record)
        for ticket in self.tickets.values():
            self._hold(ticket)
        self._ids_given = sum(photo.id is not None for photo in self.photos)


def _ticket_end(fault: Fault | None) -> TicketEnd:
    if fault is None:
        return "done"
    return "failed" if fault.kind == "ticket-fails" else "forgotten"
