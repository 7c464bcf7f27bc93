"""Copies of the database in STATE_DIR/backups, by SQLite's own online backup.

A copy is one plain file that is complete in itself. It is written beside, checked, brought to the
disk, and only then named: whatever has the name of a backup is one. The number in the name says
which is the newest; the time beside it may come from a clock that was wrong.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from uploadd.model.errors import StoreError
from uploadd.store import shape, statements
from uploadd.store.inspection import wrong_row

DIRECTORY_NAME = "backups"
KEPT = 7
DAY_SECONDS = 86400.0
# So much stays free for the database itself, which matters more.
SPARE_BYTES = 32 * 1024 * 1024
# 4 MB a step, each brought to the disk before the next: a commit beside it waits for no more.
PAGES_A_STEP = 1000
INSTRUCTIONS_A_LOOK = 100_000

_NAME = re.compile(r"uploadd-(\d{6,})-(\d{8}T\d{6})Z\.db")
_TIME = "%Y%m%dT%H%M%S"
_PART_NAME = "uploadd.db.part"


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy. `number` counts up; `at`: when it was begun (unix seconds, by the clock then)."""

    path: Path
    number: int
    at: float


class StoppedError(Exception):
    """A copy was given up because uploadd ends."""


def directory_of(state_dir: Path) -> Path:
    """Where the backups of a state directory are."""
    return state_dir / DIRECTORY_NAME


def listed(state_dir: Path) -> list[Backup]:
    """Every backup, the newest first. Empty where the directory cannot be read."""
    try:
        names = os.listdir(directory_of(state_dir))
    except OSError:
        return []
    found = [backup for name in names if (backup := _backup_of(directory_of(state_dir) / name))]
    return sorted(found, key=lambda backup: backup.number, reverse=True)


def is_due(newest: Backup | None, now: float) -> bool:
    """Whether another one is to be made. One from the future says that a clock was wrong."""
    return newest is None or not 0 <= now - newest.at < DAY_SECONDS


def make(state_dir: Path, database: Path, now: float, is_wanted: Callable[[], bool]) -> Backup:
    """Copy `database`, and drop the oldest copies (blocking, takes seconds).

    Raises `StoreError` where that did not work, `StoppedError` as soon as `is_wanted` says no.
    Beside it, the database is read and written as ever.
    """
    directory = directory_of(state_dir)
    part = directory / _PART_NAME
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        _drop(part)
        check_room(directory, database)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        copy(database, part, now, is_wanted, is_live=True)
        known = listed(state_dir)
        made = _named(directory, known[0].number + 1 if known else 1, now)
        os.rename(part, made.path)
        sync_directory(directory)
        for old in listed(state_dir)[KEPT:]:
            _drop(old.path)
    except (OSError, ValueError, OverflowError, sqlite3.Error) as error:
        raise StoreError(
            f"the daily backup in {directory} did not work: {_text(error)}",
            "the uploads go on; see that there is room, and that this user may write there",
        ) from None
    finally:
        with suppress(OSError):
            _drop(part)
    return made


def copy(
    source: Path,
    target: Path,
    now: float | None,
    is_wanted: Callable[[], bool] = lambda: True,
    *,
    is_live: bool = False,
) -> None:
    """Copy the database `source` into the empty file `target`, check it, bring it to the disk.

    `now`: noted in the copy as its date (unix seconds; None: not noted). `is_live`: others have it
    open. Raises `OSError`, `sqlite3.Error`, `StoppedError`, and `ForeignError` for one that is not
    built as our migrations build it.
    """
    with read_only(source, is_live=is_live) as theirs, closing(_connect(target)) as ours:
        _copy_pages(theirs, ours, target, is_wanted)
        shape.check(Database(ours))  # before any of its own words are obeyed, in a check even
        ours.execute("PRAGMA journal_mode = DELETE")
        if now is not None:
            ours.execute(statements.SET_FACT, ("backed_up_at", repr(now)))
        wrong = _quick_check(ours, is_wanted)
        if wrong:
            raise sqlite3.DatabaseError(
                f"the copy is damaged ({wrong}), and so may be the database"
            )
    _sync(target)


