"""Accepting what is there now, and giving up what is away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from unit.operations.records import NOW, Records
from uploadd.cli.forget import forgotten_lines, prospect_lines
from uploadd.files.accepted import look_at_root
from uploadd.files.membership import Folders
from uploadd.intake.admission import judged
from uploadd.model.delays import Delay
from uploadd.model.errors import StoreBusyError, UsageError
from uploadd.model.jobs import Job
from uploadd.model.roots import FOREIGN_ROOT, AcceptedRoot
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.operations.forgetting import Meaning, forget, prospect_of
from uploadd.operations.retrying import Wish, retry
from uploadd.store import listing, moves, roots
from uploadd.store.beside import reading, writing
from uploadd.store.listing import Choice
from uploadd.store.roots import RootRow

ANOTHER = 4711


def row(records: Records) -> RootRow:
    """What is known of the folder's directory."""
    with reading(records.configuration.state_dir) as db:
        assert db is not None
        return roots.row_of(db, "camera", records.root)


def look(records: Records, **changes: object) -> RootRow:
    """A deliverer looks at the folder; what it notes may be changed."""
    before = RootRow("camera", records.root)
    after, _ = judged(before, look_at_root(records.root), Folders.of(records.configuration))
    if after.accepted is not None:
        after = replace(after, accepted=replace(after.accepted, **changes))  # type: ignore[arg-type]
    with writing(records.configuration.state_dir) as db:
        roots.put(db, roots.row_of(db, "camera", records.root), after)
    return after


def jobs(records: Records) -> Iterator[Job]:
    """Every job, the oldest first."""
    with reading(records.configuration.state_dir) as db:
        assert db is not None
        yield from sorted(listing.choose_jobs(db, Choice()), key=lambda job: job.id)


def states(records: Records) -> list[State]:
    """The states of all jobs, the oldest first."""
    return [job.state for job in jobs(records)]


def test_what_is_read_as_it_is_has_nothing_to_forget(records: Records) -> None:
    """And nothing is changed."""
    records.add("a.jpg")
    accepted = look(records)
    prospect = prospect_of(records.configuration, "camera")
    assert prospect.meaning is Meaning.NOTHING
    forget(records.configuration, prospect, NOW)
    assert row(records) == accepted
    assert states(records) == [State.QUEUED]


def test_another_owners_directory_is_accepted(records: Records) -> None:
    """What waited for it is ready at once."""
    job = records.add("a.jpg")
    look(records, owner=ANOTHER)
    with writing(records.configuration.state_dir) as db:
        before = roots.row_of(db, "camera", records.root)
        roots.put(db, before, replace(before, refused="it is not", needs_person=True))
        moves.postpone(db, job.id, Reason(FOREIGN_ROOT, "it is not"), Delay(NOW, 120.0), NOW)
    prospect = prospect_of(records.configuration, "camera")
    assert prospect.meaning is Meaning.ACCEPT
    lines = "\n".join(prospect_lines(prospect))
    assert f"user {ANOTHER}" in lines
    assert "1 job" in lines
    forget(records.configuration, prospect, NOW)
    accepted = row(records).accepted
    assert accepted is not None
    assert accepted.owner == os.geteuid()
    assert not row(records).refused
    (waiting,) = jobs(records)
    assert (waiting.state, waiting.wait) == (State.QUEUED, None)


def test_only_what_was_shown_is_accepted(records: Records) -> None:
    """Whatever is exchanged while a person thinks about it."""
    records.add("a.jpg")
    look(records, owner=ANOTHER)
    prospect = prospect_of(records.configuration, "camera")
    assert prospect.look is not None
    shown = prospect.look.seen
    records.photos.rename(records.photos.with_name("old"))
    records.photos.mkdir()
    forget(records.configuration, prospect, NOW)
    accepted = row(records).accepted
    assert accepted == AcceptedRoot(shown.path, shown.device, shown.inode, shown.owner)


def test_what_was_noted_meanwhile_is_not_overwritten(records: Records) -> None:
    """Another command has accepted something else."""
    records.add("a.jpg")
    look(records, owner=ANOTHER)
    prospect = prospect_of(records.configuration, "camera")
    look(records, owner=ANOTHER + 1)
    with pytest.raises(StoreBusyError, match="meanwhile"):
        forget(records.configuration, prospect, NOW)


def test_what_waits_for_a_lost_disk_is_ended(records: Records) -> None:
    """Queued and failed jobs; not what is in flight, and not what is there."""
    records.add("queued.jpg")
    records.failed("failed.jpg")
    records.begin(records.add("flying.jpg"))
    records.done("done.jpg")
    look(records)
    records.photos.rename(records.photos.with_name("away"))
    prospect = prospect_of(records.configuration, "camera")
    assert (prospect.meaning, prospect.waiting, prospect.in_flight) == (Meaning.GIVE_UP, 2, 1)
    forgotten = forget(records.configuration, prospect, NOW)
    assert forgotten.ended == 2
    assert states(records) == [State.SKIPPED, State.SKIPPED, State.UPLOADING, State.DONE]
    (ended, *_) = jobs(records)
    assert ended.reason is not None
    assert ended.reason.code == "vanished"
    assert "forgotten by a person" in ended.reason.text
    assert row(records).accepted is None
    assert "2 jobs were skipped" in "\n".join(forgotten_lines(prospect, forgotten))


def test_retry_takes_up_what_was_given_up(records: Records) -> None:
    """Where the disk is there again after all."""
    records.add("a.jpg")
    records.photos.rename(records.photos.with_name("away"))
    prospect = prospect_of(records.configuration, "camera")
    forget(records.configuration, prospect, NOW)
    records.photos.with_name("away").rename(records.photos)
    retry(records.configuration, Wish(code="vanished"), NOW)
    assert states(records) == [State.QUEUED]


def test_an_empty_mount_point_is_a_disk_that_is_away(records: Records) -> None:
    """A directory is there, on another disk and with nothing in it."""
    records.add("a.jpg")
    look(records, device=1)
    for file in records.photos.iterdir():
        file.unlink()
    assert prospect_of(records.configuration, "camera").meaning is Meaning.GIVE_UP


def test_a_folder_that_was_taken_out_of_the_configuration(records: Records) -> None:
    """By the name that it had."""
    records.add("a.jpg")
    folders = records.configuration.folders
    del folders["camera"]
    prospect = prospect_of(records.configuration, "camera")
    assert (prospect.meaning, prospect.waiting) == (Meaning.REMOVED, 1)
    forget(records.configuration, prospect, NOW)
    assert states(records) == [State.SKIPPED]


def test_a_folder_that_nobody_knows_is_refused(records: Records) -> None:
    """And no file is made."""
    with pytest.raises(UsageError, match="known are: camera"):
        prospect_of(records.configuration, "camara")
    assert not records.configuration.state_dir.exists()


def test_before_the_first_run_there_is_nothing_to_forget(records: Records) -> None:
    """Nothing was accepted, nothing waits."""
    assert prospect_of(records.configuration, "camera").meaning is Meaning.NOTHING
    records.photos.rmdir()
    assert prospect_of(records.configuration, "camera").meaning is Meaning.NOTHING
