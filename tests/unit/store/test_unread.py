"""Files that hold something nobody has read yet have a row that says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unit.operations.records import JPEG, NOW, Records
from uploadd.model.delays import Delay
from uploadd.model.jobs import Job
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store import overview, sightings, unread
from uploadd.store.beside import writing

TICKETED = Settlement(State.PROCESSING, ticket_id="t1", wait=Delay(NOW, 5.0), is_outdated=True)
REFUSED = Settlement(
    State.FAILED, ledger=LedgerChange.CLEAR, reason=Reason("4", "no"), is_outdated=True
)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """One account, one folder."""
    return Records(tmp_path)


def unread_of(records: Records) -> list[Job]:
    """What is to be read first."""
    with writing(records.configuration.state_dir) as db:
        return unread.unread_jobs(db)


def counts(records: Records) -> dict[State, int]:
    """How the files below the folder stand."""
    account_id = records.account_id()
    with writing(records.configuration.state_dir) as db:
        return overview.counts_below(db, records.root, account_id)


@pytest.mark.parametrize("settlement", [TICKETED, REFUSED])
def test_the_commit_that_settles_a_send_makes_the_job(
    records: Records, settlement: Settlement
) -> None:
    """Whatever became of the send; it is what keeps a backfill waiting."""
    sent = records.begin(records.add("a.jpg"))
    records.settle(sent, settlement)
    (job,) = unread_of(records)
    assert (job.path, job.state, job.media_type) == (sent.path, State.QUEUED, "")
    assert counts(records)[State.QUEUED] == 1


def test_a_file_that_is_as_it_was_has_none(records: Records) -> None:
    """Nor has one that a walk has seen with its new content already, or that is forgotten."""
    sent = records.begin(records.add("a.jpg"))
    records.settle(sent, replace(TICKETED, is_outdated=False))
    seen = records.begin(records.add("b.jpg"))
    records.add("b.jpg", b"new content, seen by a walk")
    records.settle(seen, TICKETED)
    gone = records.begin(records.add("c.jpg"))
    with writing(records.configuration.state_dir) as db:
        sightings.forget(db, gone.directory, gone.name, sightings.VANISHED, NOW)
    records.settle(gone, TICKETED)
    assert unread_of(records) == []


def test_what_is_read_then_takes_the_row(records: Records) -> None:
    """One job for each content, and none is left over."""
    sent = records.begin(records.add("a.jpg"))
    records.settle(sent, TICKETED)
    (row,) = unread_of(records)
    job = records.add("a.jpg", b"what the file holds now")
    assert (job.id, job.state) == (row.id, State.QUEUED)
    assert job.sha256
    assert unread_of(records) == []


def test_the_same_content_again_ends_the_row(records: Records) -> None:
    """The file was only touched: its job is the one that it had, and that stands."""
    sent = records.begin(records.add("a.jpg"))
    records.settle(sent, TICKETED)
    records.add("a.jpg")
    assert unread_of(records) == []
    assert counts(records) == {State.PROCESSING: 1}
    assert records.job(sent.id).state is State.PROCESSING


def test_it_may_come_to_that_again(records: Records) -> None:
    """A row that has ended is used once more, where the content is unknown once more."""
    sent = records.begin(records.add("a.jpg"))
    records.settle(sent, TICKETED)
    (first,) = unread_of(records)
    records.add("a.jpg")  # touched only: the row is skipped
    records.settle(records.job(sent.id), TICKETED)
    (again,) = unread_of(records)
    assert again.id == first.id
    assert records.path("a.jpg").read_bytes().startswith(JPEG)
