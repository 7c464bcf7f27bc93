"""Replacements in the database: what their commits do to the ledger, and to other files' jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlite_utils import Database

from uploadd.model import verdicts
from uploadd.model.doubts import Found, after_look
from uploadd.model.jobs import Job, Kind, Lane
from uploadd.model.outcomes import after_send, end_filing, kept
from uploadd.model.replacement import after_doubt
from uploadd.model.settlement import Surroundings
from uploadd.model.sightings import Finding
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store import accounts, ledger_moves, moves, overview, queue, sightings
from uploadd.store.connection import open_database
from uploadd.store.writing import aim

NOW = 1_700_000_000.0
OLD, NEW, TORN, THIRD = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
NOT_PRO = Reason("1", "not Pro (Flickr error 1)", "upgrade")
AROUND = Surroundings(now=NOW, random=Random(1), patience=1.0, has_dedup_check=True)
FINDING = Finding(
    directory=b"/p", name=b"a.jpg", device=1, inode=2, size=3, mtime_ns=4, sha256=OLD,
    media_type="image/jpeg", folder="camera", root=b"/p", lane=Lane.BACKFILL, account_ids=(1,),
)  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database with one account."""
    opened = open_database(tmp_path)
    accounts.bind(opened, "me", "flickr", "flickr.com", "digest")
    yield opened
    opened.close()


def seen(db: Database, name: bytes = b"a.jpg", sha256: str = OLD) -> Job:
    """Register a file; returns its job for this content."""
    finding = replace(FINDING, name=name, sha256=sha256, mtime_ns=int(sha256[0], 16))
    sightings.register(db, finding, NOW)
    return next(job for job in overview.jobs_of_path(db, b"/p/" + name) if job.sha256 == sha256)


def now_of(db: Database, job: Job) -> Job:
    """The job as it stands."""
    found = moves.job_by_id(db, job.id)
    assert found is not None
    return found


def begun(db: Database, job: Job) -> Job:
    """The job after its send was begun."""
    started = moves.begin_send(db, job.id, NOW)
    assert started is not None, now_of(db, job)
    return started


def sent(db: Database, job: Job, verdict: verdicts.Verdict) -> Job:
    """The job after a send that ended so."""
    return settled(db, job, after_send(now_of(db, job), verdict, AROUND))


def settled(db: Database, job: Job, settlement: object) -> Job:
    """The job after a settlement."""
    return moves.settle(db, job.id, settlement, NOW, 1.0).job  # type: ignore[arg-type]


def ledger(db: Database) -> dict[str, tuple[str, str | None]]:
    """State and photo of each content."""
    rows = db.execute("SELECT sha256, state, photo_id FROM ledger")
    return {row[0]: (row[1], row[2]) for row in rows}


def uploaded(db: Database, name: bytes = b"a.jpg", sha256: str = OLD, photo: str = "7") -> Job:
    """A file that is on the account."""
    job = begun(db, seen(db, name, sha256))
    return sent(db, job, verdicts.Kept(photo))


def replacing(db: Database, photo: str = "7", sha256: str = NEW) -> Job:
    """A queued job that gives `photo` a new content, as on_change = "replace" will make it."""
    job = seen(db, sha256=sha256)
    aim(db, job.id, photo, is_mending=False)
    return now_of(db, job)


def torn(db: Database) -> Job:
    """A file that changed while it was sent; the service gave a ticket for the mixture."""
    job = replace(begun(db, seen(db)), sent_sha256=TORN, sent_as=None)
    moves.settle_all(db, [(job, after_send(job, verdicts.Ticketed("1-2"), AROUND))], NOW, 1.0)
    return now_of(db, job)


def confirmed(db: Database, job: Job, photo: str = "7") -> Job:
    """The job after its ticket was complete."""
    return settled(db, job, kept(now_of(db, job), photo))


# --- the ledger -------------------------------------------------------------------------------


def test_beginning_doubts_both_contents_of_the_photo(db: Database) -> None:
    """In the commit before the first byte."""
    uploaded(db)
    job = begun(db, replacing(db))
    assert job.state is State.UPLOADING
    assert ledger(db) == {OLD: ("maybe", "7"), NEW: ("maybe", "7")}


def test_a_confirmed_replacement_leaves_the_new_content_alone(db: Database) -> None:
    """And waits in `filing` for its tag."""
    uploaded(db)
    job = sent(db, begun(db, replacing(db)), verdicts.Kept("7"))
    assert ledger(db) == {NEW: ("there", "7")}
    assert job.state is State.FILING
    assert moves.recover_interrupted(db, 1, AROUND) == []
    assert now_of(db, job).state is State.FILING
    assert settled(db, job, end_filing(job)).state is State.DONE


