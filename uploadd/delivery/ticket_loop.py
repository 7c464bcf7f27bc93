"""Asks for tickets, many in one call, for as long as the service says pending."""

from __future__ import annotations

from uploadd.delivery.question_loop import QuestionLoop
from uploadd.delivery.settling import settle
from uploadd.model.jobs import Job
from uploadd.model.outcomes import after_ticket
from uploadd.model.settlement import Settlement
from uploadd.model.states import State
from uploadd.model.tickets import IDLE_SECONDS, TicketReply, TicketState, should_ask
from uploadd.model.waits import Awaited
from uploadd.store import queue
from uploadd.store.queue import Questions


class TicketLoop(QuestionLoop):
    """The ticket poller of one account."""

    state = State.PROCESSING

    async def _ask_if_due(self, questions: Questions) -> bool | None:
        due, fresh = len(questions.due), questions.fresh
        if not should_ask(due=due, waiting=fresh, is_idle=self._has_rested()):
            return None
        return await self._ask(await self._to_ask(self._desk.runtime.clock.wall(), self._most()))

    def _next_due(self, questions: Questions) -> float | None:
        desk, due = self._desk, questions.next_due
        if due is not None and desk.is_idle and questions.fresh > 0:
            return min(due, desk.runtime.clock.wall() + IDLE_SECONDS * desk.patience)
        return due

    def _most(self) -> int:
        return self._desk.service.tickets_per_call

    def _has_rested(self) -> bool:
        """Whether nothing is left to send, and the last ticket had a moment to be worked on."""
        age = self._desk.runtime.clock.monotonic() - self._desk.last_ticket_at
        return self._desk.is_idle and age >= IDLE_SECONDS * self._desk.patience

    async def _to_ask(self, now: float, most: int) -> list[Job]:
        desk = self._desk
        with_early = not desk.service.names_ticket_waits
        read = desk.store.read
        return await read(queue.tickets_to_ask, desk.id, now, most, with_early=with_early)

    async def _ask(self, jobs: list[Job]) -> bool:
        desk = self._desk
        if not all(desk.is_of(job) for job in jobs):
            return False  # another login meanwhile: its service does not know these tickets
        ids = [job.ticket_id for job in jobs if job.ticket_id is not None]
        replies = await desk.ask(Awaited.TICKETS, lambda: desk.service.check_tickets(ids))
        if replies is None:
            return False
        await settle(desk, [(job, self._settlement(job, replies)) for job in jobs])
        return True

    def _settlement(self, job: Job, replies: dict[str, TicketReply]) -> Settlement:
        """A ticket that the service left out of its answer is pending, as far as we know."""
        reply = replies.get(job.ticket_id or "", TicketReply(TicketState.PENDING))
        desk = self._desk
        return after_ticket(job, reply, desk.around(), gathers=not desk.is_idle)
