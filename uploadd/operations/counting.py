"""Calls of a command that is no deliverer, counted where every process counts, and waits obeyed.

Each function is a small commit of its own beside whoever else writes; a running deliverer notices
it (`delivery/call_budget.py`, `learn`).
"""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.delivery.logins import budget_name
from uploadd.model.budget import Purpose, wait_for_call
from uploadd.model.configuration import Account
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Reason
from uploadd.operations.status import holding
from uploadd.store import calls, pauses

LONGEST_NAP_SECONDS = 60.0


def take_call(
    db: Database, account_id: int, account: Account, purpose: Purpose, now: float
) -> float:
    """Count one call where there is room for it; else how many seconds it has to wait."""
    budget = budget_name(account)
    made = calls.since(db, budget, now)
    seconds = wait_for_call(made, now, purpose, account.calls_per_hour)
    if seconds <= 0:
        calls.add(db, budget, account_id, now)
    return seconds


def check_pauses(db: Database, account_id: int, now: float) -> None:
    """Raise `ServiceRefusedError` while the service wants no calls at all."""
    for pause in holding(db, account_id, now):
        if pause.cause is PauseCause.RATE:
            left = f" ({pause.delay.remaining(now):.0f} s left)" if pause.delay else ""
            reason = Reason(pause.code, f"the account is paused: {pause.text}{left}", pause.remedy)
            raise ServiceRefusedError(reason, Pause(pause.cause, reason))


def keep_pause(
    db: Database, account_id: int, refusal: ServiceRefusedError, now: float, patience: float
) -> None:
    """A wait that the service asks for holds for every process."""
    if refusal.pause is not None and refusal.pause.cause is PauseCause.RATE:
        pauses.begin(db, account_id, refusal.pause, now, patience)
