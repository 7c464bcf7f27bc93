"""The library's call budget."""

from __future__ import annotations

import asyncio

from unit.operations.test_calling import Clock
from uploadd.model.budget import Purpose
from uploadd.operations.library.own_budget import OwnBudget


async def test_at_most_so_many_calls_an_hour() -> None:
    """In any hour, whoever asks at the same time."""
    clock = Clock()
    start = clock.now
    budget = OwnBudget(3, clock)
    for _ in range(3):
        await budget.grant(Purpose.CALL)
    assert clock.now == start
    clock.now += 600
    await budget.grant(Purpose.CALL)
    assert clock.now == start + 3600
    await asyncio.gather(*(budget.grant(Purpose.LIVE) for _ in range(3)))
    assert clock.now == start + 7200


async def test_no_limit() -> None:
    """Nothing is counted, and memory does not grow."""
    clock = Clock()
    budget = OwnBudget(0, clock)
    start = clock.now
    for _ in range(10_000):
        await budget.grant(Purpose.CALL)
    assert clock.now == start
