"""How fast an account sends is written down, and only when that has changed."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from uploadd.delivery.activity import EVERY_SECONDS, ActivityLoop


class Ticks:
    """A clock on which every wait passes at once; `script` runs between."""

    def __init__(self, *script: Any) -> None:
        self.seconds = 0.0
        self._script = list(script)

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        if not self._script:
            return True
        self.seconds += seconds
        self._script.pop(0)()
        return False


class Notes:
    """Remembers what was written."""

    def __init__(self) -> None:
        self.rates: list[dict[int, int]] = []

    async def write(self, _work: Any, rates: dict[int, int], _now: float) -> None:
        self.rates.append(dict(rates))


async def rates_of(*spent: int) -> list[dict[int, int]]:
    """What is written where so many bytes have been sent in all at each look."""
    throttle = SimpleNamespace(spent=0)
    desk = SimpleNamespace(id=1, account=SimpleNamespace(name="me"), throttle=throttle)
    clock = Ticks(*(lambda total=total: setattr(throttle, "spent", total) for total in spent))
    notes = Notes()
    loop = ActivityLoop([desk], notes, SimpleNamespace(clock=clock))  # type: ignore[list-item, arg-type]
    await loop.run(asyncio.Event())
    return notes.rates


async def test_the_rate_is_that_of_the_last_seconds() -> None:
    """Not of the whole run."""
    every = int(EVERY_SECONDS)
    assert await rates_of(100 * every, 400 * every) == [{1: 100}, {1: 300}]


async def test_nothing_is_written_while_nothing_changes() -> None:
    """An idle account costs no write, a steady one neither; its end is told."""
    every = int(EVERY_SECONDS)
    assert await rates_of(0, 0, 0) == []
    assert await rates_of(7 * every, 14 * every, 14 * every, 14 * every) == [{1: 7}, {1: 0}]
