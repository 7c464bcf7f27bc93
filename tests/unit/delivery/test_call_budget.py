"""One budget in the database, for every account and every process with one api_key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from unit.operations.test_calling import Clock
from uploadd.delivery.call_budget import CallBudget
from uploadd.model.budget import Budget, Purpose
from uploadd.store import calls
from uploadd.store.beside import writing
from uploadd.store.connection import open_database
from uploadd.store.store import Store, one_thread

KEY = Budget("a key", 10)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store of its own."""
    with writing(tmp_path) as db:
        db.execute(
            "INSERT INTO accounts (id, identity, label, service, host, credentials_digest)"
            " VALUES (1, 'x', 'me', 'flickr', 'flickr.com', '')"
        )
    opened = Store(open_database(tmp_path), one_thread())
    yield opened
    await opened.aclose()


async def test_calls_of_others_count(store: Store, tmp_path: Path) -> None:
    """Another account with the key, and another process: the eleventh call waits for the first."""
    clock = Clock()
    mine, other = CallBudget(KEY, store, clock), CallBudget(KEY, store, clock)
    began = clock.now
    await mine.grant(1, Purpose.CALL)
    clock.now += 600
    await other.grant(2, Purpose.CALL)
    with writing(tmp_path) as db:
        for _ in range(8):
            assert calls.take(db, KEY, 3, Purpose.CALL, clock.now) == 0
    await mine.grant(1, Purpose.CALL)
    assert clock.now == began + 3600


async def test_calls_that_ask_at_once_are_granted_one_by_one(store: Store) -> None:
    """Between the question whether there is room and the count nobody else is let in."""
    clock = Clock()
    budget = CallBudget(KEY, store, clock)
    began = clock.now
    await asyncio.gather(*(budget.grant(1, Purpose.CALL) for _ in range(11)))
    assert clock.now >= began + 3600


async def test_what_was_refused_is_not_asked_again_before_its_time(store: Store) -> None:
    """A backfill's tenth is kept for others; where a question must wait, an upload must, too."""
    clock = Clock()
    budget = CallBudget(KEY, store, clock)
    budget.was_refused(Purpose.BACKFILL, 60.0)
    assert budget.seconds_to_wait(Purpose.BACKFILL) == 60.0
    assert budget.seconds_to_wait(Purpose.LIVE) == 0.0
    budget.was_refused(Purpose.LIVE, 90.0)
    clock.now += 30
    assert budget.seconds_to_wait(Purpose.BACKFILL) == budget.seconds_to_wait(Purpose.LIVE) == 60.0
