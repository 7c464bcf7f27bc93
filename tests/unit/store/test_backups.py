"""Backups: complete, checked, and made beside a database that is being written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from uploadd.model.errors import StoreError
from uploadd.store import backups, overview
from uploadd.store.backups import Backup
from uploadd.store.connection import DATABASE_NAME, open_database

NOW = 1_700_000_000.0


def always() -> bool:
    return True


def make(state_dir: Path, now: float = NOW) -> Backup:
    return backups.make(state_dir, state_dir / DATABASE_NAME, now, always)


def fill(state_dir: Path, number: int) -> None:
    """So many facts of a hundred bytes."""
    with closing(open_database(state_dir)) as db:
        db.execute("BEGIN")
        for one in range(number):
            overview.set_fact(db, f"{one:06d}", "x" * 100)
        db.execute("COMMIT")


def test_a_backup_is_one_good_file_with_its_date(tmp_path: Path) -> None:
    """No -wal and no -shm belong to it, and only its owner reads it."""
    fill(tmp_path, 100)
    made = make(tmp_path)
    assert os.listdir(made.path.parent) == [made.path.name]
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    assert backups.flaw(made.path) == ""
    assert backups.listed(tmp_path) == [made]
    with backups.read_only(made.path) as db:
        assert db.execute("SELECT value FROM facts WHERE name = 'backed_up_at'").fetchone() == (
            repr(NOW),
        )
        assert db.execute("SELECT count(*) FROM facts").fetchone() == (101,)
    assert os.listdir(made.path.parent) == [made.path.name]


def test_it_is_made_while_others_write(tmp_path: Path) -> None:
    """Commits of another connection neither stop it nor make it begin anew for ever."""
    fill(tmp_path, 100_000)
    ended = threading.Event()
    commits = 0

    def write() -> None:
        nonlocal commits
        with closing(open_database(tmp_path)) as db:
            while not ended.is_set():
                overview.set_fact(db, "busy", str(commits))
                commits += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = make(tmp_path)
    finally:
        ended.set()
        writer.join()
    assert commits > 0
    assert backups.flaw(made.path) == ""


def test_it_is_given_up_when_uploadd_ends(tmp_path: Path) -> None:
    """And leaves nothing behind."""
    fill(tmp_path, 100_000)
    answers = iter([True, True, False, False, False])
    with pytest.raises(backups.StoppedError):
        backups.make(tmp_path, tmp_path / DATABASE_NAME, NOW, lambda: next(answers))
    assert os.listdir(backups.directory_of(tmp_path)) == []


def test_what_a_crash_left_is_written_over(tmp_path: Path) -> None:
    """A half copy has no name that counts."""
    fill(tmp_path, 10)
    backups.directory_of(tmp_path).mkdir()
    (backups.directory_of(tmp_path) / "uploadd.db.part").write_bytes(b"half")
    (backups.directory_of(tmp_path) / "uploadd.db.part-journal").write_bytes(b"half")
    assert backups.listed(tmp_path) == []
    made = make(tmp_path)
    assert os.listdir(made.path.parent) == [made.path.name]


def test_a_damaged_database_makes_no_backup(tmp_path: Path) -> None:
    """It would push the good ones out."""
    fill(tmp_path, 5000)
    good = make(tmp_path)
    path = tmp_path / DATABASE_NAME
    with open(path, "r+b") as file:
        file.seek(4096 * 40)
        file.write(os.urandom(4096 * 20))
    with pytest.raises(StoreError, match="backup"):
        make(tmp_path)
    assert backups.listed(tmp_path) == [good]


def test_no_room_is_a_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database matters more than its copy."""
    fill(tmp_path, 10)
    monkeypatch.setattr(backups, "SPARE_BYTES", 10**18)
    with pytest.raises(StoreError, match="MB are free"):
        make(tmp_path)
    assert os.listdir(backups.directory_of(tmp_path)) == []


def test_a_directory_that_cannot_be_made_is_a_clear_line(tmp_path: Path) -> None:
    """A file lies in its place."""
    fill(tmp_path, 10)
    backups.directory_of(tmp_path).write_text("in the way")
    with pytest.raises(StoreError, match="daily backup"):
        make(tmp_path)


@pytest.mark.parametrize(
    ("age", "is_due"),
    [(None, True), (0.0, False), (86399.0, False), (86400.0, True), (-1.0, True), (-1e9, True)],
)
def test_when_a_backup_is_due(age: float | None, is_due: bool) -> None:
    """One from the future says that a clock was wrong."""
    newest = None if age is None else Backup(Path("x"), 1, NOW - age)
    assert backups.is_due(newest, NOW) is is_due


def test_foreign_files_are_no_backups(tmp_path: Path) -> None:
    """And stay where they are."""
    fill(tmp_path, 10)
    directory = backups.directory_of(tmp_path)
    directory.mkdir()
    for name in ("uploadd.db", "uploadd-1-x.db", "uploadd-000001-20231399T000000Z.db", "notes"):
        (directory / name).write_text("mine")
    assert backups.listed(tmp_path) == []
    for day in range(9):
        make(tmp_path, NOW + day * 86400.0)
    assert len(os.listdir(directory)) == 4 + backups.KEPT


def test_the_newest_good_one_is_found(tmp_path: Path) -> None:
    """A damaged one is passed over."""
    fill(tmp_path, 10)
    first, second = make(tmp_path), make(tmp_path)
    assert backups.newest_good(tmp_path) == second.path
    second.path.write_bytes(b"garbage" * 1000)
    assert backups.flaw(second.path)
    assert backups.newest_good(tmp_path) == first.path
    first.path.unlink()
    assert backups.newest_good(tmp_path) is None


def test_a_backup_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    """Its header would want a -shm beside it, were it in WAL mode."""
    fill(tmp_path, 10)
    made = make(tmp_path)
    assert made.path.read_bytes()[18:20] == b"\x01\x01"
    with backups.read_only(made.path) as db, pytest.raises(sqlite3.OperationalError):
        db.execute("DELETE FROM facts")


def test_after_a_backup_the_database_is_still_ours(tmp_path: Path) -> None:
    """Another process that opens and closes it does not take away the log that we write to."""
    look = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]);"
        " db.execute('SELECT * FROM facts').fetchall(); db.close()"
    )
    path = tmp_path / DATABASE_NAME
    with closing(open_database(tmp_path)) as ours:
        overview.set_fact(ours, "before", "1")
        make(tmp_path)
        subprocess.run([sys.executable, "-c", look, str(path)], check=True, timeout=30)
        assert path.with_name(path.name + "-wal").exists()
        overview.set_fact(ours, "after", "1")
        with closing(sqlite3.connect(path)) as theirs:
            found = theirs.execute("SELECT value FROM facts WHERE name = 'after'").fetchone()
        assert found == ("1",)
