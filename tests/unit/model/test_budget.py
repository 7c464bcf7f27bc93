"""The call budget as a pure decision."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from uploadd.model.budget import WINDOW_SECONDS, Purpose, wait_for_call


def test_no_limit_never_waits() -> None:
    """`calls_per_hour = 0`."""
    assert wait_for_call([1.0] * 10_000, 2.0, Purpose.BACKFILL, 0) == 0


def test_a_burst_is_allowed_up_to_the_limit() -> None:
    """All of an hour's calls may be made at once."""
    assert wait_for_call([100.0] * 9, 100.0, Purpose.LIVE, 10) == 0
    assert wait_for_call([100.0] * 10, 100.0, Purpose.LIVE, 10) == WINDOW_SECONDS


def test_a_tenth_is_kept_from_backfill_uploads() -> None:
    """Tickets, look-ups and live photos still find room."""
    made = [100.0] * 90
    assert wait_for_call(made, 100.0, Purpose.BACKFILL, 100) > 0
    assert wait_for_call(made, 100.0, Purpose.TICKETS, 100) == 0


def test_a_clock_set_back_waits_no_longer_than_an_hour() -> None:
    """A call in the future counts as made now."""
    assert wait_for_call([9e9] * 10, 100.0, Purpose.LIVE, 10) == WINDOW_SECONDS


@given(
    gaps=st.lists(st.floats(min_value=0, max_value=500), max_size=60),
    limit=st.integers(min_value=1, max_value=20),
)
def test_no_hour_has_more_calls_than_the_limit(gaps: list[float], limit: int) -> None:
    """Made as early as the budget lets them, in any rhythm."""
    now, made = 0.0, list[float]()
    for gap in gaps:
        now += gap
        recent = [at for at in made if at > now - WINDOW_SECONDS]
        now += wait_for_call(recent, now, Purpose.LIVE, limit)
        made.append(now)
    for at in made:
        assert sum(1 for other in made if at - WINDOW_SECONDS < other <= at - 1e-6) < limit + 1
        assert sum(1 for other in made if at <= other < at + WINDOW_SECONDS - 1e-6) <= limit
