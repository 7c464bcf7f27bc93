"""Places on an account: taken before a send; the service is asked when none is left."""

from __future__ import annotations

from typing import Any

import pytest

from uploadd.delivery.room import NOTHING, Fitting, Room
from uploadd.model.jobs import Job, Kind
from uploadd.model.limits import Load, Quota, Short
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Reason


def job(number: int, size: int = 10, *, is_video: bool = False, kind: Kind = Kind.UPLOAD) -> Job:
    """A job of which only what a room looks at is told."""
    made: Any = object.__new__(Job)
    for name, value in {
        "id": number,
        "size": size,
        "media_type": "video/mp4" if is_video else "image/jpeg",
        "kind": kind,
    }.items():
        object.__setattr__(made, name, value)
    found: Job = made
    return found


def told(**quota: Any) -> Room:
    """A room whose service was just asked."""
    room = Room()
    room.learn(Quota(**quota), room.kept)
    return room


def test_a_place_is_taken_before_the_send_and_kept_after_it() -> None:
    """What is refused gives its place back."""
    room = told(items_left=2)
    room.begin(job(1))
    room.begin(job(2))
    assert room.shortage(job(3)) is Short.ITEMS
    room.end(job(1))
    assert room.shortage(job(3)) is None
    room.keep(job(2))
    room.end(job(2))
    assert room.left().items_left == 1
    assert room.has_changed


def test_a_replacement_takes_no_place() -> None:
    """But its bytes."""
    room = told(items_left=0, bytes_left=15)
    assert room.shortage(job(1, kind=Kind.REPLACE)) is None
    assert room.shortage(job(1, 20, kind=Kind.REPLACE)) is Short.BYTES


def test_uploads_under_way_are_waited_for_before_the_service_is_asked() -> None:
    """Their end may leave room."""
    room = told(items_left=1)
    room.begin(job(1))
    assert not room.wants(Load(1))
    room.keep(job(1))
    room.end(job(1))
    assert room.wants(Load(1))
    assert not room.wants(Load(1))  # it is known already
    assert room.wanted == Load(1)


def test_before_the_first_answer_everything_is_wanted() -> None:
    """Also where nothing is known of any job."""
    room = Room()
    assert not room.was_asked
    assert room.wants(NOTHING)


def test_what_is_sent_while_the_service_is_asked_counts() -> None:
    """Nobody knows whether its answer has it."""
    room = told(items_left=5)
    room.begin(job(1))
    before = room.kept
    room.keep(job(1))
    room.learn(Quota(items_left=3), before)
    assert room.left().items_left == 2


def test_an_answer_that_does_not_come_leaves_the_sizes() -> None:
    """Counts are too old to go by; how large a file may be hardly changes."""
    room = told(items_left=0, photo_max_bytes=50)
    room.learn_nothing()
    assert room.shortage(job(1)) is None
    assert room.quota == Quota(photo_max_bytes=50)


def test_sizes_in_doubt_are_forgotten_where_no_answer_comes() -> None:
    """A person says that they are old: the service judges the file itself."""
    room = told(photo_max_bytes=50)
    room.doubt()
    assert room.wants(NOTHING)
    room.learn_nothing(1)
    assert (room.quota, room.was_asked, room.doubts_answered) == (Quota(), True, 1)


def test_a_file_that_is_too_large_needs_no_room() -> None:
    """It fails, whatever else is full."""
    room = told(items_left=0, photo_max_bytes=50)
    assert room.shortage(job(1, 51)) is None
    assert room.shortage(job(1, 50)) is Short.ITEMS


@pytest.mark.parametrize(
    ("quota", "fitting"),
    [
        ({}, Fitting(with_videos=True, most_bytes=None)),
        ({"videos_left": 0}, Fitting(with_videos=False, most_bytes=None)),
        ({"bytes_left": 7}, Fitting(with_videos=True, most_bytes=7)),
    ],
)
def test_what_else_fits(quota: dict[str, int], fitting: Fitting) -> None:
    """Photos where videos are full, and smaller files where bytes are few."""
    assert told(**quota).fitting() == fitting


def test_numbers_that_a_person_doubts_are_ignored_until_they_show_room() -> None:
    """And those of another kind are not."""
    room = told(items_left=0, videos_left=0, bytes_left=0)
    room.disprove(PauseCause.FULL)
    assert room.shortage(job(1)) is None
    assert room.fitting().most_bytes is None
    assert room.shortage_for(Load(1, 1)) is None
    room.learn(Quota(items_left=0), room.kept)
    assert room.shortage(job(1)) is None
    room.learn(Quota(items_left=1), room.kept)
    room.begin(job(1))
    assert room.shortage(job(2)) is Short.ITEMS


def test_a_refusal_is_told_with_the_count() -> None:
    """Where there is one, and for the limit of items alone."""
    room = told(items_left=37, items_most=1000, items_there=963)
    full = Pause(PauseCause.FULL, Reason("6", "the limit is reached", "delete some"), 5.0)
    said = room.counted(full)
    assert said.reason.text == "the limit is reached (963 of 1,000 items when it was asked last)"
    assert (said.reason.remedy, said.seconds) == ("delete some", 5.0)
    other = Pause(PauseCause.WAIT, full.reason)
    assert room.counted(other) is other
    assert Room().counted(full) is full
