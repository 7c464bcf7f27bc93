"""Whether the database file is whole."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database


def damage(db: Database) -> str:
    """What is wrong with the database, in SQLite's words; empty where it is whole."""
    try:
        row = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if row[0] == "ok" else str(row[0])
