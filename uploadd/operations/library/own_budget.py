"""The call budget of a program that has no state directory: kept in memory, for itself alone."""

from __future__ import annotations

from collections import deque

from uploadd.model.budget import WINDOW_SECONDS, Purpose, wait_for_call
from uploadd.model.ports import Clock
from uploadd.operations.counting import LONGEST_NAP_SECONDS


class OwnBudget:
    """At most `calls_per_hour` requests in any 3,600 s since it was made; 0: no limit.

    The clock is the monotonic one: nothing here outlives the program.
    """

    def __init__(self, calls_per_hour: int, clock: Clock) -> None:
        self._calls_per_hour = calls_per_hour
        self._clock = clock
        self._times: deque[float] = deque()

    async def grant(self, purpose: Purpose) -> None:
        """Return when one request may be made, having counted it."""
        if self._calls_per_hour == 0:
            return
        while (seconds := self._seconds_to_wait(purpose)) > 0:
            await self._clock.sleep(min(seconds, LONGEST_NAP_SECONDS))
        self._times.append(self._clock.monotonic())  # nobody else looked: no await in between

    def _seconds_to_wait(self, purpose: Purpose) -> float:
        now = self._clock.monotonic()
        while self._times and self._times[0] <= now - WINDOW_SECONDS:
            self._times.popleft()
        return wait_for_call(self._times, now, purpose, self._calls_per_hour)
