"""What a job's moves do to the ledger: what the account may have, and as which photo.

`maybe` with a photo id: a replacement of this photo is in flight or unresolved. Its `doubt` is
`none` if the photo held the content when the replacement began.
"""

from __future__ import annotations

from dataclasses import replace

from sqlite_utils import Database

from uploadd.model.jobs import Job
from uploadd.model.ledger import Entry
from uploadd.model.pixels import Pixels, contradict, difference
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.states import State
from uploadd.model.trail import Doubt
from uploadd.store import statements
from uploadd.store.rows import Row, rows


def begin(db: Database, job: Job, now: float) -> None:
    """`maybe`, before the first byte is sent; for a replacement also for what its photo holds."""
    if not job.is_replacement:
        set_row(db, job, "maybe", Doubt.FULL, None, now)
        return
    db.execute(statements.DOUBT_PHOTO, (job.account_id, job.photo_id, job.sha256))
    set_row(db, job, "maybe", Doubt.FULL, job.photo_id, now)


def change(db: Database, job: Job, settlement: Settlement, now: float) -> list[str]:
    """Write what a settlement says of the ledger.

    Returns the contents that a photo held and holds no more, or may hold no more: whose files go
    elsewhere again, or are looked up.
    """
    key = (job.account_id, job.sha256)
    match settlement.ledger:
        case LedgerChange.CLEAR:
            db.execute(statements.CLEAR_MAYBE, key)
            _restore(db, job)
        case LedgerChange.THERE:
            return _there(db, job, settlement.photo_id, now)
        case LedgerChange.TORN:
            return _torn(db, job, settlement.photo_id, now)
        case LedgerChange.MIXED:
            set_row(db, job, "maybe", Doubt.FULL, settlement.photo_id, now)
        case LedgerChange.ELSEWHERE:
            return _elsewhere(db, job, settlement, now)
        case LedgerChange.KEEP if (doubt := settlement.trail_of(job).doubt) is not Doubt.NONE:
            db.execute(statements.SET_DOUBT, (doubt, *key))
        case _:
            pass
    return []


def set_row(
    db: Database, job: Job, state: str, doubt: Doubt, photo_id: str | None, now: float
) -> None:
    """Write the row of a job's content."""
    db.execute(
        statements.SET_LEDGER,
        {
            "account_id": job.account_id,
            "sha256": job.sha256,
            "state": state,
            "doubt": doubt,
            "photo_id": photo_id,
            "now": now,
            "job_id": job.id,
        },
    )


def disbelieve(
    db: Database, key: tuple[int, str], known: Entry | None, pixels: Pixels | None
) -> str:
    """Forget a photo that only its tag tells of, where a file with that content says otherwise.

    `key`: the account and the content; `known`: what the ledger says of it; `pixels`: the file's.
    Returns why it is forgotten; empty where it stands.
    """
    if known is None or known.is_maybe or known.pixels is None or pixels is None:
        return ""
    if not contradict(known.pixels, pixels):
        return ""
    db.execute(statements.DISBELIEVE, key)
    return f"photo {known.photo_id} has its tag, but {difference(known.pixels, pixels)}"


def holds_other(db: Database, account_id: int, photo_id: str, sha256: str) -> bool:
    """Whether it is known that this photo holds another content than this one, or a mixture."""
    key = {"account_id": account_id, "photo_id": photo_id, "sha256": sha256}
    return db.execute(statements.OTHER_CONTENT_THERE, key).fetchone() is not None


def is_stale(db: Database, job: Job, settlement: Settlement, now: float) -> bool:
    """Whether the photo that the service named is given another content since it was asked.

    What seems to lie ahead (the clock was set back) is old: else this would be so for hours.
    """
    photo_id = settlement.there_as or settlement.photo_id
    if settlement.asked_at is None or photo_id is None:
        return False
    key = (job.account_id, photo_id, job.sha256, settlement.asked_at, now)
    return db.execute(statements.OTHER_CONTENT_SINCE, key).fetchone() is not None


def _there(db: Database, job: Job, photo_id: str | None, now: float) -> list[str]:
    gone = _forget_others(db, job, photo_id, job.sha256) if job.is_replacement else []
    is_late = job.state is State.PROCESSING and not job.is_replacement
    if is_late and _is_being_given_another(db, job, photo_id):
        set_row(db, job, "maybe", Doubt.NONE, photo_id, now)  # as if it had been known before
    else:
        set_row(db, job, "there", Doubt.NONE, photo_id, now)
    return gone


def _is_being_given_another(db: Database, job: Job, photo_id: str | None) -> bool:
    """Whether a replacement of this photo was begun before its ticket was told to be done."""
    others = rows(db, statements.OTHERS_OF_PHOTO, (job.account_id, photo_id, job.sha256))
    return any(row["state"] == "maybe" and row["doubt"] != Doubt.NONE for row in others)


def _torn(db: Database, job: Job, photo_id: str | None, now: float) -> list[str]:
    """What was sent is there, and what was fingerprinted is not."""
    db.execute(statements.CLEAR_MAYBE, (job.account_id, job.sha256))
    if job.sent_sha256 is None:
        return []
    gone = _forget_others(db, job, photo_id, job.sent_sha256)
    if not _is_there(db, job.account_id, job.sent_sha256):  # it may be, as another photo
        sent = replace(job, sha256=job.sent_sha256)
        set_row(db, sent, "there", Doubt.NONE, photo_id, now)
    return gone


def _elsewhere(db: Database, job: Job, settlement: Settlement, now: float) -> list[str]:
    """The content is another photo; the one that was to be replaced is as it was.

    Not where an earlier send of unknown outcome may have reached it: what it held is doubtful then.
    """
    sent = job.sent_sha256 if job.state is not State.UNCERTAIN else None  # a look compares anew
    if sent is not None:
        db.execute(statements.CLEAR_MAYBE, (job.account_id, job.sha256))
    held = job if sent is None else replace(job, sha256=sent)
    set_row(db, held, "there", Doubt.NONE, settlement.there_as, now)
    if job.trail.uncertain_since is None:
        _restore(db, job)
        return []
    key = (job.account_id, job.photo_id, job.sha256)
    others = rows(db, statements.OTHERS_OF_PHOTO, key)
    return [row["sha256"] for row in others if row["state"] == "maybe"]


def _is_there(db: Database, account_id: int, sha256: str) -> bool:
    found = list(rows(db, statements.LEDGER_ROW, (account_id, sha256)))
    return bool(found) and found[0]["state"] == "there"


def _forget_others(db: Database, job: Job, photo_id: str | None, sha256: str) -> list[str]:
    key = (job.account_id, photo_id, sha256)
    gone = [row["sha256"] for row in rows(db, statements.OTHERS_OF_PHOTO, key)]
    db.execute(statements.FORGET_OTHERS_OF_PHOTO, key)
    return gone


def _restore(db: Database, job: Job) -> None:
    """A replacement came to nothing: the photo holds what it held, unless another may have come."""
    if not job.is_replacement:
        return
    others: list[Row] = list(
        rows(db, statements.OTHERS_OF_PHOTO, (job.account_id, job.photo_id, job.sha256))
    )
    if all(row["doubt"] == Doubt.NONE for row in others):
        db.execute(statements.UNDOUBT_PHOTO, (job.account_id, job.photo_id, job.sha256))
