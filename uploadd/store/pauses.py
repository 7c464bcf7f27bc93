"""The pauses of accounts, as rows that outlive a restart."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model import verdicts
from uploadd.model.delays import Delay
from uploadd.model.pauses import ActivePause, PauseCause, pause_seconds
from uploadd.store import statements
from uploadd.store.rows import one, pause_of, rows


def of_account(db: Database, account_id: int) -> list[ActivePause]:
    """Every pause row of an account, past ones included (they remember how often they came)."""
    return [pause_of(row) for row in rows(db, statements.PAUSES_OF, (account_id,))]


def begin(
    db: Database, account_id: int, pause: verdicts.Pause, now: float, patience: float
) -> ActivePause:
    """Pause an account. While it is paused for the same cause, only a later end counts.

    Several uploads in flight meet the same cause at once; that is one pause, not four.
    """
    before = _row(db, account_id, pause.cause)
    is_running = (
        before is not None
        and before.holds(now)
        and before.delay is not None
        and not before.is_over(now)
    )
    times = before.times + (0 if is_running else 1) if before else 1
    since = before.since if before and before.holds(now) else now
    delay = _delay(pause, times, now, patience)
    if before and is_running and delay and before.delay and before.delay.end > delay.end:
        delay = before.delay
    row = ActivePause(
        account_id,
        pause.cause,
        pause.reason.code,
        pause.reason.text,
        _for_account(db, account_id, pause.reason.remedy),
        since,
        delay,
        times,
    )
    _save(db, row)
    return row


def _for_account(db: Database, account_id: int, remedy: str) -> str:
    account = one(db, statements.ACCOUNT_BY_ID, (account_id,))
    label = account["label"] if account else ""
    return verdicts.with_name(remedy, label) if label else remedy


def prolong(db: Database, pause: ActivePause, now: float, patience: float) -> ActivePause:
    """A probe was not answered well: the same pause again, longer."""
    times = pause.times + 1
    seconds = pause_seconds(pause.cause, None, times, patience, pause.code)
    row = ActivePause(
        pause.account_id,
        pause.cause,
        pause.code,
        pause.text,
        pause.remedy,
        pause.since,
        Delay(now, seconds),
        times,
    )
    _save(db, row)
    return row


def end(db: Database, account_id: int, cause: PauseCause) -> None:
    """The account goes on, as far as this cause is concerned.

    The row stays until a send goes well, so that a probe that is always answered and a send that
    never is do not chase each other: the pause comes back longer each time.
    """
    db.execute(statements.MARK_ENDED, (account_id, cause))


def end_away(db: Database, account_id: int) -> None:
    """The service answered: it is not away any more for any account on its host."""
    db.execute(statements.END_AWAY, (account_id,))


def forget(db: Database, account_id: int, cause: PauseCause) -> None:
    """The cause is gone, and how often it came does not matter any more."""
    db.execute(statements.END_PAUSE, (account_id, cause))


def forget_past(db: Database, account_id: int, now: float) -> None:
    """A send went well: pauses that have ended no longer make the next one longer."""
    for pause in of_account(db, account_id):
        if not pause.holds(now):
            forget(db, account_id, pause.cause)


def _row(db: Database, account_id: int, cause: PauseCause) -> ActivePause | None:
    for pause in of_account(db, account_id):
        if pause.cause is cause:
            return pause
    return None


def _delay(pause: verdicts.Pause, times: int, now: float, patience: float) -> Delay | None:
    if pause.cause is PauseCause.HAND:
        return None
    seconds = pause_seconds(pause.cause, pause.seconds, times, patience, pause.reason.code)
    return Delay(now, seconds)


def _save(db: Database, pause: ActivePause) -> None:
    db.execute(
        statements.SET_PAUSE,
        {
            "account_id": pause.account_id,
            "cause": pause.cause,
            "code": pause.code,
            "text": pause.text,
            "remedy": pause.remedy,
            "since": pause.since,
            "delay_begin": pause.delay.begin if pause.delay else None,
            "delay_seconds": pause.delay.seconds if pause.delay else None,
            "times": pause.times,
        },
    )
