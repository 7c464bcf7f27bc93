"""Looks up what may be there already, before anything is sent again (design section 4)."""

from __future__ import annotations

from uploadd.delivery.question_loop import QuestionLoop
from uploadd.delivery.settling import settle
from uploadd.model.jobs import Job
from uploadd.model.settlement import after_look
from uploadd.model.states import State
from uploadd.store import ledger, queue


class LookUpLoop(QuestionLoop):
    """The look-ups of one account."""

    async def _ask_if_due(self) -> bool | None:
        desk = self._desk
        now = desk.runtime.clock.wall()
        due = await desk.store.read(queue.due_in, desk.id, State.UNCERTAIN, now, 1)
        return await self._look(due[0]) if due else None

    async def _next_due(self) -> float | None:
        return await self._desk.store.read(queue.next_due_in, self._desk.id, State.UNCERTAIN)

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
