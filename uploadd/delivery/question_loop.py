"""What the ticket loop and the look-up loop have in common: a read call whenever one is due."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from uploadd.delivery.desk import Desk
from uploadd.model.delays import growing
from uploadd.model.pauses import Stops, first_end, what_stops
from uploadd.model.states import State
from uploadd.store import queue
from uploadd.store.queue import Questions

LONGEST_NAP_SECONDS = 60.0
SHORTEST_NAP_SECONDS = 0.02
FAILED_CALL_SECONDS = 5.0
FAILED_CALL_MOST_SECONDS = 15 * 60.0


class QuestionLoop(ABC):
    """Asks one account's service, unless its calls are stopped; backs off where it cannot."""

    state: State
    """The jobs that the questions are about."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._bell = desk.bell.listener()
        self._failures = 0
        self._not_before = 0.0

    async def run(self, ended: asyncio.Event) -> None:
        """Ask until `ended` is set."""
        while not ended.is_set():
            self._bell.clear()
            nap = await self._turn()
            if nap > 0:
                await self._desk.runtime.clock.wait(self._bell, min(nap, LONGEST_NAP_SECONDS))

    @abstractmethod
    async def _ask_if_due(self, questions: Questions) -> bool | None:
        """One question. None: nothing is due; False: the service could not be asked."""

    def _next_due(self, questions: Questions) -> float | None:
        """When the next question is due (unix seconds), as far as the clock alone decides."""
        return questions.next_due

    def _most(self) -> int:
        """For how many jobs one call can ask."""
        return 1

    async def _turn(self) -> float:
        """Ask at most once. Returns the seconds until the next turn; the bell may ring sooner."""
        desk = self._desk
        now = desk.runtime.clock.wall()
        questions = await desk.store.read(queue.questions, desk.id, self.state, now, self._most())
        if desk.needs_login or Stops.CALLS in what_stops(questions.pauses, now):
            return self._seconds_until(first_end(questions.pauses, now))
        rest = self._not_before - desk.runtime.clock.monotonic()
        if rest > 0:  # the bell rings for every photo; a service that fails is not asked so often
            return rest
        was_answered = await self._ask_if_due(questions)
        if was_answered is None:
            return self._seconds_until(self._next_due(questions))
        self._failures = 0 if was_answered else self._failures + 1
        desk.unanswered[self.state] = self._failures
        if was_answered:
            return 0.0
        longest = FAILED_CALL_MOST_SECONDS
        rest = desk.patience * growing(FAILED_CALL_SECONDS, longest, self._failures)
        self._not_before = desk.runtime.clock.monotonic() + rest
        return rest

    def _seconds_until(self, due: float | None) -> float:
        if due is None:
            return LONGEST_NAP_SECONDS
        return max(SHORTEST_NAP_SECONDS, due - self._desk.runtime.clock.wall())
