"""What an older database does not know: sends that were begun after it was copied.

After a restore, or where the database turns out to be older than what was seen, each account
awaits its adoption, and a content that the ledger knows nothing of is looked up before it is sent.
All sends in question were begun before that was found out (`doubted_at`), so the looks of a
content are soon conclusive: the window counts from there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from uploadd.model.jobs import Job
from uploadd.model.ledger import Unknown
from uploadd.model.pixels import Pixels, contradict, pixels_of
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.states import State
from uploadd.model.trail import Doubt
from uploadd.store import overview, statements
from uploadd.store.accounts import AccountRow
from uploadd.store.mark import Mark
from uploadd.store.rows import jobs, one, rows, value

DAY_SECONDS = 86400.0
BACKED_UP_AT = "backed_up_at"


def of_job(db: Database, job_id: int) -> Unknown | None:
    """Why a job's content must be looked up although the ledger has no row for it; else None."""
    row = one(db, statements.DOUBT_OF_JOB, (job_id,))
    return None if row is None else Unknown(row["since"], row["doubted_at"])


def note_absence(db: Database, job: Job, settlement: Settlement) -> None:
    """A content that was looked up over the whole window may be sent, and its twins with it.

    `job`: as it was before the settlement, which is written down already.
    """
    is_shown = job.state is State.UNCERTAIN and settlement.state is State.QUEUED
    if is_shown and settlement.ledger is LedgerChange.CLEAR and job.trail.doubt is Doubt.FULL:
        db.execute(statements.MARK_ABSENT, (job.account_id, job.sha256))


def count_send(db: Database, now: float) -> None:
    """One more send begins, in this commit."""
    db.execute(statements.COUNT_SEND, {"now": now})


def sends_begun(db: Database) -> int:
    """How many sends were ever begun, as far as this database knows."""
    begun: int = value(db, statements.SENDS_BEGUN)
    return begun


def notice(db: Database, mark: Mark, now: float) -> float | None:
    """Compare the database with the mark; both know the higher number afterwards.

    Where the database is the older one, every account awaits its adoption from the time that is
    returned (unix seconds); else None. In the caller's commit.
    """
    begun = sends_begun(db)
    if begun >= mark.begun:
        return None
    since = last_update(db, now)
    doubt_all(db, since, now, mark.begun)
    return since


def last_update(db: Database, now: float) -> float:
    """From when on this database may lack something: its last change, less a day; else 0.

    A change in the future says that a clock was wrong: then nothing is known.
    """
    backed_up_at = overview.number_fact(db, BACKED_UP_AT)
    changes = (value(db, statements.LAST_UPDATE) or 0.0, one(db, statements.SENDS)["last_at"])  # type: ignore[index]
    last = max(changes) if backed_up_at is None else backed_up_at
    return max(0.0, last - DAY_SECONDS) if last <= now else 0.0


def doubt_all(db: Database, since: float, now: float, begun: int) -> None:
    """Every account, known by now or not, awaits its adoption from `since` on (unix seconds).

    What was proved before is proved no more: looks begin anew, a `retry --force` is forgotten.
    `begun`: how many sends were begun by then, as the mark says. In the caller's commit.
    """
    at = {"since": since, "now": now}
    db.execute(statements.DOUBT_ACCOUNTS, at)
    db.execute(statements.FORGET_PROOFS)
    db.execute(statements.LOOK_ANEW, {"now": now})
    db.execute(statements.DOUBT_FULLY)
    db.execute(statements.RAISE_SENDS, (begun,))
    earlier = overview.number_fact(db, "adopt_since")
    since = since if earlier is None else min(since, earlier)
    overview.set_fact(db, "adopt_since", repr(since))
    overview.set_fact(db, "doubted_at", repr(now))
    overview.set_fact(db, BACKED_UP_AT, None)


class Tagged(NamedTuple):
    """A photo whose content is known by its tag alone. `pixels`: what it really has, if known."""

    photo_id: str
    sha256: str
    pixels: Pixels | None


def adopt(
    db: Database,
    account_id: int,
    photos: Sequence[Tagged],
    now: float,
    doubtful: Collection[str] = (),
) -> int:
    """Note photos that are on the account. Returns how many are news.

    What the ledger knows to be there stays as it is; so does a photo that holds a torn upload,
    and a send of unknown outcome whose file has other pixels, whatever the tag says. `doubtful`:
    contents that may be there, and are not to be sent before a look. In the caller's commit.
    """
    torn = {row["photo_id"] for row in rows(db, statements.TORN_PHOTOS, (account_id,))}
    news = 0
    for photo_id, sha256, pixels in photos:
        if photo_id not in torn and not _is_contradicted(db, account_id, sha256, pixels):
            photo = {"photo_id": photo_id, "sha256": sha256, "pixels": str(pixels or "")}
            key = {"account_id": account_id, "now": now, **photo}
            news += db.execute(statements.ADOPT_PHOTO, key).rowcount
    for sha256 in doubtful:
        db.execute(statements.ADOPT_DOUBT, (account_id, sha256, now))
    return news


def _is_contradicted(db: Database, account_id: int, sha256: str, pixels: Pixels | None) -> bool:
    """Whether a send of unknown outcome cannot have become a photo with these pixels."""
    known = one(db, statements.PIXELS_IN_DOUBT, (account_id, sha256))
    return known is not None and contradict(pixels_of(known["pixels"]), pixels)


def end(db: Database, account_id: int, adopted: AccountRow, *, keeps_videos: bool) -> bool:
    """The account was adopted, as `adopted` asked for. False where more is asked for by now.

    `keeps_videos`: one that was sent before may still be in the service's works. In the caller's
    commit.
    """
    row = one(db, statements.ACCOUNT_BY_ID, (account_id,))
    asked = (adopted.adopt_since, adopted.doubted_at)
    if row is None or (row["adopt_since"], row["doubted_at"]) != asked:
        return False
    db.execute(statements.END_DOUBT, (adopted.doubted_at if keeps_videos else None, account_id))
    return True


def doubted_only(db: Database, account_id: int, since: float, most: int) -> list[Job]:
    """Photos that are looked up for no reason but the doubt that an adoption from `since` ended."""
    key = {"account_id": account_id, "since": since, "most": most}
    return jobs(db, statements.DOUBTED_ONLY, key)
