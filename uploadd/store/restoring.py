"""Putting a backup in the place of the database, so that dying half-way loses nothing.

1. A copy is made beside (`uploadd.db.restoring.part`), checked, migrated, and marked: every account
   awaits its adoption. Dying here changes nothing.
2. It gets the name `uploadd.db.restoring`. From now on nobody opens the database: the restore has
   to be given again.
3. What is in the database's place is moved aside, file by file, into a dated directory.
4. The copy gets the database's name, and that ends it.

Whoever calls holds the deliverer's lock.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from uploadd.model.errors import StoreError, UsageError
from uploadd.store import accounts, backups, lock, older, overview
from uploadd.store.connection import DATABASE_NAME, RESTORING_NAME, migrate
from uploadd.store.inspection import wrong_row
from uploadd.store.mark import marked

ASIDE_PREFIX = "aside-"
_PART_NAME = RESTORING_NAME + ".part"


@dataclass(frozen=True, slots=True)
class Restored:
    """`aside`: where the database went that was there (None: there was none).

    `since`: from when on every account awaits its adoption (unix seconds); `accounts`: their names.
    """

    aside: Path | None
    since: float
    accounts: tuple[str, ...]


def restore(state_dir: Path, backup: Path, now: float) -> Restored:
    """Put a copy of `backup` in the place of the database (blocking, takes seconds).

    May be given again after it died half-way. Raises `UsageError`, `StoreError`.
    """
    _check_place(state_dir, backup)
    ready = state_dir / RESTORING_NAME
    part = state_dir / _PART_NAME
    try:
        was_begun = ready.exists()
        since, names = _prepare(backup, part, marked(state_dir), now)
        os.rename(part, ready)
        backups.sync_directory(state_dir)
        aside = _move_aside(state_dir, now, goes_on=was_begun)
        os.rename(ready, state_dir / DATABASE_NAME)
        backups.sync_directory(state_dir)
    except OSError as error:
        raise StoreError(
            f"the backup could not be put in place: {error.strerror}",
            "see that there is room and that this user may write there, then give it again",
        ) from None
    return Restored(aside, since, names)


def _check_place(state_dir: Path, backup: Path) -> None:
    if not backup.is_file():
        what = "is not a file" if backup.exists() else "is not there"
        raise UsageError(f"{backup} {what}", "`uploadd restore` shows the backups")
    own = (state_dir / DATABASE_NAME, state_dir / RESTORING_NAME, state_dir / _PART_NAME)
    if any(one.exists() and os.path.samefile(one, backup) for one in own):
        raise UsageError(
            f"{backup} is the database itself, not a backup", "`uploadd restore` shows the backups"
        )


def _prepare(backup: Path, part: Path, begun: int, now: float) -> tuple[float, tuple[str, ...]]:
    """A checked and marked copy at `part`, on the disk. Raises `StoreError`, `OSError`."""
    _drop(part)
    try:
        return _copied(backup, part, begun, now)
    except BaseException:
        _drop(part)
        raise


def _drop(part: Path) -> None:
    for one in (part, part.with_name(part.name + "-journal")):
        one.unlink(missing_ok=True)


def _copied(backup: Path, part: Path, begun: int, now: float) -> tuple[float, tuple[str, ...]]:
    backups.check_room(part.parent, backup)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        backups.copy(backup, part, None)
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            backups.distrust(connection)
            connection.execute("PRAGMA synchronous = FULL")
            return _mark(Database(connection), begun, now)
    except sqlite3.Error as error:
        raise StoreError(
            f"the backup {backup} cannot be used: {error}; nothing was changed",
            "`uploadd restore` shows the backups and which of them are good",
        ) from None
    except StoreError as error:
        raise StoreError(
            f"the backup {backup} cannot be used: {error.text}", error.remedy
        ) from None


def _mark(db: Database, begun: int, now: float) -> tuple[float, tuple[str, ...]]:
    if not db["jobs"].exists():
        raise StoreError("it is a database, but none of uploadd's; nothing was changed")
    migrate(db)
    # Whole: a backup's indexes may leave out what they should keep from being there twice.
    (whole,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    wrong = " ".join(str(whole).split()) if whole != "ok" else wrong_row(db)
    if wrong:
        raise StoreError(f"it holds what uploadd never wrote: {wrong}; nothing was changed")
    db.execute("BEGIN IMMEDIATE")
    since = older.last_update(db, now)
    older.doubt_all(db, since, now, begun)
    lock.remember_holder(db, None)
    db.execute("COMMIT")
    names = tuple(row.label for row in accounts.all_accounts(db) if row.label)
    earliest = overview.number_fact(db, "adopt_since")
    return since if earliest is None else earliest, names


def _move_aside(state_dir: Path, now: float, *, goes_on: bool) -> Path | None:
    """Everything that belongs to the database, into one directory. Never over anything."""
    database = state_dir / DATABASE_NAME
    # The -wal last: a database without it is at most older, a -wal alone is worth nothing.
    pieces = [database.with_name(database.name + end) for end in ("-shm", "", "-wal", "-journal")]
    pieces = [piece for piece in pieces if piece.exists()]
    if not pieces:
        return _newest_aside(state_dir) if goes_on else None
    aside = _newest_aside(state_dir) if goes_on else None
    if aside is None or any((aside / piece.name).exists() for piece in pieces):
        aside = _new_aside(state_dir, now)
    for piece in pieces:
        os.rename(piece, aside / piece.name)
    backups.sync_directory(aside)
    backups.sync_directory(state_dir)
    return aside


def _newest_aside(state_dir: Path) -> Path | None:
    found = sorted(state_dir.glob(f"{ASIDE_PREFIX}*"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def _new_aside(state_dir: Path, now: float) -> Path:
    name, number = f"{ASIDE_PREFIX}{backups.name_time(now)}", 1
    while True:
        path = state_dir / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
        else:
            return path
