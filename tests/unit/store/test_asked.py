"""What `uploadd replace` writes down: a new job, the same one again, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlite_utils import Database

from uploadd.model import verdicts
from uploadd.model.jobs import Job, Kind, Lane
from uploadd.model.outcomes import after_send, after_ticket, end_filing
from uploadd.model.replacement import after_doubt
from uploadd.model.settlement import Surroundings
from uploadd.model.sightings import Finding
from uploadd.model.states import State
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.model.verdicts import Reason
from uploadd.store import accounts, asked, ledger, moves, overview, sightings
from uploadd.store.asked import Answer
from uploadd.store.connection import open_database

NOW = 1_700_000_000.0
A, B, TORN = ("a" * 64, "b" * 64, "c" * 64)
NOT_PRO = Reason("1", "not Pro (Flickr error 1)", "upgrade")
AROUND = Surroundings(now=NOW, random=Random(1), patience=1.0, has_dedup_check=True)
FINDING = Finding(
    directory=b"/p", name=b"x.jpg", device=1, inode=2, size=3, mtime_ns=4, sha256=A,
    media_type="image/jpeg", folder="camera", root=b"/p", lane=Lane.LIVE, account_ids=(1,),
)  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database with one account."""
    opened = open_database(tmp_path)
    accounts.bind(opened, "me", "flickr", "flickr.com", "digest")
    yield opened
    opened.close()


def now_of(db: Database, job_id: int | None) -> Job:
    """The job as it stands."""
    found = None if job_id is None else moves.job_by_id(db, job_id)
    assert found is not None
    return found


def seen(db: Database, sha256: str = A, name: bytes = b"x.jpg") -> Job:
    """A file in a watched folder."""
    sightings.register(db, replace(FINDING, sha256=sha256, name=name), NOW)
    return overview.jobs_of_path(db, b"/p/" + name)[-1]


def begun(db: Database, job: Job) -> Job:
    """The job after its send was begun."""
    started = moves.begin_send(db, job.id, NOW)
    assert started is not None
    return started


def ended(db: Database, job: Job, verdict: verdicts.Verdict) -> Job:
    """The job after a send that ended so."""
    moves.settle(db, job.id, after_send(now_of(db, job.id), verdict, AROUND), NOW, 1.0)
    after = now_of(db, job.id)
    if after.state is State.FILING:
        moves.settle(db, job.id, end_filing(after), NOW, 1.0)
    return now_of(db, job.id)


def uploaded(db: Database, sha256: str, name: bytes, photo_id: str) -> Job:
    """A file that is on the account."""
    return ended(db, begun(db, seen(db, sha256, name)), verdicts.Kept(photo_id))


def place(db: Database, sha256: str = A, photo_id: str = "9") -> asked.Placed:
    """A person asks."""
    return asked.place(db, replace(FINDING, sha256=sha256), photo_id, NOW)


def test_a_file_that_nobody_knows(db: Database) -> None:
    """A job for that photo, in the live lane; no file is watched for it."""
    job = now_of(db, place(db).job_id)
    assert (job.kind, job.photo_id, job.state, job.lane) == (
        Kind.REPLACE, "9", State.QUEUED, Lane.LIVE
    )  # fmt: skip
    assert job.is_asked
    assert overview.known_file(db, b"/p/x.jpg") is None


def test_asked_twice_it_is_one_job(db: Database) -> None:
    """Queued, on its way, and done."""
    first = place(db)
    assert place(db).job_id == first.job_id
    job = begun(db, now_of(db, first.job_id))
    assert place(db) == asked.Placed(Answer.ON_ITS_WAY, job.id)
    ended(db, job, verdicts.Kept("9"))
    assert place(db).answer is Answer.THERE


@pytest.mark.parametrize("state", [State.FAILED, State.SKIPPED])
def test_what_has_come_to_rest_is_tried_again(db: Database, state: State) -> None:
    """The account was upgraded, or the file is back."""
    job = now_of(db, place(db).job_id)
    if state is State.FAILED:
        ended(db, begun(db, job), verdicts.Refuse(NOT_PRO))
    else:
        moves.skip(db, job, sightings.VANISHED, NOW)
    again = place(db)
    assert again.job_id == job.id
    assert now_of(db, job.id).state is State.QUEUED


def test_a_queued_file_of_a_folder_goes_to_the_named_photo(db: Database) -> None:
    """What a person says overrules what the folder would do."""
    job = seen(db)
    assert place(db).job_id == job.id
    assert (now_of(db, job.id).kind, now_of(db, job.id).photo_id) == (Kind.REPLACE, "9")