def test_a_refused_replacement_puts_the_old_content_back(db: Database) -> None:
    """The service said no: nothing has changed there."""
    uploaded(db)
    job = sent(db, begun(db, replacing(db)), verdicts.Refuse(NOT_PRO))
    assert ledger(db) == {OLD: ("there", "7")}
    assert (job.state, job.reason) == (State.FAILED, NOT_PRO)


def test_a_no_after_an_unknown_outcome_clears_nothing(db: Database) -> None:
    """The earlier send may have arrived."""
    uploaded(db)
    job = sent(db, begun(db, replacing(db)), verdicts.Uncertain(NOT_PRO))
    job = settled(db, job, after_doubt(job))
    assert job.state is State.QUEUED
    sent(db, begun(db, job), verdicts.Refuse(NOT_PRO))
    assert ledger(db) == {OLD: ("maybe", "7"), NEW: ("maybe", "7")}


def test_a_crash_makes_a_replacement_uncertain_and_it_is_sent_again(db: Database) -> None:
    """Never through a search for the old tag."""
    uploaded(db)
    job = begun(db, replacing(db))
    moves.recover_interrupted(db, 1, AROUND)
    job = now_of(db, job)
    assert job.state is State.UNCERTAIN
    job = settled(db, job, after_doubt(job))
    assert begun(db, job).state is State.UPLOADING


def test_the_service_made_another_photo_of_it(db: Database) -> None:
    """`replaced-other`: both are on the account."""
    uploaded(db)
    job = sent(db, begun(db, replacing(db)), verdicts.Kept("8"))
    assert ledger(db) == {OLD: ("there", "7"), NEW: ("there", "8")}
    assert job.reason is not None
    assert job.reason.code == "replaced-other"


def test_a_content_that_another_photo_has_replaces_nothing(db: Database) -> None:
    """It would be there twice."""
    uploaded(db)
    uploaded(db, b"b.jpg", NEW, "8")
    job = seen(db, sha256=NEW)
    assert (job.state, job.photo_id) == (State.DUPLICATE, "8")


def test_the_photo_that_a_found_tag_names_may_hold_something_else(db: Database) -> None:
    """Its ledger row says so; a found photo is checked against it."""
    uploaded(db)
    sent(db, begun(db, replacing(db)), verdicts.Kept("7"))
    assert ledger_moves.holds_other(db, 1, "7", OLD)
    assert not ledger_moves.holds_other(db, 1, "7", NEW)


# --- other files ------------------------------------------------------------------------------


def test_other_files_with_the_old_content_are_sent_again(db: Database) -> None:
    """Those that still have it: as duplicates, and as what was uploaded."""
    uploaded(db, b"first.jpg")
    twin = seen(db, b"a.jpg")
    gone = seen(db, b"gone.jpg")
    assert twin.state is gone.state is State.DUPLICATE
    other = seen(db, b"other.jpg")
    sightings.forget(db, b"/p", b"gone.jpg", sightings.VANISHED, NOW)
    sent(db, begun(db, replacing(db)), verdicts.Kept("7"))
    first = overview.jobs_of_path(db, b"/p/first.jpg")[0]
    assert [now_of(db, job).state for job in (first, other, gone)] == [
        State.QUEUED, State.QUEUED, State.DUPLICATE
    ]  # fmt: skip
    assert now_of(db, other).photo_id is None
    assert now_of(db, twin).state is State.DUPLICATE  # the replaced file's own history


def test_a_file_with_the_old_content_waits_for_the_outcome(db: Database) -> None:
    """Whether the photo still has it is being decided."""
    uploaded(db, b"first.jpg")
    job = begun(db, replacing(db))
    late = seen(db, b"late.jpg")
    assert moves.begin_send(db, late.id, NOW) is None
    assert (now_of(db, late).state, now_of(db, late).wait is not None) == (State.QUEUED, True)
    sent(db, job, verdicts.Kept("7"))
    assert now_of(db, late).wait is None
    assert begun(db, late).state is State.UPLOADING


# --- torn uploads -----------------------------------------------------------------------------


def next_job(db: Database) -> Job | None:
    """What a sender would take."""
    return queue.next_to_send(db, 1, Lane.BACKFILL, NOW + 1, with_videos=True, taken=frozenset())


