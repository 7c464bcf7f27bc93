"""Files that get new content: which photo it goes to (`on_change`, docs/replacing.md).

A changed file's job is a replacement without a photo at first. `decide` picks the photo in the
commit that begins the send, because no other send of this path can then be in flight. If the file
has no photo of its own, the job sends a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from uploadd.model.configuration import OnChange
from uploadd.model.jobs import Job
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.sightings import Finding
from uploadd.model.states import IN_FLIGHT, ON_THE_ACCOUNT, State
from uploadd.model.verdicts import Reason
from uploadd.store import ledger_moves, statements
from uploadd.store.rows import Row, jobs, one, rows, value
from uploadd.store.writing import aim, aim_anew, has_twin_in_flight, job_by_id, tell

SENT = IN_FLIGHT.union(ON_THE_ACCOUNT)
NO_PHOTO_STORY = "its file has no photo of its own that could be replaced: it is sent as a new one"
OVERTAKEN = "photo {} was given another content already: this one is sent again"
AGAIN_STORY = "the file has this content again"


@dataclass(frozen=True, slots=True)
class Past:
    """What a path was before this sighting.

    `known`: its row as it stands (None: it is new, or was away). `was_sent`: an earlier content of
    the file may be on the account, or on its way there. `born`: see the column.
    """

    known: Row | None
    born: int
    was_sent: bool = False

    def has_changed_to(self, sha256: str) -> bool:
        """Whether the path had another content than this, or none."""
        return self.known is None or self.known["sha256"] != sha256


def past_of(db: Database, finding: Finding) -> Past:
    """What is known of a finding's path; asked before anything of it is written."""
    known = one(db, statements.KNOWN_FILE, (finding.directory, finding.name))
    if known is not None:
        return Past(known, known["born"])
    return Past(None, value(db, statements.LAST_STORY) or 0)


def with_jobs(db: Database, past: Past, older: Sequence[Job]) -> Past:
    """The same, for one account: `older` are its jobs for contents that the path had."""
    was_sent = past.known is not None and any(_was_sent(db, job) for job in older)
    return replace(past, was_sent=was_sent)


def is_replacing(finding: Finding, past: Past) -> bool:
    """Whether this content is to take the place of an earlier one of the file."""
    return finding.on_change is OnChange.REPLACE and past.was_sent


def is_ignored(finding: Finding, past: Past) -> bool:
    """Whether this content is to be left alone."""
    return finding.on_change is OnChange.IGNORE and past.was_sent


def point(db: Database, job: Job, finding: Finding, past: Past) -> None:
    """Let a job that is about to be queued again go where its folder says."""
    if _keeps_photo(db, job):
        return
    if is_replacing(finding, past):
        aim(db, job.id, None, is_mending=False)
    elif job.is_replacement:
        aim_anew(db, job.id)


def give_up_photo(db: Database, job: Job) -> None:
    """Its folder does not replace photos any more: a retry sends one of its own.

    Not where a person named the photo, nor where it may have the new content already.
    """
    if job.is_replacement and not (job.is_asked or _keeps_photo(db, job)):
        aim_anew(db, job.id)


def is_homeless(db: Database, job: Job) -> bool:
    """Whether a photo that had this job's content may have another one now."""
    if job.state not in ON_THE_ACCOUNT:
        return False
    ledger = one(db, statements.LEDGER_ROW, (job.account_id, job.sha256))
    return ledger is None or ledger["state"] != "there"


def note_again(db: Database, job: Job, now: float) -> None:
    """A file has a content again that is there: the file's latest photo is this job's.

    That may be another photo than it was, where its first one was given another content.
    """
    ledger = one(db, statements.LEDGER_ROW, (job.account_id, job.sha256))
    if ledger is not None and ledger["state"] == "there" and ledger["photo_id"]:
        db.execute(statements.SET_PHOTO, (ledger["photo_id"], job.id))
    tell(db, job, AGAIN_STORY, now)


