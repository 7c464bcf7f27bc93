"""Whose settings hold for jobs that are on their way: a named folder's, or nobody's any more."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.sightings import covers_of
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store import moves, statements
from uploadd.store.overview import at_or_below
from uploadd.store.rows import one


def on_the_way_in(db: Database, root: bytes) -> list[bytes]:
    """Every directory at or below `root` with jobs that have not ended."""
    return [row[0] for row in db.execute(statements.ON_THE_WAY_IN, at_or_below(root))]


def name_folder(
    db: Database, folder: str, root: bytes, directories: list[bytes], account_ids: tuple[int, ...]
) -> None:
    """A person names a folder, from `root`, for what is on its way in these directories."""
    for directory in directories:
        for account_id in account_ids:
            db.execute(statements.NAME_FOLDER, (folder, root, directory, account_id))


def leave_out(db: Database, job_id: int, reason: Reason, now: float) -> None:
    """A queued job's file is not for its account any more: by the settings, or by its links.

    Each walk finds that the file lacks a job, and wakes this one where that has changed.
    """
    job = moves.job_by_id(db, job_id)
    if job is None or job.state is not State.QUEUED:
        return
    moves.skip(db, job, reason, now)
    known = one(db, statements.KNOWN_FILE, (job.directory, job.name))
    if known is not None:
        covered = {int(word) for word in known["covers"].split()} - {job.account_id}
        db.execute(statements.SET_COVERS, (covers_of(covered), job.directory, job.name))
