"""Asks for tickets, many in one call, for as long as the service says pending."""

from __future__ import annotations

import asyncio

import structlog

from uploadd.delivery.desk import Desk
from uploadd.delivery.settling import settle
from uploadd.model.delays import growing
from uploadd.model.jobs import Job
from uploadd.model.pauses import Stops
from uploadd.model.settlement import Settlement, after_ticket
from uploadd.model.states import State
from uploadd.model.tickets import IDLE_SECONDS, TicketReply, TicketState, should_ask
from uploadd.store import queue

log = structlog.get_logger()

LONGEST_NAP_SECONDS = 60.0
FAILED_CALL_SECONDS = 5.0
FAILED_CALL_MOST_SECONDS = 15 * 60.0


class TicketLoop:
    """The ticket poller of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._bell = desk.bell.listener()
        self._failures = 0

    async def run(self, ended: asyncio.Event) -> None:
        """Ask until `ended` is set."""
        while not ended.is_set():
            self._bell.clear()
            nap = await self._turn()
            if nap > 0:
                await self._desk.runtime.clock.wait(self._bell, nap)

    async def _turn(self) -> float:
        """Ask once if a call is worth it. Returns the seconds until the next turn."""
        desk = self._desk
        if desk.needs_login or Stops.CALLS in await desk.stopped():
            return LONGEST_NAP_SECONDS
        now = desk.runtime.clock.wall()
        most = desk.service.tickets_per_call
        due = await desk.store.read(queue.due_in, desk.id, State.PROCESSING, now, most)
        fresh = await desk.store.read(queue.fresh_tickets, desk.id)
        if should_ask(due=len(due), waiting=fresh, is_idle=self._has_rested()):
            return await self._ask()
        return await self._nap(fresh)

    def _has_rested(self) -> bool:
        """Whether nothing is left to send, and the last ticket had a moment to be worked on."""
        age = self._desk.runtime.clock.monotonic() - self._desk.last_ticket_at
        return self._desk.is_idle and age >= IDLE_SECONDS * self._desk.patience

    async def _ask(self) -> float:
        desk = self._desk
        now, most = desk.runtime.clock.wall(), desk.service.tickets_per_call
        jobs = await desk.store.read(queue.tickets_to_ask, desk.id, now, most)
        ids = [job.ticket_id for job in jobs if job.ticket_id is not None]
        replies = await desk.ask(lambda: desk.service.check_tickets(ids))
        if replies is None:
            self._failures += 1
            longest = FAILED_CALL_MOST_SECONDS
            return desk.patience * growing(FAILED_CALL_SECONDS, longest, self._failures)
        self._failures = 0
        await settle(desk, [(job, self._settlement(job, replies)) for job in jobs])
        return 0.0

    def _settlement(self, job: Job, replies: dict[str, TicketReply]) -> Settlement:
        """A ticket that the service left out of its answer is pending, as far as we know."""
        reply = replies.get(job.ticket_id or "", TicketReply(TicketState.PENDING))
        return after_ticket(job, reply, self._desk.around())

    async def _nap(self, fresh: int) -> float:
        desk = self._desk
        naps = [LONGEST_NAP_SECONDS]
        due = await desk.store.read(queue.next_due_in, desk.id, State.PROCESSING)
        if due is not None:
            naps.append(max(0.02, due - desk.runtime.clock.wall()))
        if fresh and desk.is_idle:
            naps.append(IDLE_SECONDS * desk.patience)
        return min(naps)
