"""Damage is found before anything is delivered, and the line says what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from uploadd.model.errors import StoreError
from uploadd.store import backups, health, lock, older, overview
from uploadd.store.connection import DATABASE_NAME, RESTORING_NAME, open_database
from uploadd.store.mark import MARK_NAME, Mark, marked, open_mark
from uploadd.store.store import Store, one_thread

NOW = 1_700_000_000.0


def fill(state_dir: Path) -> None:
    """A database of some size, with one begun send."""
    with closing(open_database(state_dir)) as db:
        db.execute("BEGIN")
        for one in range(5000):
            overview.set_fact(db, f"{one:06d}", "x" * 100)
        older.count_send(db, NOW)
        db.execute("COMMIT")
        health.examine(db, state_dir, NOW).close()


def start(state_dir: Path) -> None:
    """What a deliverer does first."""
    with closing(open_database(state_dir)) as db:
        health.examine(db, state_dir, NOW).close()


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def shorter(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def scratch(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(4096 * 40)
        file.write(b"\xff" * 4096 * 10)


def only_wal(path: Path) -> None:
    path.with_name(path.name + "-wal").write_bytes(b"what was written last")
    path.unlink()


@pytest.mark.parametrize("damage", [garbage, shorter, empty, scratch, only_wal])
@pytest.mark.parametrize("has_backup", [True, False])
def test_damage_is_told_with_its_remedy(
    tmp_path: Path, damage: Callable[[Path], None], has_backup: bool
) -> None:
    """The exact command where there is a backup; and nothing was touched."""
    fill(tmp_path)
    path = tmp_path / DATABASE_NAME
    backup = backups.make(tmp_path, path, NOW, lambda: True) if has_backup else None
    damage(path)
    files = {one: one.read_bytes() for one in tmp_path.iterdir() if one.is_file()}
    with pytest.raises(StoreError) as told:
        start(tmp_path)
    assert "damaged" in told.value.text
    assert "nothing was thrown away" in told.value.text
    assert "\n" not in str(told.value)
    if backup:
        assert f"`uploadd restore {backup.path}`" in told.value.remedy
    else:
        assert "aside" in told.value.remedy
    assert all(
        one.read_bytes() == text for one, text in files.items() if text and "-shm" not in one.name
    )


def test_an_interrupted_restore_is_told(tmp_path: Path) -> None:
    """Nobody makes a new database meanwhile."""
    fill(tmp_path)
    (tmp_path / DATABASE_NAME).rename(tmp_path / RESTORING_NAME)
    with pytest.raises(StoreError, match="restore BACKUP` again"):
        start(tmp_path)
    assert not (tmp_path / DATABASE_NAME).exists()


def test_an_empty_file_of_a_first_start_is_no_damage(tmp_path: Path) -> None:
    """A crash right after it was made leaves that."""
    (tmp_path / DATABASE_NAME).touch()
    start(tmp_path)
    with closing(open_database(tmp_path)) as db:
        assert "jobs" in db.table_names()


def test_a_large_database_is_checked_after_an_unclean_end_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the daily backup checks it."""
    fill(tmp_path)
    monkeypatch.setattr(health, "SMALL_BYTES", 1000)
    checks: list[Database] = []
    monkeypatch.setattr(health, "damage", lambda db: checks.append(db) or "")
    start(tmp_path)
    assert not checks
    with closing(open_database(tmp_path)) as db:
        lock.remember_holder(db, lock.Holder(1, "run", NOW))
    start(tmp_path)
    assert checks


def test_the_mark_follows_the_commits(tmp_path: Path) -> None:
    """It is raised by each, and lowered by none."""
    mark = open_mark(tmp_path)
    for begun in (1, 5, 3):
        mark.note(begun)
    mark.close()
    mark.close()
    assert marked(tmp_path) == 5
    assert (tmp_path / MARK_NAME).stat().st_mode & 0o777 == 0o600


async def test_the_store_notes_a_send_before_it_is_told_of(tmp_path: Path) -> None:
    """Whoever sends afterwards has the mark behind them."""
    db = open_database(tmp_path)
    store = Store(db, one_thread(), health.examine(db, tmp_path, NOW))
    for number in range(1, 4):
        await store.write(older.count_send, NOW)
        assert marked(tmp_path) == number
    await store.aclose()


def test_a_full_disk_stops_no_mark(tmp_path: Path) -> None:
    """A mark that cannot be written is given up, with a line in the log."""
    descriptor = os.open(tmp_path, os.O_RDONLY)  # a directory: nothing is written there
    mark = Mark(descriptor, 0)
    mark.note(1)
    mark.note(2)
    assert mark.begun == 2


@pytest.mark.parametrize("behind", [-1, 0, 1])
def test_only_an_older_database_is_doubted(tmp_path: Path, behind: int) -> None:
    """The same number, or a higher one after a crash, is as it should be."""
    fill(tmp_path)
    with closing(open_database(tmp_path)) as db:
        assert older.notice(db, Mark(None, 1 + behind), NOW) == (
            max(0.0, NOW - 86400.0) if behind > 0 else None
        )
        assert older.sends_begun(db) == max(1, 1 + behind)


def test_a_clock_that_was_ahead_makes_everything_doubtful(tmp_path: Path) -> None:
    """Its last change lies in the future: from when on it lacks something, nobody knows."""
    fill(tmp_path)
    with closing(open_database(tmp_path)) as db:
        assert older.last_update(db, NOW - 1.0) == 0.0
        assert older.last_update(db, NOW + 1.0) == NOW - 86400.0


async def test_a_full_disk_in_mid_run_is_a_clear_line(tmp_path: Path) -> None:
    """Nothing of the group happened, and what was committed before stands."""
    db = open_database(tmp_path)
    store = Store(db, one_thread())
    await store.write(overview.set_fact, "a", "1")
    await store.read(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
    with pytest.raises(StoreError) as told:
        await store.write(overview.set_fact, "b", "x" * 100_000)
    assert str(tmp_path / DATABASE_NAME) in told.value.text
    assert "nothing is lost" in told.value.remedy
    await store.aclose()
    with closing(open_database(tmp_path)) as again:
        assert (overview.fact(again, "a"), overview.fact(again, "b")) == ("1", None)


def test_a_copy_with_another_wal_is_no_way_to_lose(tmp_path: Path) -> None:
    """The -wal of a newer database beside an older copy: found, or noticed by the mark."""
    fill(tmp_path)
    copy = tmp_path / "copy"
    shutil.copy(tmp_path / DATABASE_NAME, copy)
    with closing(open_database(tmp_path)) as db:
        older.count_send(db, NOW)
        mark = open_mark(tmp_path)
        mark.note(older.sends_begun(db))
        mark.close()
        wal = (tmp_path / f"{DATABASE_NAME}-wal").read_bytes()
    shutil.copy(copy, tmp_path / DATABASE_NAME)
    (tmp_path / f"{DATABASE_NAME}-wal").write_bytes(wal)
    with closing(open_database(tmp_path)) as db:
        health.examine(db, tmp_path, NOW).close()
        assert older.sends_begun(db) == 2
