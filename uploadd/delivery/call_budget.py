"""Grants the requests of one account: each is counted in the database before it is made."""

from __future__ import annotations

import structlog

from uploadd.model.budget import Budget, Purpose, limit_for
from uploadd.model.ports import Clock
from uploadd.store import calls
from uploadd.store.store import Store

log = structlog.get_logger()

LONGEST_NAP_SECONDS = 60.0


class CallBudget:
    """One account's part in the budget of its api_key.

    Only the database counts (`store/calls.py`). What is remembered here is when a refused request
    may be asked for again, so that nobody asks in vain.
    """

    def __init__(self, budget: Budget, store: Store, clock: Clock) -> None:
        self.budget = budget
        self._store = store
        self._clock = clock
        self._free_at: dict[int, float] = {}

    async def grant(self, account_id: int, purpose: Purpose) -> None:
        """Return when one request may be made, having counted it."""
        while (seconds := await self._take(account_id, purpose)) > 0:
            self.was_refused(purpose, seconds)
            log.info("call.delayed", purpose=purpose, seconds=round(seconds, 1))
            await self._clock.sleep(min(seconds, LONGEST_NAP_SECONDS))

    async def _take(self, account_id: int, purpose: Purpose) -> float:
        now = self._clock.wall()
        return await self._store.write(calls.take, self.budget, account_id, purpose, now)

    def was_refused(self, purpose: Purpose, seconds: float) -> None:
        """A request for this purpose has to wait so long."""
        limit = limit_for(purpose, self.budget.calls_per_hour)
        self._free_at[limit] = self._clock.monotonic() + seconds

    def seconds_to_wait(self, purpose: Purpose) -> float:
        """How long a request would wait now, as far as is known here."""
        limit = limit_for(purpose, self.budget.calls_per_hour)
        known = (at for other, at in self._free_at.items() if other >= limit)
        return max(0.0, max(known, default=0.0) - self._clock.monotonic())
