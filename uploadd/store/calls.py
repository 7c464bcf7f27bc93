"""The requests of the last hour, so that the budget holds over a restart."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.budget import WINDOW_SECONDS
from uploadd.store import statements
from uploadd.store.rows import value


def since(db: Database, budget: str, now: float) -> list[float]:
    """When the requests of the last hour were made, ascending; older ones are forgotten."""
    db.execute(statements.FORGET_CALLS, (budget, now - WINDOW_SECONDS))
    return [row[0] for row in db.execute(statements.CALLS_SINCE, (budget, now - WINDOW_SECONDS))]


def add(db: Database, budget: str, account_id: int, now: float) -> None:
    """Count one request, before it is made."""
    db.execute(statements.ADD_CALL, (budget, now, account_id))


def count_of_account(db: Database, account_id: int, now: float) -> int:
    """How many requests this account made in the last hour."""
    statement = "SELECT count(*) FROM calls WHERE account_id = ? AND at > ?"
    count: int = value(db, statement, (account_id, now - WINDOW_SECONDS))
    return count
