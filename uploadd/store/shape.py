"""Whether a database is built as our migrations build it, and holds nothing beside that.

A trigger, a view or another table in it could do what nobody asked for whenever we read or write.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache

from sqlite_utils import Database

from uploadd.model.errors import StoreError
from uploadd.model.signs import escaped, shortened
from uploadd.store import statements
from uploadd.store.schema import MIGRATIONS

# Type, name, table, and the words that it was made by (none: SQLite made it by itself).
Part = tuple[str, str, str, str]
_STATISTICS = re.compile(r"sqlite_stat[1-4]")  # ANALYZE makes them
_LONGEST_NAME = 60


class ForeignError(StoreError):
    """The database holds what uploadd never made. `thing`: the first of it, as SQL names it."""

    def __init__(self, told: str, thing: str = "") -> None:
        super().__init__(f"it holds what uploadd never made: {told}; nothing was changed")
        self.told = told
        self.thing = thing


def check(db: Database) -> None:
    """Raise `ForeignError` where the database is not what our migrations make, up to one of them.

    An empty one is that too. Raises `StoreError` for one of a newer version, `sqlite3.Error`.
    """
    own = not db.conn.in_transaction
    if own:  # beside a process that migrates: both questions see the same moment
        db.execute("BEGIN")
    try:
        found, applied = _parts_of(db), _applied(db)
    finally:
        if own:
            db.execute("ROLLBACK")
    names = _names()
    if set(applied) - set(names):
        raise StoreError(
            "the database was made by a newer uploadd; nothing was changed",
            "install that version or a newer one",
        )
    if applied != names[: len(applied)]:
        raise ForeignError("its list of migrations is not in our order")
    wanted = _every()[len(applied)]
    if found != wanted:
        raise _difference(found, wanted)


def is_current(db: Database) -> bool:
    """Whether no migration is left to apply."""
    return _applied(db) == _names()


def _parts_of(db: Database) -> list[Part]:
    parts: list[Part] = [
        (kind, name, table, sql or "") for kind, name, table, sql in db.execute(statements.SCHEMA)
    ]
    return sorted(part for part in parts if not _is_statistics(part))


def _is_statistics(part: Part) -> bool:
    kind, name, table, sql = part
    return kind == "table" and name == table and bool(_STATISTICS.fullmatch(name)) and "(" in sql


def _applied(db: Database) -> list[str]:
    return [migration.name for migration in MIGRATIONS.applied(db)]


def _names() -> list[str]:
    return [migration.name for migration in MIGRATIONS._migrations]  # noqa: SLF001 - no accessor


@cache
def _every() -> list[list[Part]]:
    """What there is after no migration, after the first, and so on."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        found = [_parts_of(db)]
        for following in (*_names()[1:], None):
            MIGRATIONS.apply(db, stop_before=following)
            found.append(_parts_of(db))
        return found


def _difference(found: list[Part], wanted: list[Part]) -> ForeignError:
    """Names the first thing that is there and should not be, or is missing."""
    ours = {(kind, name) for kind, name, _, _ in wanted}
    for kind, name, _, _ in (part for part in found if part not in wanted):
        if (kind, name) not in ours:
            quoted = name.replace('"', '""')
            return ForeignError(f"the {kind} {_shown(name)}", f'{kind.upper()} "{quoted}"')
        return ForeignError(f"another {kind} {_shown(name)}")
    for kind, name, _, _ in (part for part in wanted if part not in found):
        return ForeignError(f"a database without the {kind} {_shown(name)}")
    return ForeignError("a table twice")


def _shown(name: str) -> str:
    return shortened(escaped(name), _LONGEST_NAME)
