"""Opening the database: one file, WAL, every commit on disk before it is believed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from uploadd.model.errors import StoreError
from uploadd.store.schema import MIGRATIONS

DATABASE_NAME = "uploadd.db"
BUSY_SECONDS = 30.0


def open_database(state_dir: Path) -> Database:
    """Open (and make or migrate) the database of `state_dir`. Raises `StoreError`."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _migrated(_connect(state_dir / DATABASE_NAME))
    except OSError as error:
        raise StoreError(
            f"the state directory {state_dir} cannot be used: {error.strerror}",
            "make it writable for this user, or set state_dir to another place",
        ) from None
    except sqlite3.Error as error:
        raise store_error(error, state_dir / DATABASE_NAME) from None


def open_for_reading(state_dir: Path) -> Database | None:
    """Open the database beside a running daemon, to read. None where there is none yet."""
    path = state_dir / DATABASE_NAME
    if not path.exists():
        return None
    return open_database(state_dir)


def store_error(error: sqlite3.Error, path: Path | None = None) -> StoreError:
    """The line a person gets for an SQLite error: what it means, and what to do."""
    where = f"the database {path}" if path else "the database"
    text = str(error)
    remedies = (
        ("disk is full", "free some space on that disk; nothing is lost"),
        ("readonly", "make the state directory writable for this user"),
        ("unable to open", "check that the state directory exists and belongs to this user"),
        ("malformed", "keep a copy of it and restore the newest backup"),
        ("not a database", "keep a copy of it and restore the newest backup"),
        ("locked", "another program holds it; stop that program and start again"),
    )
    for sign, remedy in remedies:
        if sign in text:
            return StoreError(f"{where} cannot be used: {text}", remedy)
    return StoreError(f"{where} cannot be used: {text}")


def _connect(path: Path) -> Database:
    is_new = not path.exists()
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # transactions begin where the code says BEGIN, nowhere else
        check_same_thread=False,  # one thread at a time: the group commit sees to that
    )
    if is_new:
        os.chmod(path, 0o600)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL, not NORMAL: an upload that a power cut makes us forget is a doubled photo.
    connection.execute("PRAGMA synchronous = FULL")
    return Database(connection)


def _migrated(db: Database) -> Database:
    known = {migration.name for migration in MIGRATIONS.pending(db)}
    applied = {migration.name for migration in MIGRATIONS.applied(db)}
    ours = {migration.name for migration in MIGRATIONS._migrations}  # noqa: SLF001 - no accessor
    if applied - ours:
        db.close()
        raise StoreError(
            "the database was made by a newer uploadd", "install that version or a newer one"
        )
    if known:
        db.execute("BEGIN IMMEDIATE")
        try:
            MIGRATIONS.apply(db)
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    return db
