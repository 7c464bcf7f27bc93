"""Grants requests: at most `calls_per_hour` in any 3,600 s for one api_key, over restarts too."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

import structlog
from sqlite_utils import Database

from uploadd.model.budget import WINDOW_SECONDS, Purpose, wait_for_call
from uploadd.model.ports import Clock
from uploadd.store import calls
from uploadd.store.store import Store

log = structlog.get_logger()

LONGEST_NAP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Granted:
    """One request that may be made, and whose budget it comes from."""

    budget: str
    account_id: int
    at: float


def note(db: Database, granted: Granted) -> None:
    """Count a granted request, in the caller's own commit."""
    calls.add(db, granted.budget, granted.account_id, granted.at)


class CallBudget:
    """The budget of one api_key, shared by every account that uses it."""

    def __init__(self, name: str, calls_per_hour: int, store: Store, clock: Clock) -> None:
        self._name = name
        self._calls_per_hour = calls_per_hour
        self._store = store
        self._clock = clock
        self._times: deque[float] | None = None
        self._loading = asyncio.Lock()
        self.waiting = 0
        self.granted = 0

    async def grant(self, account_id: int, purpose: Purpose) -> None:
        """Return when one request may be made, having counted it in the database."""
        granted = await self.take(account_id, purpose)
        await self._store.write(note, granted)

    async def take(self, account_id: int, purpose: Purpose) -> Granted:
        """Return when one request may be made. It must be given to `note` before it is made."""
        await self._load()
        while (seconds := self._seconds_to_wait(purpose)) > 0:
            log.info("call.delayed", purpose=purpose, seconds=round(seconds, 1))
            self.waiting += 1
            try:
                await self._clock.sleep(min(seconds, LONGEST_NAP_SECONDS))
            finally:
                self.waiting -= 1
        return self._count(account_id)

    async def take_now(self, account_id: int, purpose: Purpose) -> Granted | None:
        """`take` where one request may be made at this moment, else None."""
        await self._load()
        return None if self._seconds_to_wait(purpose) > 0 else self._count(account_id)

    def _count(self, account_id: int) -> Granted:
        now = self._clock.wall()
        self._memory.append(now)  # before anybody else can look: no await in between
        self.granted += 1
        return Granted(self._name, account_id, now)

    def used(self) -> int:
        """How many requests were granted in the last hour."""
        self._forget(self._clock.wall())
        return len(self._memory) if self._times is not None else 0

    def seconds_to_wait(self, purpose: Purpose) -> float:
        """How long a request for this purpose would wait now; 0 before the first grant."""
        return self._seconds_to_wait(purpose) if self._times is not None else 0.0

    @property
    def _memory(self) -> deque[float]:
        return self._times if self._times is not None else deque()

    async def learn(self) -> None:
        """Another process wrote to the database: perhaps it made calls (`uploadd adopt`)."""
        if self._times is None:
            return
        made = await self._store.read(calls.times, self._name, self._clock.wall())
        # What was granted here and is not committed yet counts as well.
        ours = Counter(self._memory) - Counter(made)
        self._times = deque(sorted((*made, *ours.elements())))

    def shift(self, step: float) -> None:
        """The wall clock was set by `step` seconds: the hour is measured by the uptime."""
        self._times = None if self._times is None else deque(at + step for at in self._times)

    async def _load(self) -> None:
        async with self._loading:
            if self._times is None:
                made = await self._store.write(calls.since, self._name, self._clock.wall())
                self._times = deque(made)

    def _seconds_to_wait(self, purpose: Purpose) -> float:
        now = self._clock.wall()
        self._forget(now)
        return wait_for_call(self._memory, now, purpose, self._calls_per_hour)

    def _forget(self, now: float) -> None:
        while self._memory and self._memory[0] <= now - WINDOW_SECONDS:
            self._memory.popleft()
        # The clock was set back: those calls count from now on, not until it gets there again.
        if self._memory and self._memory[-1] > now:
            self._times = deque(min(at, now) for at in self._memory)
