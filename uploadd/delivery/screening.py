"""Asks a service which contents it has already, before they are sent.

For services that compare nothing when a photo arrives, but can be asked for contents themselves
(`Service.find`): one call asks for as many of the next jobs as it takes. What was asked is kept in
memory only: a restart asks again, which costs a call and no more. An answer is believed for a
while, so that what somebody else uploads during a long pause is noticed after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from uploadd.delivery.desk import Desk
from uploadd.delivery.settling import settle
from uploadd.model.budget import PURPOSE_OF
from uploadd.model.delays import Delay
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.jobs import Job
from uploadd.model.pauses import Stops
from uploadd.model.settlement import LedgerChange, Settlement, ended
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store import moves, queue

log = structlog.get_logger()

BELIEVED_SECONDS = 15 * 60.0
UNSEEN_SECONDS = 60.0
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
        if not self._is_asked_for(job):
            return True
        async with self._asking:
            if self._is_fresh(job):
                return await self._is_queued(job)  # the call before may have found it
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
        coming = await desk.store.read(queue.coming, desk.id, job.lane, now, READ_AT_ONCE * most)
        others = [
            one
            for one in coming
            if one.id != job.id and self._is_asked_for(one) and not self._is_fresh(one)
        ]
        return others[: most - 1]

    async def _ask(self, batch: Sequence[Job]) -> bool:
        """Ask for all of them. Whether the first of them may be sent."""
        desk = self._desk
        found = await desk.ask(lambda: self._find(batch), pauses_on_fault=True)
        if found is None or not desk.is_of(batch[0]):
            return False
        self._note(batch)
        there = [(job, found[job.sha256]) for job in batch if job.sha256 in found]
        believed = [pair for pair in there if await self._is_believed(*pair)]
        if believed:
            await settle(desk, [(job, _duplicate(job, photo_id)) for job, photo_id in believed])
        return batch[0].sha256 not in found

    async def _is_believed(self, job: Job, photo_id: str) -> bool:
        """Whether the photo stands for this job's file.

        Where the job was sent before, it may be that send's, and be lost while it is converted.
        """
        if job.attempts == 0:
            return True
        desk = self._desk
        if await desk.ask(lambda: desk.service.has_photo(photo_id), pauses_on_fault=True):
            return True
        now = desk.runtime.clock.wall()
        reason = Reason("there", f"it is there as photo {photo_id}, which cannot be seen yet")
        wait = Delay(now, UNSEEN_SECONDS * desk.patience)
        await desk.store.write(moves.postpone, job.id, reason, wait, now)
        self._asked_at.pop(job.id, None)
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


def _duplicate(job: Job, photo_id: str) -> Settlement:
    return ended(job, State.DUPLICATE, LedgerChange.THERE, THERE, photo_id=photo_id)