def flaw(path: Path) -> str:
    """What is wrong with a backup; empty where it is good (blocking, takes a second or two)."""
    try:
        with read_only(path) as db:
            shape.check(Database(db))
            wrong = _quick_check(db, lambda: True)
            if not wrong and "jobs" not in Database(db).table_names():
                return "it is empty"
            return wrong or wrong_row(Database(db))
    except (StoreError, sqlite3.Error, OSError) as error:
        return _text(error)


def newest_good(state_dir: Path) -> Path | None:
    """The newest backup that is whole, or None (blocking)."""
    return next((one.path for one in listed(state_dir) if not flaw(one.path)), None)


def contents(path: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    """A backup's jobs by state, and the names of its accounts. Raises `sqlite3.Error`."""
    with read_only(path) as db:
        labels = tuple(row[0] for row in db.execute(statements.LABELS))
        return dict(db.execute(statements.COUNTS)), labels


@contextmanager
def read_only(path: Path, *, is_live: bool = False) -> Iterator[sqlite3.Connection]:
    """A database file, opened so that nothing of it changes. Raises `sqlite3.Error`, `OSError`.

    `is_live`: others may have it open, and write.
    """
    if not is_live:
        # Says better than SQLite why it cannot be read. Never for a database that this process has
        # open: closing any descriptor of a file gives up all locks that the process has on it, and
        # the next command would take the deliverer for dead and delete its log from under it.
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    # A file that is complete in itself may lie where nothing can be written, a CD for instance.
    wal = path.with_name(path.name + "-wal")
    mode = "ro" if is_live or wal.exists() else "ro&immutable=1"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
        distrust(db)
        yield db


def distrust(db: sqlite3.Connection) -> None:
    """Let nothing that the database's own words call have an effect outside of it.

    And let SQLite look closer at each page.
    """
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")


def sync_directory(directory: Path) -> None:
    """Bring the names in a directory to the disk."""
    _sync(directory)


def name_time(at: float) -> str:
    """A time as it stands in names: UTC, and sorts."""
    return datetime.fromtimestamp(at, UTC).strftime(_TIME) + "Z"


def _copy_pages(
    theirs: sqlite3.Connection,
    ours: sqlite3.Connection,
    target: Path,
    is_wanted: Callable[[], bool],
) -> None:
    descriptor = os.open(target, os.O_RDWR | os.O_CLOEXEC)

    def after_step(_status: int, _remaining: int, _total: int) -> None:
        if not is_wanted():
            raise StoppedError
        os.fdatasync(descriptor)

    try:
        # One transaction: commits meanwhile would make the copy begin anew each time.
        theirs.execute("BEGIN")
        theirs.execute(statements.BEGIN_TO_READ).fetchone()
        theirs.backup(ours, pages=PAGES_A_STEP, progress=after_step, sleep=0)
        theirs.execute("ROLLBACK")
    finally:
        os.close(descriptor)


def _quick_check(db: sqlite3.Connection, is_wanted: Callable[[], bool]) -> str:
    db.set_progress_handler(lambda: not is_wanted(), INSTRUCTIONS_A_LOOK)
    try:
        row = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        if not is_wanted():
            raise StoppedError from None
        raise
    finally:
        db.set_progress_handler(None, 0)
    return "" if row[0] == "ok" else " ".join(str(row[0]).split())


def check_room(directory: Path, database: Path) -> None:
    """Raise `OSError` where a copy of `database` in `directory` would leave too little room."""
    there = os.statvfs(directory)
    free = there.f_bavail * there.f_frsize
    needed = database.stat().st_size + SPARE_BYTES
    if free < needed:
        megabytes = f"{free // 10**6} MB are free, {needed // 10**6} MB are wanted"
        raise OSError(28, f"{megabytes} (the database matters more)")


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    distrust(db)
    db.execute("PRAGMA synchronous = OFF")  # it counts only once all of it is on the disk
    return db


def _backup_of(path: Path) -> Backup | None:
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    try:
        at = datetime.strptime(found[2], _TIME).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return Backup(path, int(found[1]), at)


def _named(directory: Path, number: int, now: float) -> Backup:
    return Backup(directory / f"uploadd-{number:06d}-{name_time(now)}.db", number, now)


def _drop(path: Path) -> None:
    for one in (path, *(path.with_name(path.name + end) for end in ("-journal", "-wal", "-shm"))):
        one.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _text(error: Exception) -> str:
    if isinstance(error, StoreError):
        return error.text
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