def test_an_older_content_of_the_file_is_sent_no_more(db: Database) -> None:
    """It is in the file no more."""
    old = seen(db, A)
    place(db, B)
    assert now_of(db, old.id).state is State.SKIPPED


def test_a_file_that_is_as_it_was_before_any_walk(db: Database) -> None:
    """The command saw its new content, and nobody else did: the former one is sent again."""
    old = uploaded(db, B, b"x.jpg", "9")
    ended(db, begun(db, now_of(db, place(db, A, "9").job_id)), verdicts.Kept("9"))
    seen(db, B)
    assert now_of(db, old.id).state is State.QUEUED


@pytest.mark.parametrize("is_confirmed", [True, False], ids=["after it", "during it"])
def test_a_photo_is_replaced_before_its_ticket_was_told(db: Database, is_confirmed: bool) -> None:
    """The service showed it, and a person named it: the uploaded content is not there any more."""
    upload = ended(db, begun(db, seen(db, B, b"y.jpg")), verdicts.Ticketed("1-2"))
    job = begun(db, now_of(db, place(db).job_id))
    if is_confirmed:
        ended(db, job, verdicts.Kept("9"))
    told = after_ticket(upload, TicketReply(TicketState.COMPLETE, "9"), AROUND)
    moves.settle(db, upload.id, told, NOW, 1.0)
    if not is_confirmed:
        ended(db, job, verdicts.Kept("9"))
    assert now_of(db, upload.id).state is State.QUEUED
    assert ledger.entry(db, 1, B) is None
    kept = ledger.entry(db, 1, A)
    assert kept is not None
    assert (kept.state, kept.photo_id) == ("there", "9")


def test_another_photo_than_before(db: Database) -> None:
    """Nothing was sent yet: the last word counts."""
    first = place(db, photo_id="8")
    assert place(db, photo_id="9").job_id == first.job_id
    assert now_of(db, first.job_id).photo_id == "9"


def test_a_content_of_another_photo_is_refused(db: Database) -> None:
    """It would be there twice."""
    uploaded(db, A, b"other.jpg", "7")
    placed = place(db)
    assert placed.answer is Answer.REFUSED
    assert "photo 7" in placed.text


def test_a_file_that_is_being_uploaded_is_refused(db: Database) -> None:
    """It is about to be a photo of its own."""
    begun(db, seen(db))
    placed = place(db)
    assert placed.answer is Answer.REFUSED
    assert "a photo of its own" in placed.text


def test_a_replacement_of_another_photo_in_doubt_is_refused(db: Database) -> None:
    """That photo may have the content."""
    job = now_of(db, place(db, photo_id="8").job_id)
    job = ended(db, begun(db, job), verdicts.Uncertain(NOT_PRO))
    assert place(db, photo_id="9").answer is Answer.REFUSED
    moves.settle(db, job.id, after_doubt(job), NOW, 1.0)
    assert place(db, photo_id="9").answer is Answer.REFUSED
    assert place(db, photo_id="8").job_id == job.id


def test_a_file_that_mends_a_photo_is_refused(db: Database) -> None:
    """First the mixture."""
    job = replace(begun(db, seen(db)), sent_sha256=TORN, sent_as=None)
    moves.settle_all(db, [(job, after_send(job, verdicts.Kept("7"), AROUND))], NOW, 1.0)
    placed = place(db, B)
    assert placed.answer is Answer.REFUSED
    assert "mixture" in placed.text


def test_an_upload_of_unknown_outcome_is_looked_up_first(db: Database) -> None:
    """It may be there as a photo of its own, and would be there twice."""
    ended(db, begun(db, seen(db)), verdicts.Uncertain(NOT_PRO))
    job = now_of(db, 1)
    moves.settle(db, job.id, replace(after_send(job, verdicts.Refuse(NOT_PRO), AROUND)), NOW, 1.0)
    db.execute("UPDATE ledger SET state = 'maybe'")
    db.execute(
        "INSERT OR IGNORE INTO ledger (account_id, sha256, state, doubt, since, job_id)"
        " VALUES (1, ?, 'maybe', 'full', ?, ?)",
        (A, NOW, job.id),
    )
    placed = place(db)
    assert moves.begin_send(db, job.id, NOW) is None
    assert now_of(db, placed.job_id).state is State.UNCERTAIN
