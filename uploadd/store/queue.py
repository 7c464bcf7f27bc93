"""Reading the queue: what may be sent, asked for or looked up now, and when to look again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.model.jobs import Job, Lane
from uploadd.model.pauses import ActivePause
from uploadd.model.states import State
from uploadd.store import pauses, statements
from uploadd.store.rows import jobs, rows, value


@dataclass(frozen=True, slots=True)
class Questions:
    """What there is to ask a service about an account's jobs in one state, at one moment."""

    pauses: list[ActivePause]
    """Every pause row of the account, past ones included."""
    due: list[Job]
    """Jobs whose next question is due."""
    next_due: float | None
    """When the first of all the questions is due (unix seconds)."""
    fresh: int
    """How many tickets were never asked for yet; 0 for other states than processing."""


def questions(db: Database, account_id: int, state: State, now: float, most: int) -> Questions:
    """Everything that a loop decides by, read at once, because each read may wait for a commit."""
    return Questions(
        pauses=pauses.of_account(db, account_id),
        due=due_in(db, account_id, state, now, most),
        next_due=next_due_in(db, account_id, state),
        fresh=fresh_tickets(db, account_id) if state is State.PROCESSING else 0,
    )


def to_be_sent_by_folder(db: Database, account_id: int) -> Counter[str]:
    """How many uploads are being sent, or wait for it, by their folder's name (empty: none)."""
    found: Counter[str] = Counter()
    for row in rows(db, statements.TO_BE_SENT_BY_FOLDER, (account_id, account_id)):
        found[row["folder"]] += row["files"]
    return found


def next_to_send(
    db: Database,
    account_id: int,
    lane: Lane,
    now: float,
    *,
    with_videos: bool,
    taken: Collection[int],
    most_bytes: int | None = None,
) -> Job | None:
    """The next queued job of this lane that is ready and that no sender holds yet.

    `most_bytes`: none that is larger (None: of any size).

    Jobs whose wait is over come before fresh ones; twins of a job in flight stay where they are.
    """
    for after, upto in ((0.0, now), (-1.0, 0.0)):
        found = jobs(
            db,
            statements.NEXT_IN_QUEUE,
            {
                "account_id": account_id,
                "lane": lane,
                "after": after,
                "upto": upto,
                "with_videos": with_videos,
                "most_bytes": most_bytes,
                "most": len(taken) + 1,
            },
        )
        for job in found:
            if job.id not in taken:
                return job
    return None


def coming(db: Database, account_id: int, lane: Lane, now: float, most: int) -> list[Job]:
    """The jobs of a lane that are ready, those first that will be sent first."""
    return jobs(
        db,
        statements.NEXT_IN_QUEUE,
        {
            "account_id": account_id,
            "lane": lane,
            "after": -1.0,
            "upto": now,
            "with_videos": True,
            "most_bytes": None,
            "most": most,
        },
    )


def next_due_in_queue(db: Database, account_id: int, now: float) -> float | None:
    """When the next waiting job of the queue becomes ready (unix seconds)."""
    dues = [
        value(db, statements.NEXT_DUE_IN_QUEUE, (account_id, lane, now))
        for lane in (Lane.LIVE, Lane.BACKFILL)
    ]
    return min((due for due in dues if due is not None), default=None)


def due_in(db: Database, account_id: int, state: State, now: float, most: int) -> list[Job]:
    """Jobs of `state` (uncertain, processing or filing) whose next question is due."""
    return jobs(
        db,
        statements.DUE_IN_STATE[state],
        {"account_id": account_id, "now": now, "most": most},
    )


def next_due_in(db: Database, account_id: int, state: State) -> float | None:
    """When the next question about a job in `state` is due (unix seconds)."""
    due: float | None = value(db, statements.NEXT_DUE_IN_STATE[state], (account_id,))
    return due


def fresh_tickets(db: Database, account_id: int) -> int:
    """How many tickets were never asked for yet."""
    count: int = value(db, statements.FRESH_TICKETS, (account_id,))
    return count


def tickets_to_ask(
    db: Database, account_id: int, now: float, most: int, *, with_early: bool
) -> list[Job]:
    """The jobs in `processing` to ask for in one call: those due, the fresh ones, then others.

    `with_early`: a ticket may be asked for again before its time.
    """
    parameters = {"account_id": account_id, "now": now, "most": most, "with_early": with_early}
    return jobs(db, statements.TICKETS_TO_ASK, parameters)
