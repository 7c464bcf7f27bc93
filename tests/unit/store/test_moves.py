"""Jobs in the database: what the commits do to the job, the ledger, its twins and its account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlite_utils import Database

from uploadd.model.configuration import OnChange
from uploadd.model.delays import Delay
from uploadd.model.jobs import Job, Lane
from uploadd.model.pauses import PauseCause
from uploadd.model.settlement import LedgerChange, Settlement, Surroundings
from uploadd.model.sightings import Finding
from uploadd.model.states import IllegalMoveError, State
from uploadd.model.trail import Doubt, Trail
from uploadd.model.verdicts import Pause, Reason
from uploadd.store import accounts, listing, moves, overview, pauses, queue, sightings
from uploadd.store.clocks import keep_waits
from uploadd.store.connection import open_database

NOW = 1_700_000_000.0
WHY = Reason("x", "something happened")
AROUND = Surroundings(now=NOW, random=Random(1), patience=1.0, has_dedup_check=True)
FINDING = Finding(
    directory=b"/p", name=b"a.jpg", device=1, inode=2, size=3, mtime_ns=4, sha256="a" * 64,
    media_type="image/jpeg", folder="camera", root=b"/p", lane=Lane.BACKFILL, account_ids=(1,),
)  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database with one account."""
    opened = open_database(tmp_path)
    row, _ = accounts.bind(opened, "me", "flickr", "flickr.com", "digest")
    assert row.id == 1
    yield opened
    opened.close()


def seen(db: Database, name: bytes = b"a.jpg", **changes: object) -> int:
    """Register a file; returns the id of its job."""
    finding = replace(FINDING, name=name, **changes)  # type: ignore[arg-type]
    sightings.register(db, finding, NOW)
    return overview.jobs_of_path(db, b"/p/" + name)[-1].id


def job(db: Database, job_id: int) -> Job:
    """The job as it stands."""
    found = moves.job_by_id(db, job_id)
    assert found is not None
    return found


def begun(db: Database, job_id: int) -> Job:
    """The job after its send was begun."""
    started = moves.begin_send(db, job_id, NOW)
    assert started is not None
    return started


def keep(db: Database, job_id: int, photo_id: str = "77") -> moves.Settled:
    """The service has kept it."""
    kept = Settlement(State.FILING, ledger=LedgerChange.THERE, photo_id=photo_id)
    return moves.settle(db, job_id, kept, NOW, 1.0)


def next_job(db: Database) -> Job | None:
    """What a sender would take."""
    return queue.next_to_send(db, 1, Lane.BACKFILL, NOW, with_videos=True, taken=())


@pytest.mark.parametrize("move", [moves.skip, moves.refuse, moves.put_aside, None])
def test_what_a_job_has_been_through_is_carried_over(db: Database, move: Any) -> None:
    """A commit that says nothing of it changes nothing of it; only a retry begins anew."""
    been_through = Trail(3, ticket_failures=1, doubt=Doubt.BRIEF, uncertain_since=NOW - 9)
    again = Settlement(State.QUEUED, reason=WHY, trail=been_through)
    job_id = seen(db)
    begun(db, job_id)
    queued = moves.settle(db, job_id, again, NOW, 1.0).job
    if move is None:
        moves.postpone(db, job_id, WHY, Delay(NOW, 60.0), NOW)
    else:
        move(db, queued, *([] if move is moves.put_aside else [WHY]), NOW)
    assert job(db, job_id).trail == been_through
    if move is not None:
        moves.requeue(db, job(db, job_id), NOW, "retry", is_forced=True)
        assert job(db, job_id).trail == Trail()


def test_maybe_stands_before_the_first_byte(db: Database) -> None:
    """`uploading` and the ledger's `maybe` are one commit."""
    begun(db, seen(db))
    row = db.execute("SELECT state, doubt FROM ledger").fetchone()
    assert row == ("maybe", "full")


def test_the_index_forbids_a_second_job_in_flight(db: Database) -> None:
    """Even where the code forgot to look."""
    first, second = seen(db), seen(db, b"b.jpg")
    begun(db, first)
    with pytest.raises(Exception, match="UNIQUE"):
        db.execute("UPDATE jobs SET state = 'uploading' WHERE id = ?", (second,))


def test_a_twin_waits_and_is_decided_with_its_leader(db: Database) -> None:
    """In the very commit in which the leader's photo is known."""
    leader, twin = seen(db), seen(db, b"b.jpg")
    begun(db, leader)
    assert next_job(db) is None
    assert moves.begin_send(db, twin, NOW) is None
    assert keep(db, leader).twins == 1
    assert (job(db, twin).state, job(db, twin).photo_id) == (State.DUPLICATE, "77")


