"""The budget's memory and the database, which other processes write to as well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from uploadd.delivery.call_budget import CallBudget, note
from uploadd.model.budget import Purpose
from uploadd.runtime import RealClock
from uploadd.store import calls
from uploadd.store.beside import writing
from uploadd.store.connection import open_database
from uploadd.store.store import Store, one_thread


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


async def test_calls_of_another_process_are_learned(store: Store, tmp_path: Path) -> None:
    """Each once, however often it is told; and none of its own is lost or counted twice."""
    clock = RealClock()
    budget = CallBudget("b", 10, store, clock)
    await budget.grant(1, Purpose.CALL)
    not_committed_yet = await budget.take(1, Purpose.CALL)
    with writing(tmp_path) as db:
        for _ in range(5):
            calls.add(db, "b", 1, clock.wall())
    await budget.learn()
    await budget.learn()
    assert budget.used() == 7
    await store.write(note, not_committed_yet)
    await asyncio.gather(budget.learn(), budget.grant(1, Purpose.CALL))
    assert budget.used() == 8
    assert budget.seconds_to_wait(Purpose.CALL) == 0
    with writing(tmp_path) as db:
        for _ in range(2):
            calls.add(db, "b", 1, clock.wall())
    await budget.learn()
    assert budget.seconds_to_wait(Purpose.CALL) > 3000


async def test_before_the_first_call_there_is_nothing_to_learn(store: Store) -> None:
    """It is read when it is needed."""
    budget = CallBudget("b", 10, store, RealClock())
    await budget.learn()
    assert budget.used() == 0
