"""What the tables alone cannot see to: whether each row is one that uploadd writes.

A backup comes from outside. A row of it could name a file by a way around, or hold what no code
here knows a meaning for.
"""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.store import statements

_FITTING = {"INTEGER": "integer", "REAL": "real", "TEXT": "text", "BLOB": "blob"}


def wrong_row(db: Database) -> str:
    """The first row that no uploadd writes, in words; empty where there is none (blocking).

    The database has our tables (`shape.check`). One pass over each: 200,000 jobs take a second or
    two. Raises `sqlite3.Error`.
    """
    (encoding,) = db.execute("PRAGMA encoding").fetchone()
    if encoding != "UTF-8":
        return f"its texts are {encoding}"
    for table in sorted(db.table_names()):
        if not table.startswith("sqlite_") and _has_wrong_type(db, table):
            return f"a value of another type in {table}"
    for told, statement in statements.WRONG_ROWS.items():
        row = db.execute(statement).fetchone()
        if row is not None:
            return f"{told} ({row[0]})" if row[0] is not None else told
    stray = db.execute("PRAGMA foreign_key_check").fetchone()
    return "" if stray is None else f"a row of {stray[0]} belongs to no account"


def _has_wrong_type(db: Database, table: str) -> bool:
    conditions = [
        f"typeof({name}) NOT IN ('{_FITTING[declared]}', 'null')"
        for _, name, declared, *_ in db.execute(f"PRAGMA table_info({table})")
    ]
    statement = statements.ANY_ROW.format(table=table, condition=" OR ".join(conditions))
    return db.execute(statement).fetchone() is not None
