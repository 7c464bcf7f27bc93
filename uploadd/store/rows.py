"""From rows of the database to values of the model."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from sqlite_utils import Database

from uploadd.model.delays import Delay
from uploadd.model.jobs import FileMark, Job, Kind, Lane
from uploadd.model.pauses import ActivePause, PauseCause
from uploadd.model.photo import Privacy
from uploadd.model.pixels import pixels_of
from uploadd.model.states import State
from uploadd.model.trail import Doubt, Trail
from uploadd.model.verdicts import Reason

Row = dict[str, Any]
Parameters = Mapping[str, Any] | tuple[Any, ...]


def rows(db: Database, statement: str, parameters: Parameters = ()) -> Iterator[Row]:
    """Every row as a dictionary."""
    cursor: sqlite3.Cursor = db.execute(
        statement, parameters if isinstance(parameters, tuple) else dict(parameters)
    )
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def one(db: Database, statement: str, parameters: Parameters = ()) -> Row | None:
    """The first row, or None."""
    found = list(rows(db, statement, parameters))
    return found[0] if found else None


def value(db: Database, statement: str, parameters: Parameters = ()) -> Any:
    """The first column of the first row, or None."""
    row = db.execute(
        statement, parameters if isinstance(parameters, tuple) else dict(parameters)
    ).fetchone()
    return None if row is None else row[0]


def jobs(db: Database, statement: str, parameters: Parameters = ()) -> list[Job]:
    """Every row as a job."""
    return [job_of(row) for row in rows(db, statement, parameters)]


def job_of(row: Row) -> Job:
    """A row of `jobs` as a value."""
    return Job(
        id=row["id"],
        account_id=row["account_id"],
        folder=row["folder"],
        root=row["root"],
        directory=row["directory"],
        name=row["name"],
        kind=Kind(row["kind"]),
        lane=Lane(row["lane"]),
        state=State(row["state"]),
        sha256=row["sha256"],
        media_type=row["media_type"],
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        inode=row["inode"],
        device=row["device"],
        wait=_delay(row["wait_begin"], row["wait_seconds"]),
        ticket_id=row["ticket_id"],
        photo_id=row["photo_id"],
        sent_sha256=row["sent_sha256"],
        is_forced=bool(row["is_forced"]),
        reason=_reason(row),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        trail=_trail(row),
        sent_as=_mark(row["sent_as"]),
        is_mending=bool(row["is_mending"]),
        md5=row["md5"],
        is_asked=bool(row["is_asked"]),
        asked_privacy=Privacy(row["asked_privacy"]) if row["asked_privacy"] else None,
        pixels=pixels_of(row["pixels"]),
        failed_code=row["failed_code"],
        is_folder_named=bool(row["is_folder_named"]),
    )


def _trail(row: Row) -> Trail:
    return Trail(
        attempts=row["attempts"],
        polls=row["polls"],
        ticket_failures=row["ticket_failures"],
        doubt=Doubt(row["doubt"]),
        looks=row["looks"],
        unanswered=row["unanswered"],
        uncertain_since=row["uncertain_since"],
    )


def pause_of(row: Row) -> ActivePause:
    """A row of `pauses` as a value."""
    return ActivePause(
        account_id=row["account_id"],
        cause=PauseCause(row["cause"]),
        code=row["code"],
        text=row["text"],
        remedy=row["remedy"],
        since=row["since"],
        delay=_delay(row["delay_begin"], row["delay_seconds"]),
        times=row["times"],
        is_ended=bool(row["is_ended"]),
    )


def _delay(begin: float | None, seconds: float | None) -> Delay | None:
    return None if begin is None or seconds is None else Delay(begin, seconds)


def _mark(text: str | None) -> FileMark | None:
    return None if text is None else FileMark(*(int(number) for number in text.split()))


def _reason(row: Row) -> Reason | None:
    if row["reason_code"] is None:
        return None
    return Reason(row["reason_code"], row["reason_text"], row["reason_remedy"])
