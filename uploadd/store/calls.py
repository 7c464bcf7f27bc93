"""The requests of the last hour, so that the budget holds over a restart."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.budget import WINDOW_SECONDS
from uploadd.store import statements


def since(db: Database, budget: str, now: float) -> list[float]:
    """When the requests of the last hour were made, ascending; older ones are forgotten."""
    db.execute(statements.FORGET_CALLS, (budget, now - WINDOW_SECONDS))
    return [row[0] for row in db.execute(statements.CALLS_SINCE, (budget, now - WINDOW_SECONDS))]


def times(db: Database, budget: str, now: float) -> list[float]:
    """When the requests of the last hour were made, ascending. Changes nothing."""
    return [row[0] for row in db.execute(statements.CALLS_SINCE, (budget, now - WINDOW_SECONDS))]


def add(db: Database, budget: str, account_id: int, now: float) -> None:
    """Count one request, before it is made; those that no longer count are forgotten."""
    db.execute(statements.FORGET_CALLS, (budget, now - WINDOW_SECONDS))
    db.execute(statements.ADD_CALL, (budget, now, account_id))


def times_of_account(db: Database, account_id: int, now: float) -> list[float]:
    """When the requests of the last hour were made that count for this account's budget.

    Accounts with one api_key share a budget, so these may be more than its own.
    """
    found = db.execute(statements.TIMES_OF_BUDGET, (now - WINDOW_SECONDS, account_id))
    return [row[0] for row in found]
