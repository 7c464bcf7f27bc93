"""Writes down how fast each account sends, so that `uploadd status` can show it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from uploadd.delivery.desk import Desk
from uploadd.model.ports import Runtime
from uploadd.store import activity
from uploadd.store.store import Store

EVERY_SECONDS = 5.0


class ActivityLoop:
    """Measures every account over the last seconds; writes only what has changed."""

    def __init__(self, desks: Iterable[Desk], store: Store, runtime: Runtime) -> None:
        self._desks = list(desks)
        self._store = store
        self._clock = runtime.clock
        self._measured_at = self._clock.monotonic()
        self._spent = {desk.account.name: desk.throttle.spent for desk in self._desks}
        self._told: dict[int, int] = {}

    async def run(self, ended: asyncio.Event) -> None:
        """Measure until `ended` is set."""
        while not await self._clock.wait(ended, EVERY_SECONDS):
            news = self._news()
            if news:
                await self._store.write(activity.remember, news, self._clock.wall())
                self._told.update(news)

    def _news(self) -> dict[int, int]:
        now = self._clock.monotonic()
        seconds = max(now - self._measured_at, 0.001)
        self._measured_at = now
        rates = {desk.id: self._rate(desk, seconds) for desk in self._desks}
        return {key: rate for key, rate in rates.items() if rate != self._told.get(key, 0)}

    def _rate(self, desk: Desk, seconds: float) -> int:
        name, spent = desk.account.name, desk.throttle.spent
        before, self._spent[name] = self._spent[name], spent
        return round((spent - before) / seconds)
