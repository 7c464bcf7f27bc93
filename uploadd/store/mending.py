"""Torn uploads in the database: which job gives the photo what the file really holds.

The job that was torn is queued again as a replacement of its photo. Its file has other content
now, so a newer job of the same file takes that task over as soon as there is one.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from uploadd.model.jobs import Job
from uploadd.model.refusals import HARD_LINK
from uploadd.model.replacement import doubled_reason, torn_reason
from uploadd.model.settlement import Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store import statements
from uploadd.store.rows import jobs, one
from uploadd.store.writing import aim, aim_anew, job_by_id, write

CHANGED = Reason("changed", "the file has new content; that has a job of its own")
COMES_BACK_MENDING = frozenset({"vanished", "excluded", HARD_LINK})


def begin(db: Database, job: Job, photo_id: str, now: float) -> None:
    """The job, queued again, mends `photo_id`; or a newer job of its file does, if there is one.

    The file is read anew at the next walk, even where its size and time say nothing.
    """
    aim(db, job.id, photo_id, is_mending=True, is_asked=job.is_asked)
    key = (job.directory, job.name, job.account_id, job.id)
    heirs = jobs(db, statements.QUEUED_SINCE, key)
    fresh = job_by_id(db, job.id)
    if heirs and fresh is not None:
        hand_over(db, fresh, heirs[0], now)
    else:
        db.execute(statements.READ_ANEW, (job.directory, job.name))


def hand_over(db: Database, old: Job, heir: Job, now: float) -> None:
    """`heir`, queued for what the file holds now, mends the photo in place of `old`."""
    assert old.photo_id is not None  # noqa: S101 - a replacement has its photo from the start
    aim(db, heir.id, old.photo_id, is_mending=True, is_asked=old.is_asked)
    db.execute(statements.NOTE_PRIVACY, (old.asked_privacy or "", heir.id))
    text = f"it gives its content to photo {old.photo_id}, which holds a mixture"
    db.execute(statements.ADD_HISTORY, (heir.id, now, heir.state, text))
    aim_anew(db, old.id)
    if old.state is State.QUEUED:
        write(db, old, Settlement(State.SKIPPED, reason=CHANGED), now)


def leave(db: Database, old: Job, sha256: str, now: float) -> None:
    """What is in the file now is not to be sent, or was sent before: the mixture needs a person."""
    assert old.photo_id is not None  # noqa: S101
    ledger = one(db, statements.LEDGER_ROW, (old.account_id, sha256))
    if ledger is not None and ledger["state"] == "there" and ledger["photo_id"]:
        reason = doubled_reason(old, ledger["photo_id"])
    else:
        reason = torn_reason(old.photo_id, "what is in the file now is not to be uploaded")
    write(db, old, Settlement(State.FAILED, reason=reason), now)


def waiting(older: Iterable[Job]) -> Job | None:
    """The job among those of a file's earlier contents that has a photo to mend."""
    for job in older:
        if job.is_mending and (job.state is State.QUEUED or _comes_back(job)):
            return job
    return None


def _comes_back(job: Job) -> bool:
    is_skipped = job.state is State.SKIPPED and job.reason is not None
    return is_skipped and job.reason is not None and job.reason.code in COMES_BACK_MENDING
