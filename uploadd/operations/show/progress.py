"""How far an account is: what is left, how fast it goes, and what was done lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from uploadd.model.configuration import Account
from uploadd.model.estimates import Pace, Rate, seconds_left
from uploadd.model.states import ON_THE_ACCOUNT, TERMINAL, State
from uploadd.store import overview

UNSENT = (State.QUEUED, State.UPLOADING)
LONGEST_RATE_SECONDS = 900.0
SHORTEST_RATE_SECONDS = 10.0
"""In a shorter time a few files say nothing of the rate."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`files_left`, `bytes_left`: not sent yet. `rate`: None where nothing runs, or sends.

    `share`: of all files that are on the account or on their way there, those that are there.
    `seconds_left`: None where nobody can tell.
    """

    files_left: int = 0
    bytes_left: int = 0
    share: float = 1.0
    rate: Rate | None = None
    seconds_left: float | None = None
    done_today: int = 0
    done_week: int = 0

    def as_json(self) -> dict[str, Any]:
        """Its part of an account in `status --json`."""
        return {
            "bytes_left": self.bytes_left,
            "seconds_left": None if self.seconds_left is None else round(self.seconds_left),
            "done_today": self.done_today,
            "done_week": self.done_week,
        }


def progress_of(
    db: Database,
    account: Account,
    account_id: int,
    totals: dict[State, overview.Total],
    running_since: float | None,
    now: float,
) -> Progress:
    """How far an account is, whose jobs are `totals`.

    `running_since`: when who delivers now began (unix seconds); None: nobody does.
    """
    unsent = [totals[state] for state in UNSENT if state in totals]
    files, size_bytes = sum(one.jobs for one in unsent), sum(one.size_bytes for one in unsent)
    rate = None if running_since is None else _rate(db, account_id, running_since, now)
    pace = Pace(account.bytes_per_second, account.calls_per_hour)
    left = None if rate is None else seconds_left(files, size_bytes, rate, pace)
    return Progress(
        files_left=files,
        bytes_left=size_bytes,
        share=_share(totals),
        rate=rate,
        seconds_left=0.0 if files == 0 else left,
        done_today=overview.done_since(db, account_id, begin_of_day(now)).jobs,
        done_week=overview.done_since(db, account_id, begin_of_week(now)).jobs,
    )


def begin_of_day(now: float) -> float:
    """The last midnight here (unix seconds)."""
    return _midnight(now).timestamp()


def begin_of_week(now: float) -> float:
    """The midnight here with which the last Monday began (unix seconds)."""
    midnight = _midnight(now)
    return (midnight - timedelta(days=midnight.weekday())).timestamp()


def _midnight(now: float) -> datetime:
    # Without a zone, so that days of 23 and 25 hours are days.
    return datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: DTZ006


def _rate(db: Database, account_id: int, running_since: float, now: float) -> Rate | None:
    since = max(running_since, now - LONGEST_RATE_SECONDS)
    if now - since < SHORTEST_RATE_SECONDS:
        return None
    done = overview.done_since(db, account_id, since)
    return Rate(done.jobs, done.size_bytes, now - since) if done.jobs else None


def _share(totals: dict[State, overview.Total]) -> float:
    kept = sum(totals[state].jobs for state in ON_THE_ACCOUNT if state in totals)
    open_jobs = sum(total.jobs for state, total in totals.items() if state not in TERMINAL)
    return kept / (kept + open_jobs) if open_jobs else 1.0
