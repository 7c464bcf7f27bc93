"""Writes down what each account does, so that `uploadd status` can show it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from uploadd.delivery.desk import Desk
from uploadd.model.ports import Runtime
from uploadd.store import activity
from uploadd.store.activity import Activity
from uploadd.store.store import Store

EVERY_SECONDS = 5.0
# A reply that comes within this is not worth a commit.
NOTABLE_SECONDS = 5.0


class ActivityLoop:
    """Measures every account over the last seconds; writes only what has changed."""

    def __init__(self, desks: Iterable[Desk], store: Store, runtime: Runtime) -> None:
        self._desks = list(desks)
        self._store = store
        self._clock = runtime.clock
        self._measured_at = self._clock.monotonic()
        self._spent = {desk.account.name: desk.throttle.spent for desk in self._desks}
        self._told: dict[int, Activity] = {}

    async def run(self, ended: asyncio.Event) -> None:
        """Measure until `ended` is set."""
        while not await self._clock.wait(ended, EVERY_SECONDS):
            news = self._news()
            if news:
                await self._store.write(activity.remember, news, self._clock.wall())
                self._told.update(news)

    def _news(self) -> dict[int, Activity]:
        now = self._clock.monotonic()
        seconds = max(now - self._measured_at, 0.001)
        self._measured_at = now
        found = {desk.id: self._activity(desk, seconds) for desk in self._desks}
        return {
            key: one for key, one in found.items() if one != self._told.get(key, activity.NOTHING)
        }

    def _activity(self, desk: Desk, seconds: float) -> Activity:
        name, spent = desk.account.name, desk.throttle.spent
        before, self._spent[name] = self._spent[name], spent
        rate = round((spent - before) / seconds)
        return Activity(rate, desk.waits.longer_than(NOTABLE_SECONDS))
