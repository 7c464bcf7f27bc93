"""A job's new state and its story: the only place that writes `jobs.state`."""

from __future__ import annotations

from dataclasses import replace

from sqlite_utils import Database

from uploadd.model.jobs import FileMark, Job, Kind
from uploadd.model.photo import Privacy
from uploadd.model.places import Place
from uploadd.model.privacy import is_wider
from uploadd.model.settlement import Settlement
from uploadd.model.sightings import Finding
from uploadd.model.states import State, check_move
from uploadd.model.verdicts import Reason
from uploadd.store import statements
from uploadd.store.rows import Row, jobs, value

ASKED_AGAIN = frozenset({State.UNCERTAIN, State.PROCESSING, State.FILING})
"""A job may stay in one of these when the service was asked about it: no move, and no story."""


def job_by_id(db: Database, job_id: int) -> Job | None:
    """The job as it stands, or None."""
    found = jobs(db, statements.JOB, (job_id,))
    return found[0] if found else None


def has_twin_in_flight(db: Database, job: Job) -> bool:
    """Whether a job with the same content for the same account is in flight."""
    twin = (job.account_id, job.sha256, job.id)
    return db.execute(statements.TWIN_IN_FLIGHT, twin).fetchone() is not None


def insert(
    db: Database,
    finding: Finding,
    account_id: int,
    kind: Kind,
    state: State,
    now: float,
    text: str,
    reason: Reason | None = None,
    photo_id: str | None = None,
) -> int:
    """A new job for a file, with the first line of its history; returns its id."""
    row = job_fields(finding, account_id, state, now, reason, photo_id)
    job_id: int = value(db, statements.INSERT_JOB, {**row, "kind": kind})
    db.execute(statements.ADD_HISTORY, (job_id, now, state, text))
    return job_id


def job_fields(
    finding: Finding,
    account_id: int,
    state: State,
    now: float,
    reason: Reason | None,
    photo_id: str | None,
) -> Row:
    """The columns of a new job: an upload, whose number is not chosen."""
    return {
        **file_fields(finding),
        "id": None,
        "account_id": account_id,
        "kind": Kind.UPLOAD,
        "state": state,
        "photo_id": photo_id,
        "reason_code": reason.code if reason else None,
        "reason_text": reason.text if reason else "",
        "reason_remedy": reason.remedy if reason else "",
        "now": now,
    }


def refresh(db: Database, job: Job, finding: Finding) -> None:
    """Note what a job's file is now; its content is the same, or was never read before."""
    db.execute(statements.REFRESH_JOB, {**file_fields(finding), "id": job.id})


def file_fields(finding: Finding) -> Row:
    """The columns that tell of a file and its content."""
    return {
        "directory": finding.directory,
        "name": finding.name,
        "folder": finding.folder,
        "root": finding.root,
        "is_folder_named": finding.is_folder_named,
        "lane": finding.lane,
        "sha256": finding.sha256,
        "md5": finding.md5,
        "pixels": str(finding.pixels or ""),
        "media_type": finding.media_type,
        "size": finding.size,
        "mtime_ns": finding.mtime_ns,
        "inode": finding.inode,
        "device": finding.device,
    }


def note_place(db: Database, job: Job, place: Place) -> Job:
    """Note by whose settings a job goes; returns the job with them."""
    db.execute(statements.NOTE_PLACE, (place.folder_name, place.root, place.is_named, job.id))
    return replace(job, folder=place.folder_name, root=place.root, is_folder_named=place.is_named)


def note_privacy(db: Database, job: Job, privacy: Privacy) -> Job:
    """Note who is to see the photo that an upload makes; returns the job with it.

    An earlier send of this job may have made the photo, whatever the look-ups did not show: what
    shows more stays noted.
    """
    if job.is_replacement:
        return job
    earlier = job.asked_privacy
    noted = earlier if earlier is not None and is_wider(earlier, privacy) else privacy
    db.execute(statements.NOTE_PRIVACY, (noted, job.id))
    return replace(job, asked_privacy=noted)


def write(
    db: Database, job: Job, settlement: Settlement, now: float, story: str | None = None
) -> None:
    """Move a job. Raises `IllegalMoveError`; `story` is told instead of the settlement's own."""
    if not (job.state is settlement.state and job.state in ASKED_AGAIN):
        check_move(job.state, settlement.state)
        text = story if story is not None else story_of(settlement)
        db.execute(statements.ADD_HISTORY, (job.id, now, settlement.state, text))
    store_fields(db, job, settlement, now)


def story_of(settlement: Settlement) -> str:
    """What a job's history says of a settlement."""
    if settlement.reason is not None:
        return f"{settlement.reason.text} [{settlement.reason.code}]"
    if settlement.photo_id is not None:
        return f"photo {settlement.photo_id}"
    return f"ticket {settlement.ticket_id}" if settlement.ticket_id else ""


def store_fields(db: Database, job: Job, settlement: Settlement, now: float) -> None:
    """Write a settlement's fields without a word in the history."""
    wait, reason = settlement.wait, settlement.reason
    trail = settlement.trail_of(job)
    db.execute(
        statements.SETTLE_JOB,
        {
            "id": job.id,
            "state": settlement.state,
            "attempts": trail.attempts,
            "wait_begin": wait.begin if wait else None,
            "wait_seconds": wait.seconds if wait else None,
            "due": wait.end if wait else 0.0,
            "ticket_id": settlement.ticket_id,
            "polls": trail.polls,
            "photo_id": settlement.photo_id,
            "doubt": trail.doubt,
            "looks": trail.looks,
            "unanswered": trail.unanswered,
            "ticket_failures": trail.ticket_failures,
            "uncertain_since": trail.uncertain_since,
            "reason_code": reason.code if reason else None,
            "reason_text": reason.text if reason else "",
            "reason_remedy": reason.remedy if reason else "",
            "now": now,
        },
    )


def mark_sent(db: Database, job_id: int, sent_sha256: str | None, sent_as: FileMark | None) -> None:
    """Remember which bytes went out, or what the file was when a send began (see `Job`)."""
    text = None if sent_as is None else " ".join(str(number) for number in sent_as)
    db.execute(statements.MARK_SENT, (sent_sha256, text, job_id))


def aim(
    db: Database, job_id: int, photo_id: str | None, *, is_mending: bool, is_asked: bool = False
) -> None:
    """From now on this job gives new content to a photo that is there.

    None: to the photo that its file has when its turn comes (`changing`). `is_asked`: a person
    named the photo.
    """
    db.execute(statements.AIM, (Kind.REPLACE, photo_id, is_mending, is_asked, job_id))


def aim_anew(db: Database, job_id: int) -> None:
    """From now on this job sends a photo of its own."""
    db.execute(statements.AIM, (Kind.UPLOAD, None, False, False, job_id))


def tell(db: Database, job: Job, text: str, now: float) -> None:
    """A line in a job's history that moves nothing."""
    db.execute(statements.ADD_HISTORY, (job.id, now, job.state, text))
