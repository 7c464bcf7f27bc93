"""What fits into an account's limits, and what is said where something does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploadd.model import verdicts
from uploadd.model.limits import (
    Load,
    Quota,
    Short,
    beyond,
    full_pause,
    has_room,
    is_ours,
    items_count,
    left_of,
    may_have_arrived,
    shortage,
    shown_bytes,
    too_large,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Reason

PHOTO = Load(1, 0, 500)
VIDEO = Load(1, 1, 500)
REASON = Reason("x", "x")
NUMBERS = st.none() | st.integers(0, 10)
QUOTAS = st.builds(Quota, items_left=NUMBERS, videos_left=NUMBERS, bytes_left=NUMBERS)
LOADS = st.builds(Load, st.integers(0, 10), st.integers(0, 10), st.integers(0, 10))


@pytest.mark.parametrize(
    ("quota", "load", "short"),
    [
        (Quota(), VIDEO, None),
        (Quota(items_left=0), PHOTO, Short.ITEMS),
        (Quota(items_left=1), PHOTO, None),
        (Quota(items_left=0), Load(size_bytes=5), None),
        (Quota(videos_left=0), VIDEO, Short.VIDEOS),
        (Quota(videos_left=0), PHOTO, None),
        (Quota(bytes_left=499), PHOTO, Short.BYTES),
        (Quota(bytes_left=500), PHOTO, None),
        (Quota(items_left=0, videos_left=0, bytes_left=0), VIDEO, Short.ITEMS),
        (Quota(videos_left=0, bytes_left=0), VIDEO, Short.VIDEOS),
    ],
)
def test_what_lacks(quota: Quota, load: Load, short: Short | None) -> None:
    """What stops most comes first; what is not said is no limit."""
    assert shortage(quota, load) is short


@given(QUOTAS, LOADS, LOADS)
def test_what_fits_twice_fits_after_the_first(quota: Quota, first: Load, second: Load) -> None:
    """Places taken one by one are those taken at once."""
    if shortage(quota, first) is None:
        at_once = shortage(quota, first + second)
        assert at_once == shortage(left_of(quota, first), second)
    assert first + second - second == first


@given(QUOTAS, LOADS)
def test_what_is_beyond_is_what_lacks(quota: Quota, load: Load) -> None:
    """And no more than was wanted."""
    over = beyond(quota, load)
    assert (over == Load()) == (shortage(quota, load) is None)
    rest = load - over
    assert min(rest.items, rest.videos, rest.size_bytes) >= 0
    assert shortage(quota, rest) is None


@pytest.mark.parametrize(
    ("quota", "cause", "room"),
    [
        (Quota(), PauseCause.FULL, None),
        (Quota(items_left=0), PauseCause.FULL, False),
        (Quota(items_left=3), PauseCause.FULL, True),
        (Quota(items_left=3, bytes_left=0), PauseCause.FULL, False),
        (Quota(bytes_left=1), PauseCause.FULL, True),
        (Quota(items_left=3, videos_left=0), PauseCause.VIDEOS_FULL, False),
        (Quota(items_left=0, videos_left=1), PauseCause.VIDEOS_FULL, True),
        (Quota(items_left=3), PauseCause.VIDEOS_FULL, None),
    ],
)
def test_room_after_a_pause(quota: Quota, cause: PauseCause, *, room: bool | None) -> None:
    """None: only a send can tell."""
    assert has_room(quota, cause) is room


@pytest.mark.parametrize(
    ("size", "is_video", "text"),
    [
        (100, False, ""),
        (101, False, "101 bytes; the account takes a photo of at most 100 bytes"),
        (101, True, ""),
        (
            26_214_400,
            True,
            "26.2 MB (26,214,400 bytes); the account takes a video of at most 1.0 kB (1,000 bytes)",
        ),
    ],
)
def test_a_file_too_large_names_the_limit(size: int, text: str, *, is_video: bool) -> None:
    """For its kind, in units for people and exactly."""
    refusal = too_large(Quota(photo_max_bytes=100, video_max_bytes=1000), size, is_video=is_video)
    assert (refusal.text if refusal else "") == text
    assert refusal is None or (refusal.code, bool(refusal.remedy)) == ("too-large", True)
    assert too_large(Quota(), 10**15, is_video=is_video) is None


@pytest.mark.parametrize(
    ("quota", "short", "text"),
    [
        (
            Quota(items_left=0, items_most=1000, items_there=1000),
            Short.ITEMS,
            "the account is full: 1,000 of 1,000 items",
        ),
        (Quota(items_left=0), Short.ITEMS, "the account is full"),
        (Quota(videos_left=0), Short.VIDEOS, "the account takes no more videos"),
        (
            Quota(bytes_left=499),
            Short.BYTES,
            (
                "the account takes 499 bytes more this month, and what is to be sent has"
                " 500 bytes or more"
            ),
        ),
    ],
)
def test_a_pause_says_the_count(quota: Quota, short: Short, text: str) -> None:
    """And what to do; its code is a word of ours."""
    pause = full_pause(quota, short, VIDEO)
    assert (pause.cause, pause.reason.text) == (short.cause, text)
    assert pause.reason.remedy
    assert is_ours(pause.reason.code)
    assert not is_ours("6")


def test_counts_and_sizes_are_for_people() -> None:
    """With separators; the exact number stands beside the round one."""
    assert items_count(Quota(items_most=1000, items_there=963)) == "963 of 1,000 items"
    assert items_count(Quota(items_most=1000)) == ""
    assert shown_bytes(1) == "1 byte"
    assert shown_bytes(209715200) == "209.7 MB (209,715,200 bytes)"


@pytest.mark.parametrize(
    ("verdict", "may"),
    [
        (verdicts.Kept("1"), True),
        (verdicts.Ticketed("1"), True),
        (verdicts.Uncertain(REASON), True),
        (verdicts.Reschedule(REASON, was_sent=True), True),
        (verdicts.Reschedule(REASON, was_sent=False), False),
        (verdicts.Duplicate("1", is_deleted=False, reason=REASON), False),
        (verdicts.Refuse(REASON), False),
        (verdicts.Pause(PauseCause.FULL, REASON), False),
    ],
)
def test_a_place_is_taken_by_what_may_have_arrived(verdict: verdicts.Verdict, *, may: bool) -> None:
    """In doubt it is: then the service is asked once too often, and never once too late."""
    assert may_have_arrived(verdict) is may
