"""Asks a service which contents it has already, before they are sent.

For services that compare nothing when a photo arrives, but can be asked for contents themselves
(`Service.find`): one call asks for as many of the next jobs as it takes. What was asked is kept in
memory only: a restart asks again, which costs a call and no more. An answer is believed for a
while, so that what somebody else uploads during a long pause is noticed after it.

What the ledger tells of is none of its business: such a content is never sent blindly anyway, and
its photo may be on its way to another content (`moves.begin_send`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog
from sqlite_utils import Database

from uploadd.delivery.desk import Desk
from uploadd.delivery.settling import settle
from uploadd.model.budget import PURPOSE_OF
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.jobs import Job, Lane
from uploadd.model.pauses import Stops
from uploadd.model.settlement import LedgerChange, Settlement, ended
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.model.waits import Awaited
from uploadd.store import ledger, moves, queue

log = structlog.get_logger()

BELIEVED_SECONDS = 15 * 60.0
READ_AT_ONCE = 3  # some of those that come next were asked for already
THERE = Reason("there", "the account has the same content already")


class Screening:
    """What one account's service was asked before a send."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked_at: dict[int, float] = {}
        self._asking = asyncio.Lock()

    async def passes(self, job: Job) -> bool:
        """Whether `job` may be sent: the service was asked for its content, and has it not.

        False where it has (the job is a duplicate now), or where it could not be asked.
        """
        if not self._is_asked_for(job) or await self._desk.store.read(_is_in_ledger, job):
            return True
        async with self._asking:
            if not await self._is_queued(job):
                return False  # the call before has found it
            if self._is_fresh(job):
                return True
            if await self._has_to_wait(job):
                return False
            batch = [job, *await self._next_after(job)]
            return await self._ask(batch)

    def _is_asked_for(self, job: Job) -> bool:
        is_wanted_anyway = job.is_forced or job.is_replacement
        return self._desk.service.finds_per_call > 0 and not is_wanted_anyway and bool(job.md5)

    async def _has_to_wait(self, job: Job) -> bool:
        """No sender waits for a pause or for the call budget with a job in hand."""
        if await self._desk.stopped() & {Stops.CALLS, Stops.UPLOADS}:
            return True
        return self._desk.budget.seconds_to_wait(PURPOSE_OF[job.lane]) > 0

    async def _is_queued(self, job: Job) -> bool:
        now = await self._desk.store.read(moves.job_by_id, job.id)
        return now is not None and now.state is State.QUEUED

    def _is_fresh(self, job: Job) -> bool:
        asked_at = self._asked_at.get(job.id)
        now = self._desk.runtime.clock.monotonic()
        return asked_at is not None and now - asked_at < BELIEVED_SECONDS

    async def _next_after(self, job: Job) -> list[Job]:
        """The jobs that will come after this one: they fit into the same call."""
        desk = self._desk
        most = desk.service.finds_per_call
        now = desk.runtime.clock.wall()
        coming = await desk.store.read(_coming, desk.id, job.lane, now, READ_AT_ONCE * most)
        others = [
            one
            for one in coming
            if one.id != job.id and self._is_asked_for(one) and not self._is_fresh(one)
        ]
        return others[: most - 1]

    async def _ask(self, batch: Sequence[Job]) -> bool:
        """Ask for all of them. Whether the first of them may be sent."""
        desk = self._desk
        asked_at = desk.runtime.clock.wall()
        found = await desk.ask(Awaited.CONTENTS, lambda: self._find(batch), pauses_on_fault=True)
        if found is None or not desk.is_of(batch[0]):
            return False
        there = [(job, found[job.sha256]) for job in batch if job.sha256 in found]
        self._note([job for job in batch if job.sha256 not in found])
        believed = [pair for pair in there if await self._is_believed(*pair)]
        if believed:
            duplicates = [(job, _duplicate(job, photo_id, asked_at)) for job, photo_id in believed]
            await settle(desk, duplicates)
        return batch[0].sha256 not in found

    async def _is_believed(self, job: Job, photo_id: str) -> bool:
        """Whether the photo stands for this job's file.

        Where the job was sent before, it may be that send's, and be lost while it is converted:
        then it is looked up as any such send.
        """
        if job.trail.attempts == 0:
            return True
        desk = self._desk
        if await desk.ask(
            Awaited.LOOK_UP, lambda: desk.service.has_photo(photo_id), pauses_on_fault=True
        ):
            return True
        why = f"it is there as photo {photo_id}, which cannot be seen yet"
        await desk.store.write(moves.doubt, job.id, why, desk.runtime.clock.wall())
        desk.bell.ring()
        return False

    async def _find(self, batch: Sequence[Job]) -> dict[str, str]:
        """What is there. A service that refuses to say leaves the photos to be sent."""
        try:
            return await self._desk.service.find([job.content for job in batch])
        except ServiceRefusedError as error:
            if error.pause is not None:
                raise
            log.warning(
                "screening.refused",
                account=self._desk.account.name,
                code=error.reason.code,
                text=error.reason.text,
            )
            return {}

    def _note(self, batch: Sequence[Job]) -> None:
        now = self._desk.runtime.clock.monotonic()
        fresh = {one: at for one, at in self._asked_at.items() if now - at < BELIEVED_SECONDS}
        self._asked_at = fresh | dict.fromkeys((job.id for job in batch), now)


def _is_in_ledger(db: Database, job: Job) -> bool:
    return ledger.entry(db, job.account_id, job.sha256) is not None


def _coming(db: Database, account_id: int, lane: Lane, now: float, most: int) -> list[Job]:
    """The jobs that will be sent next, but for those that the ledger tells of."""
    coming = queue.coming(db, account_id, lane, now, most)
    return [job for job in coming if not _is_in_ledger(db, job)]


def _duplicate(job: Job, photo_id: str, asked_at: float) -> Settlement:
    there = ended(job, State.DUPLICATE, LedgerChange.THERE, THERE, photo_id=photo_id)
    return replace(there, asked_at=asked_at)
