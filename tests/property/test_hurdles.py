"""Whether a job may be sent: for any facts, and for any rows that the queue's statement reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from uploadd.model.delays import Delay
from uploadd.model.hurdles import (
    Facts,
    HurdleKind,
    Look,
    PutOff,
    Send,
    There,
    former_of,
    hurdles,
    torn_before,
    turn,
)
from uploadd.model.jobs import Job, Kind, Lane
from uploadd.model.ledger import Entry, Unknown
from uploadd.model.pauses import RULES, ActivePause, Stops, what_stops
from uploadd.model.states import IN_FLIGHT, State
from uploadd.model.trail import Doubt
from uploadd.store import accounts, facts, moves, overview, queue
from uploadd.store.connection import open_database

NOW = 1_700_000_000.0
PHOTOS = st.sampled_from([None, "7", "8"])
WAITS = st.sampled_from([None, Delay(NOW - 60, 30.0), Delay(NOW - 60, 90.0)])


@st.composite
def drawn_jobs(draw: st.DrawFn, states: Any = tuple(State)) -> Job:
    """Any job of two files and three contents."""
    return Job(
        id=draw(st.integers(1, 9)),
        account_id=1,
        folder="",
        root=b"/p",
        directory=b"/p",
        name=draw(st.sampled_from([b"a.jpg", b"b.jpg"])),
        kind=draw(st.sampled_from(Kind)),
        lane=Lane.BACKFILL,
        state=draw(st.sampled_from(states)),
        sha256=draw(st.sampled_from(["A", "B", ""])),
        media_type=draw(st.sampled_from(["image/jpeg", "video/mp4"])),
        size=1,
        mtime_ns=1,
        inode=1,
        device=1,
        wait=draw(WAITS),
        ticket_id=None,
        photo_id=draw(PHOTOS),
        sent_sha256=draw(st.sampled_from([None, "B"])),
        is_forced=False,
        reason=None,
        created_at=NOW,
        updated_at=NOW,
        is_mending=draw(st.booleans()),
    )


@st.composite
def drawn_pauses(draw: st.DrawFn) -> ActivePause:
    """Any pause: past, standing, or ended."""
    delay = draw(WAITS)
    cause = draw(st.sampled_from(sorted(RULES)))
    return ActivePause(1, cause, "x", "a reason", "", NOW, delay, 1, draw(st.booleans()))


FACTS = st.builds(
    Facts,
    now=st.just(NOW),
    account=st.just("me"),
    pauses=st.lists(drawn_pauses(), max_size=3),
    twin=st.none() | drawn_jobs(tuple(IN_FLIGHT)),
    of_path=st.lists(drawn_jobs(), max_size=3),
    of_photo=st.lists(drawn_jobs(tuple(IN_FLIGHT)), max_size=1),
    ledger=st.none()
    | st.builds(
        Entry,
        st.sampled_from(["maybe", "there"]),
        st.just(NOW - 9),
        st.just(1),
        PHOTOS,
        st.sampled_from(Doubt),
    ),
    is_being_replaced=st.booleans(),
    unknown=st.none() | st.just(Unknown(NOW - 99, NOW - 9)),
    call_at=st.none() | st.just(NOW + 9),
)


@given(job=drawn_jobs((State.QUEUED,)), around=FACTS)
def test_nothing_is_sent_that_something_holds_up(job: Job, around: Facts) -> None:
    """Never two sends of one content, and never a send under a pause that stops it."""
    if hurdles(job, around):
        return
    assert job.sha256
    assert around.twin is None
    assert around.call_at is None
    assert job.wait is None or job.wait.remaining(NOW) <= 0
    assert (Stops.VIDEOS if job.is_video else Stops.UPLOADS) not in what_stops(around.pauses, NOW)
    assert job.is_mending or torn_before(around.of_path) is None
    assert former_of(job, around) is None


@given(job=drawn_jobs((State.QUEUED,)), around=FACTS)
def test_what_may_be_there_is_never_sent_blindly(job: Job, around: Facts) -> None:
    """Only a replacement is sent again, to the photo that it may have reached already."""
    known, found = around.ledger, turn(job, around)
    if isinstance(found, Send):
        assert around.unknown is None or known is not None
        assert known is None or (known.is_maybe and job.is_replacement)
        assert known is None or known.photo_id == job.photo_id
    elif known is None or known.is_maybe:
        assert isinstance(found, Look | PutOff)
        assert not isinstance(found, Look) or found.doubt is not Doubt.NONE
    else:
        assert found == There(known.photo_id)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with one account."""
    directory: Path = tmp_path_factory.mktemp("state")
    opened = open_database(directory)
    accounts.bind(opened, "me", "flickr", "flickr.com", "digest")
    yield opened
    opened.close()


ROWS = st.lists(
    drawn_jobs((State.QUEUED, State.QUEUED, *sorted(IN_FLIGHT))), min_size=2, max_size=5
)


@settings(max_examples=500)
@given(jobs=ROWS)
def test_the_queue_offers_what_nothing_holds_up(db: Database, jobs: list[Job]) -> None:
    """And leaves out only what a hurdle holds: the two of them say one rule."""
    db.execute("DELETE FROM jobs")
    for job in jobs:
        _insert(db, job)
    offered = {job.id for job in queue.coming(db, 1, Lane.BACKFILL, NOW, 99)}
    for row in overview.jobs_of_path(db, b"/p/a.jpg") + overview.jobs_of_path(db, b"/p/b.jpg"):
        if row.state is State.QUEUED:
            found = hurdles(row, facts.around(db, row, NOW))
            assert (row.id in offered) == (found == []), [hurdle.text for hurdle in found]
            held = {hurdle.kind for hurdle in found}
            assert held <= {HurdleKind.UNREAD, HurdleKind.TWIN, HurdleKind.WAIT}


@settings(max_examples=200)
@given(jobs=ROWS)
def test_no_content_is_begun_twice(db: Database, jobs: list[Job]) -> None:
    """Whatever the rows are, and in whatever order their turns come."""
    db.execute("DELETE FROM jobs")
    db.execute("DELETE FROM ledger")
    for job in jobs:
        _insert(db, job)
    for row in overview.jobs_of_path(db, b"/p/a.jpg") + overview.jobs_of_path(db, b"/p/b.jpg"):
        moves.begin_send(db, row.id, NOW)
    flying = [
        one.sha256
        for name in (b"/p/a.jpg", b"/p/b.jpg")
        for one in overview.jobs_of_path(db, name)
        if one.state in IN_FLIGHT
    ]
    assert len(flying) == len(set(flying))


def _insert(db: Database, job: Job) -> None:
    """A row as it could stand; one that an index forbids is left out."""
    wait = job.wait
    row = {
        "account_id": 1, "folder": "", "root": b"/p", "directory": job.directory,
        "name": job.name, "kind": job.kind, "lane": job.lane, "state": job.state,
        "sha256": job.sha256, "media_type": job.media_type, "size": 1, "mtime_ns": 1, "inode": 1,
        "device": 1, "wait_begin": wait.begin if wait else None,
        "wait_seconds": wait.seconds if wait else None, "due": wait.end if wait else 0.0,
        "photo_id": job.photo_id, "sent_sha256": job.sent_sha256, "is_mending": job.is_mending,
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    db.execute(f"INSERT OR IGNORE INTO jobs ({columns}) VALUES ({values})", row)
