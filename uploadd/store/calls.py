"""The call budget: the requests of the last hour, counted where every process counts."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.budget import WINDOW_SECONDS, Budget, Purpose, limit_for, wait_after
from uploadd.store import statements
from uploadd.store.rows import value


def take(db: Database, budget: Budget, account_id: int, purpose: Purpose, now: float) -> float:
    """Count one request before it is made, if it may be made now (unix seconds).

    Returns 0, or how many seconds it has to wait: then it is not counted. Calls that no longer
    count are forgotten.
    """
    seconds = seconds_to_wait(db, budget, purpose, now)
    if seconds <= 0:
        db.execute(statements.FORGET_CALLS, (budget.name, now - WINDOW_SECONDS))
        db.execute(statements.ADD_CALL, (budget.name, now, account_id))
    return seconds


def seconds_to_wait(db: Database, budget: Budget, purpose: Purpose, now: float) -> float:
    """How long a request would wait now; 0: not at all. Changes nothing."""
    if budget.calls_per_hour == 0:
        return 0.0
    limit = limit_for(purpose, budget.calls_per_hour)
    return wait_after(value(db, statements.CALL_BEFORE, (budget.name, limit - 1)), now)


def of_account(db: Database, account_id: int, calls_per_hour: int) -> Budget:
    """The budget that an account's calls counted for. Its key need not be known here.

    Accounts with one api_key share a budget, so others' calls count as well.
    """
    return Budget(value(db, statements.BUDGET_OF_ACCOUNT, (account_id,)) or "", calls_per_hour)


def made_in_last_hour(db: Database, budget: Budget, now: float) -> int:
    """How many requests of the last hour count."""
    made: int = value(db, statements.COUNT_CALLS, (budget.name, now - WINDOW_SECONDS))
    return made
