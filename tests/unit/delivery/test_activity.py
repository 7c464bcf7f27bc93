"""How fast an account sends is written down, and only when that has changed."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

from uploadd.delivery.activity import EVERY_SECONDS, ActivityLoop
from uploadd.delivery.waits import Waits
from uploadd.model.waits import Awaited, Wait
from uploadd.store.activity import NOTHING, Activity


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
        self.news: list[dict[int, Activity]] = []

    async def write(self, _work: Any, news: dict[int, Activity], _now: float) -> None:
        self.news.append(dict(news))


async def news_of(clock: Ticks, desk: SimpleNamespace) -> list[dict[int, Activity]]:
    """What is written while the clock's script runs."""
    notes = Notes()
    desk.id, desk.account = 1, SimpleNamespace(name="me")
    loop = ActivityLoop([desk], notes, SimpleNamespace(clock=clock))  # type: ignore[list-item, arg-type]
    await loop.run(asyncio.Event())
    return notes.news


async def rates_of(*spent: int) -> list[dict[int, int]]:
    """The rates that are written where so many bytes have been sent in all at each look."""
    throttle = SimpleNamespace(spent=0)
    clock = Ticks(*(lambda total=total: setattr(throttle, "spent", total) for total in spent))
    desk = SimpleNamespace(throttle=throttle, waits=Waits(clock))  # type: ignore[arg-type]
    news = await news_of(clock, desk)
    return [{key: one.bytes_per_second for key, one in written.items()} for written in news]


async def test_the_rate_is_that_of_the_last_seconds() -> None:
    """Not of the whole run."""
    every = int(EVERY_SECONDS)
    assert await rates_of(100 * every, 400 * every) == [{1: 100}, {1: 300}]


async def test_nothing_is_written_while_nothing_changes() -> None:
    """An idle account costs no write, a steady one neither; its end is told."""
    every = int(EVERY_SECONDS)
    assert await rates_of(0, 0, 0) == []
    assert await rates_of(7 * every, 14 * every, 14 * every, 14 * every) == [{1: 7}, {1: 0}]


class Asking:
    """A question that is put at one look, and answered at a later one."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self.waits: Waits | None = None

    def put(self) -> None:
        assert self.waits is not None
        self._open.enter_context(self.waits.on(Awaited.TICKETS))

    def answer(self) -> None:
        self._open.close()


async def waits_of(*script: str) -> list[dict[int, Activity]]:
    """What is written where these things happen at the looks."""
    asking = Asking()
    steps = {"put": asking.put, "answer": asking.answer, "": lambda: None}
    clock = Ticks(*(steps[name] for name in script))
    asking.waits = Waits(clock)  # type: ignore[arg-type]
    return await news_of(
        clock, SimpleNamespace(throttle=SimpleNamespace(spent=0), waits=asking.waits)
    )


async def test_a_reply_that_does_not_come_is_written_down_once() -> None:
    """And its end; how long it lasts follows from its begin."""
    wait = Wait(Awaited.TICKETS, EVERY_SECONDS)
    news = await waits_of("put", "", "", "", "answer", "")
    assert news == [{1: Activity(0, (wait,))}, {1: NOTHING}]


async def test_a_reply_that_comes_at_once_costs_no_write() -> None:
    """Every question is answered some time after it was put."""
    assert await waits_of("put", "answer", "put", "answer") == []