def hand_on(db: Database, job: Job, heir: Job | None, now: float) -> None:
    """A person named the photo for a content that is gone: the file's new one takes its place."""
    if heir is None or heir.state is not State.QUEUED or not job.is_asked or heir.is_mending:
        return
    aim(db, heir.id, job.photo_id, is_mending=False, is_asked=True)
    tell(db, heir, f"it is the new content of photo {job.photo_id}, as was asked for", now)
    aim_anew(db, job.id)


def is_to_be_known_first(db: Database, job: Job, finding: Finding) -> bool:
    """Whether a queued job for a former content may have left a photo that is to be replaced."""
    if finding.on_change is not OnChange.REPLACE or job.is_replacement:
        return False
    ledger = one(db, statements.LEDGER_ROW, (job.account_id, job.sha256))
    if ledger is None or ledger["state"] != "maybe" or ledger["photo_id"] is not None:
        return False
    return not has_twin_in_flight(db, job)


def decide(db: Database, job: Job, now: float) -> Job | None:
    """A replacement whose turn has come learns its photo; None where it became an upload."""
    if not job.is_replacement or job.photo_id is not None:
        return job
    found = photo_of(db, job)
    if found is None:
        aim_anew(db, job.id)
        tell(db, job, NO_PHOTO_STORY, now)
        return None
    photo_id, is_doubted = found
    aim(db, job.id, photo_id, is_mending=is_doubted)
    tell(db, job, f"it takes the place of the file's former content, in photo {photo_id}", now)
    return job_by_id(db, job.id)


def photo_of(db: Database, job: Job) -> tuple[str, bool] | None:
    """The newest photo of the job's file that is no other file's, and whether it is a mixture."""
    path = {"account_id": job.account_id, "directory": job.directory, "name": job.name}
    found = list(rows(db, statements.PHOTOS_OF_PATH, path))
    for row in found:
        photo = {**path, "photo_id": row["photo_id"]}
        if db.execute(statements.OTHER_FILE_OF_PHOTO, photo).fetchone() is None:
            same = [one for one in found if one["photo_id"] == row["photo_id"]]
            return row["photo_id"], any(one["is_doubted"] for one in same)
    return None


def spared(db: Database, job: Job, settlement: Settlement) -> Settlement:
    """A mixture that the file's new content is about to replace needs no person.

    From now on that is the task of the new content's job, so that it is not forgotten with it.
    """
    if settlement.ledger is not LedgerChange.MIXED:
        return settlement
    key = (job.directory, job.name, job.account_id, job.id)
    heirs = jobs(db, statements.HEIR_OF_PATH, key)
    if not heirs:
        return settlement
    aim(db, heirs[0].id, settlement.photo_id, is_mending=True)
    text = (
        f"uploadd stopped during the send, and the file has changed since: photo"
        f" {settlement.photo_id} is replaced by what is in the file now"
    )
    return replace(settlement, state=State.SKIPPED, reason=Reason("changed", text))


def overtaken(db: Database, job: Job, settlement: Settlement) -> Settlement:
    """A photo whose ticket is told late, and that was given another content meanwhile.

    A person can name a photo as soon as the service shows it. What was uploaded is not there any
    more, and is sent again.
    """
    is_late = job.state is State.PROCESSING and not job.is_replacement
    if not is_late or settlement.ledger not in (LedgerChange.THERE, LedgerChange.TORN):
        return settlement
    if not ledger_moves.holds_other(db, job.account_id, str(settlement.photo_id), job.sha256):
        return settlement
    reason = Reason("replaced", OVERTAKEN.format(settlement.photo_id))
    sent_again = job.trail.without_doubt()
    return Settlement(State.QUEUED, ledger=LedgerChange.CLEAR, reason=reason, trail=sent_again)


def _keeps_photo(db: Database, job: Job) -> bool:
    """Whether a replacement is bound to its photo: by a person, or by what it may have done."""
    if not job.is_replacement or job.photo_id is None:
        return False
    if job.is_mending or (job.is_asked and job.state is State.SKIPPED):
        return True
    ledger = one(db, statements.LEDGER_ROW, (job.account_id, job.sha256))
    return ledger is not None and ledger["photo_id"] == job.photo_id


def _was_sent(db: Database, job: Job) -> bool:
    if job.state in SENT:
        return True
    return one(db, statements.LEDGER_ROW, (job.account_id, job.sha256)) is not None
