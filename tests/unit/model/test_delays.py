"""Waits and backoff: pure arithmetic over time that is handed in."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploadd.model.delays import BACKOFF_MOST_SECONDS, Delay, backoff, growing

times = st.floats(min_value=0, max_value=4e9)


@given(begin=times, seconds=st.floats(min_value=0, max_value=1e7), now=times)
def test_what_remains_never_exceeds_the_length(begin: float, seconds: float, now: float) -> None:
    """Whatever the clock does (design section 9)."""
    assert 0 <= Delay(begin, seconds).remaining(now) <= seconds


@pytest.mark.parametrize(("times", "seconds"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 900)])
def test_growing_doubles_up_to_its_most(times: int, seconds: float) -> None:
    """5 s doubling to 15 min."""
    assert growing(5, 900, times) == seconds


@given(attempts=st.integers(min_value=1, max_value=10_000), seed=st.integers())
def test_backoff_has_full_jitter(attempts: int, seed: int) -> None:
    """Anywhere from nothing to the ceiling, and never above 15 minutes."""
    seconds = backoff(attempts, Random(seed))
    assert 0 <= seconds <= min(BACKOFF_MOST_SECONDS, 5 * 2 ** min(attempts - 1, 20))


def test_backoff_differs_between_files() -> None:
    """Files that failed together do not come back together."""
    dice = Random(1)
    assert len({round(backoff(6, dice), 3) for _ in range(100)}) > 90


def test_patience_scales_backoff() -> None:
    """`patience` multiplies every delay of our own."""
    assert backoff(4, Random(1), 0.1) == pytest.approx(backoff(4, Random(1)) / 10)