def test_a_torn_upload_waits_for_its_files_new_content(db: Database) -> None:
    """It is recorded under the hash that was sent, and the new content's job takes it over."""
    job = confirmed(db, torn(db))
    assert ledger(db) == {TORN: ("there", "7")}
    assert (job.state, job.kind, job.photo_id) == (State.QUEUED, Kind.REPLACE, "7")
    heir = seen(db, sha256=NEW)
    assert (heir.state, heir.kind, heir.photo_id) == (State.QUEUED, Kind.REPLACE, "7")
    assert heir.is_mending
    old = now_of(db, job)
    assert (old.state, old.kind, old.photo_id) == (State.SKIPPED, Kind.UPLOAD, None)


def test_new_content_waits_until_the_torn_photo_is_known(db: Database) -> None:
    """Sent by itself it would leave the mixture behind."""
    job = torn(db)
    heir = seen(db, sha256=NEW)
    assert heir.kind is Kind.UPLOAD
    assert next_job(db) is None
    confirmed(db, job)
    found = next_job(db)
    assert found is not None
    assert (found.id, found.kind, found.photo_id) == (heir.id, Kind.REPLACE, "7")
    assert now_of(db, job).state is State.SKIPPED


def test_a_file_that_changes_again_hands_the_photo_on(db: Database) -> None:
    """To the newest content; the one between replaces nothing any more."""
    confirmed(db, torn(db))
    between = seen(db, sha256=NEW)
    newest = seen(db, sha256=THIRD)
    assert (newest.kind, newest.photo_id) == (Kind.REPLACE, "7")
    assert now_of(db, between).kind is Kind.UPLOAD
    back = seen(db, sha256=NEW)
    assert (back.id, back.kind, back.photo_id) == (between.id, Kind.REPLACE, "7")


def test_a_photo_that_has_the_content_already_needs_only_its_tag(db: Database) -> None:
    """The file was wholly rewritten before its first byte was read."""
    confirmed(db, torn(db))
    heir = seen(db, sha256=TORN)
    assert moves.begin_send(db, heir.id, NOW) is None
    assert (now_of(db, heir).state, now_of(db, heir).photo_id) == (State.FILING, "7")


def test_a_mixture_whose_file_is_gone_says_so_and_comes_back(db: Database) -> None:
    """`skipped`, with the photo's id; whatever comes back mends it."""
    job = confirmed(db, torn(db))
    sightings.forget(db, b"/p", b"a.jpg", sightings.VANISHED, NOW)
    job = now_of(db, job)
    assert job.state is State.SKIPPED
    assert job.reason is not None
    assert "photo 7" in job.reason.text
    heir = seen(db, sha256=NEW)
    assert (heir.kind, heir.photo_id) == (Kind.REPLACE, "7")
    assert not now_of(db, job).is_mending


def test_what_is_there_elsewhere_is_named_and_not_doubled(db: Database) -> None:
    """Both ways round: known before the mixture's photo was, and after."""
    uploaded(db, b"b.jpg", NEW, "8")
    confirmed(db, torn(db))
    heir = seen(db, sha256=NEW)
    assert moves.begin_send(db, heir.id, NOW) is None
    failed = now_of(db, heir)
    assert failed.state is State.FAILED
    assert failed.reason is not None
    assert failed.reason.code == "torn"
    assert "photo 7" in failed.reason.text
    assert "photo 8" in failed.reason.text


def test_a_retry_of_what_cannot_be_mended_is_an_upload(db: Database) -> None:
    """The person has deleted the photo, as the remedy says."""
    confirmed(db, torn(db))
    heir = seen(db, sha256=NEW)
    failed = sent(db, begun(db, heir), verdicts.Refuse(NOT_PRO))
    assert failed.reason is not None
    assert failed.reason.code == "torn"
    assert ledger(db) == {TORN: ("there", "7")}
    moves.requeue(db, failed, NOW, "retry")
    fresh = now_of(db, failed)
    assert (fresh.state, fresh.kind, fresh.photo_id) == (State.QUEUED, Kind.UPLOAD, None)


def test_a_mixture_that_nobody_saw_keeps_the_maybe(db: Database) -> None:
    """With the photo's id: another file with that content does not trust the photo either."""
    job = begun(db, seen(db))
    moves.recover_interrupted(db, 1, AROUND)
    job = now_of(db, job)
    assert job.sent_as == job.mark
    changed = job.mark._replace(mtime_ns=99)
    job = settled(db, job, after_look(job, Found("7", changed), AROUND))
    assert (job.state, job.photo_id) == (State.FAILED, "7")
    assert ledger(db) == {OLD: ("maybe", "7")}