def test_a_twin_of_a_refused_job_has_its_own_try(db: Database) -> None:
    """The leader's failure proves that nothing is there."""
    leader, twin = seen(db), seen(db, b"b.jpg")
    begun(db, leader)
    refused = Settlement(State.FAILED, ledger=LedgerChange.CLEAR, reason=WHY, trail=Trail(1))
    moves.settle(db, leader, refused, NOW, 1.0)
    found = next_job(db)
    assert found is not None
    assert found.id == twin


def test_while_the_ledger_says_maybe_sending_goes_through_a_look_up(db: Database) -> None:
    """A twin of a job that gave up with an unknown outcome is looked up first."""
    leader, twin = seen(db), seen(db, b"b.jpg")
    begun(db, leader)
    gave_up = Settlement(State.FAILED, reason=WHY, trail=Trail(doubt=Doubt.FULL))
    moves.settle(db, leader, gave_up, NOW, 1.0)
    assert moves.begin_send(db, twin, NOW) is None
    assert job(db, twin).state is State.UNCERTAIN


def test_retry_goes_through_a_look_up_too(db: Database) -> None:
    """Unless a person forces it."""
    failed = seen(db)
    begun(db, failed)
    moves.settle(
        db, failed, Settlement(State.FAILED, reason=WHY, trail=Trail(doubt=Doubt.FULL)), NOW, 1.0
    )
    moves.requeue(db, job(db, failed), NOW, "retry")
    assert job(db, failed).state is State.UNCERTAIN


def test_force_overrides_the_ledger(db: Database) -> None:
    """`retry --force`."""
    failed = seen(db)
    begun(db, failed)
    moves.settle(
        db, failed, Settlement(State.FAILED, reason=WHY, trail=Trail(doubt=Doubt.FULL)), NOW, 1.0
    )
    moves.requeue(db, job(db, failed), NOW, "retry", is_forced=True)
    assert begun(db, failed).is_forced


def test_an_interrupted_upload_is_uncertain_after_a_restart(db: Database) -> None:
    """Nobody knows how far it got; it counts as an attempt."""
    interrupted = seen(db)
    begun(db, interrupted)
    assert [found.id for found in moves.recover_interrupted(db, 1, AROUND)] == [interrupted]
    found = job(db, interrupted)
    assert (found.state, found.trail.doubt, found.trail.attempts) == (
        State.UNCERTAIN,
        Doubt.FULL,
        1,
    )


def test_an_illegal_move_is_refused(db: Database) -> None:
    """A job in the queue cannot be done at once."""
    with pytest.raises(IllegalMoveError):
        moves.settle(db, seen(db), Settlement(State.DONE), NOW, 1.0)


def test_no_send_is_begun_during_a_pause(db: Database) -> None:
    """Looked at again in the commit that would begin it."""
    waiting = seen(db)
    pauses.begin(db, 1, Pause(PauseCause.WAIT, WHY, 60.0), NOW, 1.0)
    assert moves.begin_send(db, waiting, NOW + 59) is None
    assert moves.begin_send(db, waiting, NOW + 60) is not None


def test_a_video_pause_lets_photos_through(db: Database) -> None:
    """Error 7 is about videos only."""
    photo = seen(db)
    video = seen(db, b"v.mp4", sha256="b" * 64, media_type="video/mp4")
    pauses.begin(db, 1, Pause(PauseCause.VIDEOS_FULL, WHY), NOW, 1.0)
    assert moves.begin_send(db, video, NOW) is None
    assert moves.begin_send(db, photo, NOW) is not None


def test_pauses_that_meet_are_one(db: Database) -> None:
    """Four senders are told to wait at once: the longest wait holds, and it came once."""
    for seconds in (60.0, 90.0, 30.0):
        pauses.begin(db, 1, Pause(PauseCause.WAIT, WHY, seconds), NOW, 1.0)
    (pause,) = pauses.of_account(db, 1)
    assert (pause.delay, pause.times) == (Delay(NOW, 90.0), 1)


def test_a_pause_that_comes_back_grows(db: Database) -> None:
    """Until a send has gone well."""
    away = Pause(PauseCause.AWAY, WHY)
    first = pauses.begin(db, 1, away, NOW, 1.0)
    pauses.end(db, 1, PauseCause.AWAY)
    second = pauses.begin(db, 1, away, NOW + 100, 1.0)
    assert first.delay is not None
    assert second.delay is not None
    assert second.delay.seconds == 2 * first.delay.seconds
    pauses.end(db, 1, PauseCause.AWAY)
    pauses.forget_past(db, 1, NOW + 200)
    assert pauses.of_account(db, 1) == []


def test_a_clock_set_back_lengthens_no_wait(db: Database) -> None:
    """The wait begins anew with its own length, not with the difference of the clocks."""
    waiting = seen(db)
    moves.postpone(db, waiting, WHY, Delay(NOW, 50.0), NOW)
    keep_waits(db, "boot", 0.0, NOW - 1e6)
    assert job(db, waiting).wait == Delay(NOW - 1e6, 50.0)


