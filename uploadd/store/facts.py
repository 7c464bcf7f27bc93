"""Loads what `model/hurdles.py` decides by."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.hurdles import Facts
from uploadd.model.jobs import Job
from uploadd.store import ledger, older, pauses, statements
from uploadd.store.rows import jobs


def around(db: Database, job: Job, now: float) -> Facts:
    """Everything that may hold up a job, and that says what becomes of it (`now`: unix seconds)."""
    of_path = jobs(db, statements.JOBS_OF_PATH, (job.directory, job.name))
    known = ledger.entry(db, job.account_id, job.sha256)
    return Facts(
        now,
        pauses=pauses.of_account(db, job.account_id),
        twin=twin_of(db, job),
        of_path=[one for one in of_path if one.account_id == job.account_id and one.id != job.id],
        of_photo=_of_photo(db, job),
        ledger=known,
        is_being_replaced=known is not None and _is_being_replaced(db, job, known.photo_id),
        unknown=older.of_job(db, job.id) if known is None else None,
    )


def twin_of(db: Database, job: Job) -> Job | None:
    """Another job that is in flight with the same content for the same account, or None."""
    if not job.sha256:
        return None
    found = jobs(db, statements.TWIN_IN_FLIGHT, (job.account_id, job.sha256, job.id))
    return found[0] if found else None


def _of_photo(db: Database, job: Job) -> list[Job]:
    if not job.is_replacement or job.photo_id is None:
        return []
    return jobs(db, statements.IN_FLIGHT_TO_PHOTO, (job.account_id, job.photo_id, job.id))


def _is_being_replaced(db: Database, job: Job, photo_id: str | None) -> bool:
    if photo_id is None or job.is_replacement:
        return False
    found = db.execute(statements.IS_BEING_REPLACED, (job.account_id, photo_id)).fetchone()
    return found is not None
