"""Opening the database: one file, WAL, every commit on disk before it is believed."""

from __future__ import annotations

import os
import shlex
import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database

from uploadd.model.errors import StoreError
from uploadd.store import backups, shape
from uploadd.store.mark import marked
from uploadd.store.schema import MIGRATIONS
from uploadd.store.shape import ForeignError

DATABASE_NAME = "uploadd.db"
# A restored database, complete and checked, that has not taken its place yet.
RESTORING_NAME = "uploadd.db.restoring"
BUSY_SECONDS = 30.0

FULL_REMEDY = (
    "free some space on that disk and start again; nothing is lost, and what was being sent is"
    " looked up first"
)
READ_ONLY_REMEDY = (
    "make the state directory and its disk writable for this user, then start again; nothing is"
    " lost"
)
MEANINGS = (
    ("disk is full", FULL_REMEDY),
    ("readonly", READ_ONLY_REMEDY),
    ("read-only", READ_ONLY_REMEDY),
    ("disk I/O error", "see what the kernel says of that disk (dmesg), and that it has room"),
    ("unable to open", "check that the state directory exists and belongs to this user"),
    ("locked", "another program holds it; stop that program and start again"),
)
SIGNS_OF_DAMAGE = ("malformed", "not a database", "damaged", "database corruption")


def open_database(state_dir: Path) -> Database:
    """Open (and make or migrate) the database of `state_dir`. Raises `StoreError`."""
    path = state_dir / DATABASE_NAME
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        _refuse_ruins(state_dir)
        return _opened(path)
    except OSError as error:
        raise StoreError(
            f"the state directory {state_dir} cannot be used: {error.strerror}",
            "make it writable for this user, or set state_dir to another place",
        ) from None
    except ForeignError as error:
        raise tampered(error, path) from None
    except sqlite3.Error as error:
        raise store_error(error, path) from None


def open_for_reading(state_dir: Path) -> Database | None:
    """Open the database beside a running daemon, to read. None where there is none yet."""
    if not (state_dir / DATABASE_NAME).exists() and not (state_dir / RESTORING_NAME).exists():
        return None
    return open_database(state_dir)


def store_error(error: sqlite3.Error, path: Path | None = None) -> StoreError:
    """The line a person gets for an SQLite error: what it means, and what to do."""
    text = str(error)
    if any(sign in text for sign in SIGNS_OF_DAMAGE):
        return damaged(text, path)
    where = f"the database {path}" if path else "the database"
    if path is not None and "unable to open" in text and not os.access(path.parent, os.W_OK):
        return StoreError(f"{where} cannot be used: its directory is read-only", READ_ONLY_REMEDY)
    remedy = next((remedy for sign, remedy in MEANINGS if sign in text), "")
    return StoreError(f"{where} cannot be used: {text}", remedy)


def damaged(what: str, path: Path | None = None) -> StoreError:
    """The line for a damaged database, with the command that brings back the newest good backup.

    `path`: the database; None where the place is not known. May take seconds: it checks backups.
    """
    if path is None:
        remedy = "stop uploadd; `uploadd restore` shows the backups"
        return StoreError(f"the database is damaged: {what}; nothing was thrown away", remedy)
    good = backups.newest_good(path.parent)
    text = f"the database {path} is damaged: {what}; nothing was thrown away"
    if good is not None:
        command = f"`uploadd restore {shlex.quote(str(good))}`"
        return StoreError(text, f"{command} puts the newest good backup in its place")
    place = shlex.quote(str(path.parent))
    aside = f"`cd {place} && mkdir -p aside && mv {path.name}* aside/`"
    return StoreError(
        text,
        f"there is no good backup: put it aside with {aside} and start again; then everything is"
        " looked up on the service before it is sent",
    )


def tampered(foreign: ForeignError, path: Path) -> StoreError:
    """The line for a database that holds what uploadd never made, with the command that helps."""
    told = f"the database {path} holds what uploadd never made: {foreign.told}; nothing was changed"
    remedies = []
    good = backups.newest_good(path.parent)
    if good is not None:
        command = f"`uploadd restore {shlex.quote(str(good))}`"
        remedies.append(f"{command} puts the newest good backup in its place")
    if foreign.thing:
        drop = shlex.quote(f"DROP {foreign.thing}")
        command = f"`sqlite3 {shlex.quote(str(path))} {drop}`"
        remedies.append(f"{command} takes it away, if you know who made it")
    return StoreError(told, "; ".join(remedies) or "`uploadd restore` shows the backups")


def _refuse_ruins(state_dir: Path) -> None:
    """Raise `StoreError` for what SQLite would take for a new database, and make one of it."""
    path = state_dir / DATABASE_NAME
    if (state_dir / RESTORING_NAME).exists():
        raise StoreError(
            f"a restore of {path} was begun and not finished; nothing was thrown away",
            "give `uploadd restore BACKUP` again; without BACKUP it shows what there is",
        )
    wal = path.with_name(path.name + "-wal")
    has_wal = wal.exists() and wal.stat().st_size > 0
    if path.exists():
        is_empty = path.stat().st_size == 0
        if is_empty and (has_wal or marked(state_dir) or backups.listed(state_dir)):
            raise damaged("it is empty", path)
    elif has_wal:
        raise damaged(f"it is gone, and {wal.name} alone is left", path)


def _opened(path: Path) -> Database:
    db = _connect(path)
    try:
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _connect(path: Path) -> Database:
    with suppress(FileExistsError):  # not by SQLite, whose new files everybody may read
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # transactions begin where the code says BEGIN, nowhere else
        check_same_thread=False,  # one thread at a time: the group commit sees to that
    )
    try:
        backups.distrust(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL, not NORMAL: an upload that a power cut makes us forget is a doubled photo.
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return Database(connection)


def migrate(db: Database) -> None:
    """Bring the tables up to date.

    Raises `ForeignError` where they are not what our migrations make, `StoreError` for those of a
    newer version. Then nothing was changed.
    """
    shape.check(db)
    if shape.is_current(db):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        MIGRATIONS.apply(db)
    except BaseException:
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
