"""A replacement that a person asks for, as a job: `uploadd replace`.

It is in the queue, in one commit, before anything is sent. Asked for once more it is the same job.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlite_utils import Database

from uploadd.model.jobs import Job, Kind, Lane
from uploadd.model.settlement import Settlement
from uploadd.model.sightings import Finding
from uploadd.model.states import IN_FLIGHT, State
from uploadd.model.trail import NEW
from uploadd.store import mending, moves, statements
from uploadd.store.rows import Row, jobs, one
from uploadd.store.writing import aim, insert, refresh, store_fields, tell, write

STORY = "a person asked for it: the new content of photo {}"


class Answer(StrEnum):
    """What came of asking."""

    QUEUED = "queued"  # the job waits for its turn
    ON_ITS_WAY = "on its way"  # it was asked for before, and goes on
    THERE = "there"  # the photo has this content already
    REFUSED = "refused"  # for the reason in `text`


@dataclass(frozen=True, slots=True)
class Placed:
    """The job (None where there is nothing to do), or why there is none. `job_id`: its row."""

    answer: Answer
    job_id: int | None = None
    text: str = ""
    remedy: str = ""


def place(db: Database, finding: Finding, photo_id: str, now: float) -> Placed:
    """Let the one account of `finding` give a photo the content of this file."""
    (account_id,) = finding.account_ids
    ledger = one(db, statements.LEDGER_ROW, (account_id, finding.sha256))
    existing = _existing(db, finding, account_id)
    known = _known(ledger, existing, photo_id)
    if known is not None:
        return known
    older = [
        job
        for job in jobs(db, statements.JOBS_OF_PATH, (finding.directory, finding.name))
        if job.account_id == account_id and job.sha256 != finding.sha256
    ]
    torn = mending.waiting([*older, *([existing] if existing else [])])
    if torn is not None:
        return _refused(
            f"the file is about to mend photo {torn.photo_id}, which holds a mixture",
            "`uploadd why FILE` says how far that is; give the command again after it",
        )
    job_id = _queued(db, finding, existing, account_id, STORY.format(photo_id), now)
    aim(db, job_id, photo_id, is_mending=False, is_asked=True)
    for old in older:
        if old.ends_with_file:
            moves.skip(db, old, mending.CHANGED, now)
    # Its former content is gone from the photo, also where no walk sees the file as it is now.
    seen = (finding.sha256, finding.md5, finding.directory, finding.name)
    db.execute(statements.SEEN_AS, seen)
    return Placed(Answer.QUEUED, job_id)


def _existing(db: Database, finding: Finding, account_id: int) -> Job | None:
    key = (finding.directory, finding.name, finding.sha256, account_id)
    found = jobs(db, statements.JOB_OF_CONTENT, key)
    return found[0] if found else None


def _known(ledger: Row | None, existing: Job | None, photo_id: str) -> Placed | None:
    """What is to be said without a new job; None where there is to be one."""
    if existing is not None and existing.state in IN_FLIGHT:
        if existing.is_replacement and existing.photo_id == photo_id:
            return Placed(Answer.ON_ITS_WAY, existing.id)
        where = f"photo {existing.photo_id}" if existing.is_replacement else "a photo of its own"
        return _refused(
            f"this file is on its way to the account already, as {where} (job {existing.id})",
            "`uploadd why FILE` says how far it is",
        )
    there = None if ledger is None else ledger["photo_id"]
    if ledger is not None and ledger["state"] == "there":
        if there == photo_id:
            return Placed(Answer.THERE)
        return _refused(
            f"the account has the same content already, as photo {there}: it would be there twice",
            "delete one of the two photos on the service, if only one is wanted",
        )
    if there is not None and there != photo_id:
        return _refused(
            f"photo {there} may have the same content: a replacement of it has not ended",
            "`uploadd why FILE` says how far it is; give the command again after it",
        )
    return None


def _queued(
    db: Database, finding: Finding, existing: Job | None, account_id: int, story: str, now: float
) -> int:
    if existing is None:
        return insert(db, finding, account_id, Kind.REPLACE, State.QUEUED, now, story)
    refresh(db, existing, finding)
    db.execute(statements.HURRY, (Lane.LIVE, existing.id))
    if existing.state is State.QUEUED:
        # A person asks for it now: whatever it waited for is tried again.
        store_fields(db, existing, Settlement(State.QUEUED), now)
        tell(db, existing, story, now)
    else:
        write(db, existing, Settlement(State.QUEUED, trail=NEW), now, story=story)
    return existing.id


def _refused(text: str, remedy: str) -> Placed:
    return Placed(Answer.REFUSED, text=text, remedy=remedy)
