"""Which jobs a command is asked for: listed, summed by reason, or as ids. Read-only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.model.jobs import Job
from uploadd.model.states import State
from uploadd.store import statements
from uploadd.store.overview import at_or_below, range_below
from uploadd.store.rows import job_of, rows, value

BELOW = "directory = ? OR (directory >= ? AND directory < ?)"


@dataclass(frozen=True, slots=True)
class Choice:
    """Jobs that fit everything that is said; what is empty or None says nothing.

    `since`: those that moved at that time or later (unix seconds). `below`: those whose file lies
    anywhere below one of these directories.
    """

    states: Sequence[State] = ()
    account_ids: Sequence[int] = ()
    folder: str = ""
    code: str = ""
    since: float | None = None
    below: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """The jobs of one account with one state and reason. `code` and `text` are empty without one.

    `text` is one of their reasons; `is_same`: it is the reason of them all.
    """

    account_id: int
    state: State
    code: str
    jobs: int
    size_bytes: int
    text: str = ""
    is_same: bool = True


def choose_jobs(db: Database, choice: Choice, most: int | None = None) -> Iterator[Job]:
    """The jobs that fit, those first that were made last; at most `most`."""
    where, parameters = condition(choice)
    statement = statements.JOBS_CHOSEN.format(where)
    for row in rows(db, statement, (*parameters, -1 if most is None else most)):
        yield job_of(row)


def choose_ids(db: Database, choice: Choice) -> list[int]:
    """The ids of the jobs that fit, oldest first."""
    where, parameters = condition(choice)
    return [row[0] for row in db.execute(statements.IDS_CHOSEN.format(where), parameters)]


def sum_jobs(db: Database, choice: Choice) -> list[Sum]:
    """The jobs that fit by account, state and reason, the largest number first."""
    where, parameters = condition(choice)
    return [
        Sum(
            row["account_id"],
            State(row["state"]),
            row["code"],
            row["jobs"],
            row["size_bytes"],
            row["text"],
            row["text"] == row["last_text"],
        )
        for row in rows(db, statements.SUMS_CHOSEN.format(where), parameters)
    ]


def has_jobs(db: Database, path: bytes) -> bool:
    """Whether a path, or anything below it, ever had a job."""
    directory, _, name = path.rpartition(b"/")
    key = {"directory": directory or b"/", "name": name, **at_or_below(path)}
    return bool(value(db, statements.HAS_JOBS, key))


def condition(choice: Choice) -> tuple[str, tuple[object, ...]]:
    """What jobs must fulfil, in SQL, and what stands for its question marks."""
    ranges = [one for root in choice.below for one in (root, *range_below(root))]
    marks = ", ".join("?" for _ in choice.account_ids)
    parts: list[tuple[str, Sequence[object]]] = [
        (f"account_id IN ({marks})", choice.account_ids),
        ("folder = ?", [choice.folder] if choice.folder else ()),
        ("reason_code = ?", [choice.code] if choice.code else ()),
        ("updated_at >= ?", () if choice.since is None else [choice.since]),
        (f"({' OR '.join([BELOW] * len(choice.below))})", ranges),
    ]
    said = [(text, values) for text, values in parts if values]
    conditions = [_state(choice.states), *(text for text, _ in said)]
    return " AND ".join(conditions), tuple(one for _, values in said for one in values)


def _state(states: Sequence[State]) -> str:
    """Written out, because SQLite takes a partial index for a constant only."""
    if len(states) == 1:
        return f"state = '{states[0]}'"
    return f"state IN ({', '.join(repr(str(state)) for state in states)})" if states else "1"
