"""Whether the database is whole, and whether it is the one that was last written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import structlog
from sqlite_utils import Database

from uploadd.store import lock, older
from uploadd.store.connection import DATABASE_NAME, damaged, store_error
from uploadd.store.mark import Mark, open_mark

log = structlog.get_logger()

# A second for 80 MB (100,000 jobs): above that it is checked after an unclean end, and otherwise
# with each daily backup, which is checked whole.
SMALL_BYTES = 64 * 1024 * 1024


def damage(db: Database) -> str:
    """What is wrong with the database, in SQLite's words; empty where it is whole (blocking)."""
    try:
        row = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if row[0] == "ok" else " ".join(str(row[0]).split())


def examine(db: Database, state_dir: Path, now: float) -> Mark:
    """What a deliverer does before it trusts the database (blocking). Returns the mark.

    Call it with the lock held, before the new holder is written down. Where the database is older
    than the mark, every account awaits its adoption. Raises `StoreError` for a damaged database.
    """
    path = state_dir / DATABASE_NAME
    try:
        ended_well = lock.last_holder(db) is None
        if not ended_well or path.stat().st_size <= SMALL_BYTES:
            wrong = damage(db)
            if wrong:
                raise damaged(wrong, path)
        return _compared(db, state_dir, now)
    except sqlite3.Error as error:
        raise store_error(error, path) from None


def _compared(db: Database, state_dir: Path, now: float) -> Mark:
    mark = open_mark(state_dir)
    try:
        db.execute("BEGIN IMMEDIATE")
        since = older.notice(db, mark, now)
        db.execute("COMMIT")
        mark.note(older.sends_begun(db))
    except BaseException:
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        mark.close()
        raise
    if since is not None:
        log.warning(
            "database.older",
            text="the database is older than what this state directory has seen; every photo that"
            " it does not know is looked up on the service before it is sent",
            remedy="`uploadd adopt --account NAME`, for each account, makes that unnecessary;"
            " `uploadd restore` shows whether there is a newer backup",
        )
    return mark
