"""Looks up what may be there already, before anything is sent again (design section 4)."""

from __future__ import annotations

import asyncio

import structlog

from uploadd.delivery.desk import Desk
from uploadd.delivery.settling import settle
from uploadd.model.delays import growing
from uploadd.model.jobs import Job
from uploadd.model.pauses import Stops
from uploadd.model.settlement import after_look
from uploadd.model.states import State
from uploadd.store import ledger, queue

log = structlog.get_logger()

LONGEST_NAP_SECONDS = 60.0
FAILED_CALL_SECONDS = 5.0
FAILED_CALL_MOST_SECONDS = 15 * 60.0


class LookUpLoop:
    """The look-ups of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._bell = desk.bell.listener()
        self._failures = 0

    async def run(self, ended: asyncio.Event) -> None:
        """Look up until `ended` is set."""
        while not ended.is_set():
            self._bell.clear()
            nap = await self._turn()
            if nap > 0:
                await self._desk.runtime.clock.wait(self._bell, nap)

    async def _turn(self) -> float:
        desk = self._desk
        if desk.needs_login or Stops.CALLS in await desk.stopped():
            return LONGEST_NAP_SECONDS
        now = desk.runtime.clock.wall()
        due = await desk.store.read(queue.due_in, desk.id, State.UNCERTAIN, now, 1)
        if not due:
            return await self._nap()
        if await self._look(due[0]):
            self._failures = 0
            return 0.0
        self._failures += 1
        most = FAILED_CALL_MOST_SECONDS
        return desk.patience * growing(FAILED_CALL_SECONDS, most, self._failures)

    async def _look(self, job: Job) -> bool:
        """One look. False where the service could not be asked."""
        desk = self._desk
        found: str | None = None
        if desk.service.can_look_up:
            since = await desk.store.read(ledger.maybe_since, job.account_id, job.sha256)
            answer = await desk.ask(lambda: self._answer(job, since or job.created_at))
            if answer is None:
                return False
            found = answer[0]
        await settle(desk, [(job, after_look(job, found, desk.around()))])
        return True

    async def _answer(self, job: Job, since: float) -> tuple[str | None]:
        """The answer in a box, so that `nothing found` is not taken for `no answer`."""
        return (await self._desk.service.look_up(job.sha256, since),)

    async def _nap(self) -> float:
        due = await self._desk.store.read(queue.next_due_in, self._desk.id, State.UNCERTAIN)
        if due is None:
            return LONGEST_NAP_SECONDS
        return min(LONGEST_NAP_SECONDS, max(0.02, due - self._desk.runtime.clock.wall()))