def test_new_content_skips_the_queued_job_of_the_old(db: Database) -> None:
    """The old content is not at that path any more."""
    old = seen(db)
    new = seen(db, sha256="b" * 64)
    assert (job(db, old).state, job(db, new).state) == (State.SKIPPED, State.QUEUED)


def test_on_change_ignore_leaves_new_content_alone(db: Database) -> None:
    """`skipped` (`changed`), and the fingerprint is remembered."""
    keep(db, begun(db, seen(db)).id)
    new = job(db, seen(db, sha256="b" * 64, on_change=OnChange.IGNORE))
    assert new.state is State.SKIPPED
    assert new.reason is not None
    assert new.reason.code == "changed"


def test_a_file_that_comes_back_is_queued_again(db: Database) -> None:
    """`skipped` (`vanished`) wakes up at a sighting."""
    gone = seen(db)
    sightings.forget(db, b"/p", b"a.jpg", sightings.VANISHED, NOW)
    assert job(db, gone).state is State.SKIPPED
    assert seen(db) == gone
    assert job(db, gone).state is State.QUEUED


def test_content_that_is_there_is_a_duplicate_at_once(db: Database) -> None:
    """Known from the ledger, without a call."""
    keep(db, begun(db, seen(db)).id)
    later = job(db, seen(db, b"later.jpg"))
    assert (later.state, later.photo_id) == (State.DUPLICATE, "77")


def test_registering_twice_changes_nothing(db: Database) -> None:
    """A sighting may come any number of times."""
    assert seen(db) == seen(db)
    assert len(list(listing.choose_jobs(db, listing.Choice()))) == 1


def test_a_rescheduled_job_overtakes_fresh_ones_when_its_time_has_come(db: Database) -> None:
    """It does not wait behind a whole backlog."""
    later, _ = seen(db), seen(db, b"b.jpg", sha256="b" * 64)
    moves.postpone(db, later, WHY, Delay(NOW - 10, 5.0), NOW)
    found = next_job(db)
    assert found is not None
    assert found.id == later


def test_two_names_with_one_login_are_refused(db: Database) -> None:
    """Everything is keyed by the identity."""
    other, _ = accounts.bind(db, "other", "flickr", "flickr.com", "digest2")
    labels = frozenset({"me", "other"})
    accounts.learn(db, 1, "42@N00", "someone", "digest", labels)
    with pytest.raises(Exception, match="same login"):
        accounts.learn(db, other.id, "42@N00", "someone", "digest2", labels)


def test_a_renamed_account_keeps_its_jobs(db: Database) -> None:
    """The name in the configuration is a label: what was queued under it goes over."""
    accounts.learn(db, 1, "42@N00", "someone", "digest", frozenset({"me"}))
    done = seen(db)
    new, needs_login = accounts.bind(db, "renamed", "flickr", "flickr.com", "digest")
    assert needs_login
    row = accounts.learn(db, new.id, "42@N00", "someone", "digest", frozenset({"renamed"}))
    assert row.id == job(db, done).account_id == 1


def test_another_login_under_the_same_name_is_another_account(db: Database) -> None:
    """Its jobs are not sent to somebody else's photos."""
    accounts.learn(db, 1, "42@N00", "someone", "digest", frozenset({"me"}))
    row = accounts.learn(db, 1, "43@N00", "else", "digest3", frozenset({"me"}))
    assert row.id != 1
    assert row.identity == "flickr:flickr.com:43@N00"


def test_a_ticket_whose_wait_was_named_is_not_asked_for_along_the_way(db: Database) -> None:
    """Others may come early, because a call has room for them; fresh ones always come along."""

    def processing(name: bytes, polls: int, begin: float, seconds: float) -> int:
        job_id = seen(db, name, sha256=name.hex().ljust(64, "0"))
        begun(db, job_id)
        settlement = Settlement(
            State.PROCESSING,
            ticket_id=f"t{job_id}",
            trail=Trail(polls=polls),
            wait=Delay(begin, seconds),
        )
        moves.settle(db, job_id, settlement, NOW, 1.0)
        return job_id

    due = processing(b"due.jpg", 1, NOW - 10, 5.0)
    fresh = processing(b"fresh.jpg", 0, NOW, 30.0)
    waiting = processing(b"waiting.jpg", 1, NOW, 120.0)

    def asked(now: float, *, with_early: bool) -> list[int]:
        return [one.id for one in queue.tickets_to_ask(db, 1, now, 50, with_early=with_early)]

    assert asked(NOW, with_early=True) == [due, fresh, waiting]
    assert asked(NOW, with_early=False) == [due, fresh]
    assert asked(NOW + 120, with_early=False) == [due, fresh, waiting]
