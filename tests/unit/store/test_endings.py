"""Failed jobs whose file is gone, and jobs that a person put aside."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from unit.operations.records import BROKEN, NOW, UNREADABLE, Records
from uploadd.model.jobs import Job
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store import ledger, ledger_moves, moves, sightings
from uploadd.store.beside import writing
from uploadd.store.known import Asked, known_directories_after, known_files

UNKNOWN = Reason("unknown-outcome", "nobody knows", "look there")
TORN = Reason("torn", "photo 9 holds a mixture", "delete photo 9")
OTHER = Reason("replaced-other", "photo 8 was made of it", "look at both")


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A home of its own."""
    return Records(tmp_path)


def forget(records: Records, job: Job, reason: Reason = sightings.VANISHED) -> Job:
    """A walk does not find the job's file any more."""
    with writing(records.configuration.state_dir) as db:
        sightings.forget(db, job.directory, job.name, reason, NOW + 5)
    return records.job(job.id)


def put_aside(records: Records, job: Job) -> Job:
    """A person says ignore."""
    current = records.job(job.id)
    with writing(records.configuration.state_dir) as db:
        moves.put_aside(db, current, NOW + 5)
    return records.job(job.id)


def known(db: Database, records: Records) -> set[bytes]:
    """The names that a walk of the folder looks for."""
    return set(known_files(db, [Asked(records.root)])[0])


def code(job: Job) -> tuple[State, str]:
    """Where a job stands, and why."""
    return job.state, job.reason.code if job.reason else ""


@pytest.mark.parametrize("reason", [sightings.VANISHED, sightings.EXCLUDED])
def test_a_failed_file_that_is_gone_needs_nobody(records: Records, reason: Reason) -> None:
    """Its job ends by itself, with the reason of its end."""
    job = forget(records, records.failed("a.jpg"), reason)
    assert code(job) == (State.SKIPPED, reason.code)


@pytest.mark.parametrize("reason", [UNKNOWN, TORN, OTHER])
def test_what_speaks_of_a_photo_stays(records: Records, reason: Reason) -> None:
    """The photo is there, whatever became of the file; and the ledger keeps its doubt."""
    job = forget(records, records.failed("a.jpg", reason, is_cleared=False))
    assert code(job) == (State.FAILED, reason.code)
    with writing(records.configuration.state_dir) as db:
        assert known(db, records) == set()
        assert ledger.entry(db, job.account_id, job.sha256) is not None


def test_a_file_that_comes_back_is_tried_again(records: Records) -> None:
    """As every file that had vanished."""
    job = forget(records, records.failed("a.jpg"))
    assert records.add("a.jpg").id == job.id
    assert records.job(job.id).state is State.QUEUED


def test_a_job_that_fails_after_its_file_was_forgotten_ends_at_the_next_walk(
    records: Records,
) -> None:
    """The file went away while it was being sent."""
    job = records.begin(records.add("a.jpg"))
    forget(records, job)
    failed = Settlement(State.FAILED, ledger=LedgerChange.CLEAR, reason=BROKEN)
    records.settle(job, failed)
    with writing(records.configuration.state_dir) as db:
        assert known(db, records) == {b"a.jpg"}
        above, beyond = os.path.dirname(records.root), records.root + b"0"
        assert known_directories_after(db, above, beyond, 9) == [records.root]
    assert code(forget(records, job)) == (State.SKIPPED, "vanished")


def test_a_failed_content_ends_with_the_file_s_new_one(records: Records) -> None:
    """What has failed is not in the file any more; what may be a photo is still told."""
    broken, torn = records.failed("a.jpg"), records.failed("b.jpg", TORN)
    records.add("a.jpg", b"mended")
    records.add("b.jpg", b"other")
    assert code(records.job(broken.id)) == (State.SKIPPED, "changed")
    assert code(records.job(torn.id)) == (State.FAILED, "torn")


def test_a_failed_content_stays_while_its_file_cannot_be_read(records: Records) -> None:
    """Nobody knows what is in the file: it would be sent again by itself afterwards."""
    broken = records.failed("a.jpg")
    unread = records.add("a.jpg", refusal=UNREADABLE, is_unread=True)
    assert records.job(broken.id).state is State.FAILED
    records.add("a.jpg")
    assert records.job(broken.id).state is State.FAILED
    assert records.job(unread.id).state is State.SKIPPED


def test_a_job_that_was_put_aside_is_woken_by_nothing(records: Records) -> None:
    """No sighting, no return of the file, no decision about a twin."""
    queued, failed = records.add("a.jpg"), records.failed("b.jpg")
    for job in (queued, failed):
        assert code(put_aside(records, job)) == (State.SKIPPED, "ignored")
    records.add("a.jpg")
    forget(records, failed)
    records.add("b.jpg")
    records.done("twin.jpg", content=b"a.jpg")
    assert code(records.job(queued.id)) == (State.SKIPPED, "ignored")
    assert code(records.job(failed.id)) == (State.SKIPPED, "ignored")
    assert "[5]" in str(records.job(failed.id).reason)


def test_a_new_content_is_a_new_job(records: Records) -> None:
    """And the old one stays aside, also when the file has its content again."""
    job = put_aside(records, records.failed("a.jpg"))
    fresh = records.add("a.jpg", b"new")
    assert (fresh.id != job.id, fresh.state) == (True, State.QUEUED)
    records.add("a.jpg")
    assert code(records.job(job.id)) == (State.SKIPPED, "ignored")


def test_an_unread_file_that_was_put_aside_stays_so(records: Records) -> None:
    """It was the file that was meant."""
    job = put_aside(records, records.add("a.jpg", refusal=UNREADABLE, is_unread=True))
    assert records.add("a.jpg").id == job.id
    assert code(records.job(job.id)) == (State.SKIPPED, "ignored")


def test_a_send_of_a_job_that_was_put_aside_does_not_begin(records: Records) -> None:
    """A sender may have chosen it before."""
    job = put_aside(records, records.add("a.jpg"))
    with writing(records.configuration.state_dir) as db:
        assert moves.begin_send(db, job.id, NOW + 6) is None


def test_a_maybe_stays(records: Records) -> None:
    """A retry looks first, as it would have before."""
    job = put_aside(records, records.failed("a.jpg", UNKNOWN, is_cleared=False))
    with writing(records.configuration.state_dir) as db:
        entry = ledger.entry(db, job.account_id, job.sha256)
        assert entry is not None
        assert entry.state == "maybe"
        moves.requeue(db, job, NOW + 9, "a person said retry")
    assert records.job(job.id).state is State.UNCERTAIN


def test_a_doubt_about_a_photo_stays(records: Records) -> None:
    """A photo that holds a mixture is no copy of anything, whether it is ignored or not."""
    job = records.begin(records.add("a.jpg"))
    torn = replace(Settlement(State.FAILED, reason=TORN, photo_id="9"), ledger=LedgerChange.CLEAR)
    job = put_aside(records, records.settle(job, torn))
    assert job.rests_for("torn")
    with writing(records.configuration.state_dir) as db:
        assert ledger_moves.holds_other(db, job.account_id, "9", "f" * 64)
        moves.requeue(db, job, NOW + 9, "a person said retry")
    assert not records.job(job.id).rests_for("torn")
