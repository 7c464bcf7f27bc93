"""Group commit: what is told to a caller is on the disk, and one failure harms no neighbour."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from uploadd.model.errors import StoreError
from uploadd.store import overview
from uploadd.store.connection import DATABASE_NAME, open_database
from uploadd.store.store import Store, one_thread


class HandWorker:
    """Runs the store's work when the test says so."""

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []

    def submit(self, work: Callable[[], None], /) -> None:
        self.work.append(work)

    def run(self) -> None:
        while self.work:
            self.work.pop(0)()

    def shutdown(self) -> None:
        self.run()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store on its own thread."""
    opened = Store(open_database(tmp_path), one_thread())
    yield opened
    await opened.aclose()


def put(db: Database, name: str, text: str) -> None:
    """An operation."""
    overview.set_fact(db, name, text)


def put_and_fail(db: Database, name: str) -> None:
    """An operation that fails after it wrote."""
    overview.set_fact(db, name, "half")
    raise LookupError("no")


async def test_a_write_is_seen_by_others_once_it_returned(store: Store, tmp_path: Path) -> None:
    """It was committed, not only executed."""
    await store.write(put, "a", "1")
    with sqlite3.connect(tmp_path / DATABASE_NAME) as other:
        assert other.execute("SELECT value FROM facts WHERE name = 'a'").fetchone() == ("1",)
    other.close()


async def test_a_failing_operation_undoes_only_itself(tmp_path: Path) -> None:
    """All three run in one group; the middle one fails."""
    worker = HandWorker()
    store = Store(open_database(tmp_path), worker)
    waiting = [
        asyncio.ensure_future(store.write(put, "a", "1")),
        asyncio.ensure_future(store.write(put_and_fail, "b")),
        asyncio.ensure_future(store.write(put, "c", "3")),
    ]
    await asyncio.sleep(0)
    worker.run()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[1], LookupError)
    facts = []
    for name in "abc":
        reading = asyncio.ensure_future(store.read(overview.fact, name))
        await asyncio.sleep(0)
        worker.run()
        facts.append(await reading)
    assert facts == ["1", None, "3"]
    closing = asyncio.ensure_future(store.aclose())
    await asyncio.sleep(0)
    worker.run()
    await closing


async def test_what_gathers_is_committed_together(tmp_path: Path) -> None:
    """Fifty writes, one COMMIT."""
    worker = HandWorker()
    db = open_database(tmp_path)
    commits: list[str] = []
    db.conn.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    store = Store(db, worker)
    waiting = [asyncio.ensure_future(store.write(put, str(n), "x")) for n in range(50)]
    await asyncio.sleep(0)
    worker.run()
    await asyncio.gather(*waiting)
    assert len(commits) == 1
    db.conn.set_trace_callback(None)
    closing = asyncio.ensure_future(store.aclose())
    await asyncio.sleep(0)
    worker.run()
    await closing


async def test_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    """An error of ours, not of SQLite."""
    store = Store(open_database(tmp_path), one_thread())
    await store.aclose()
    with pytest.raises(StoreError):
        await store.write(put, "a", "1")


def test_the_database_is_durable_and_private(tmp_path: Path) -> None:
    """WAL, FULL, foreign keys, and a file for its owner alone."""
    db = open_database(tmp_path / "state")
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert (tmp_path / "state" / DATABASE_NAME).stat().st_mode & 0o077 == 0
    db.close()


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """One clear line, and nothing is changed."""
    db = open_database(tmp_path)
    db["_sqlite_migrations"].insert(  # type: ignore[union-attr]
        {"migration_set": "uploadd", "name": "from_the_future", "applied_at": "later"}
    )
    db.close()
    with pytest.raises(StoreError, match="newer uploadd"):
        open_database(tmp_path)


def test_a_damaged_database_is_a_clear_line(tmp_path: Path) -> None:
    """Not a traceback of SQLite's."""
    (tmp_path / DATABASE_NAME).write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(StoreError, match="is damaged: file is not a database; nothing was thrown"):
        open_database(tmp_path)


async def test_a_store_that_nobody_writes_to_is_untouched(store: Store, tmp_path: Path) -> None:
    """Asked twice a second: an idle daemon would ask the database for nothing else."""
    log = tmp_path / f"{DATABASE_NAME}-wal"
    await store.write(put, "a", "1")
    assert not store.is_untouched()
    assert not store.is_untouched()  # another commit at this very moment could look the same
    os.utime(log, (0, 0))
    assert not store.is_untouched()
    assert store.is_untouched()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as other:
        other.execute("INSERT INTO facts VALUES ('b', '2')")
    other.close()
    assert not store.is_untouched()


async def test_a_store_without_a_log_may_have_been_written_to(tmp_path: Path) -> None:
    """Then the database is asked."""
    store = Store(open_database(tmp_path), one_thread())
    (tmp_path / f"{DATABASE_NAME}-wal").unlink()
    assert not store.is_untouched()
    assert not store.is_untouched()
    await store.aclose()
