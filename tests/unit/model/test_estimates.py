"""How long many uploads take at least."""

from __future__ import annotations

import pytest

from uploadd.model.estimates import Estimate, Pace, calls_per_file, estimate

HOUR = 3600.0


def test_calls_of_a_file() -> None:
    """Flickr: the upload and a fiftieth of a question; ipernity: also a twentieth of a look."""
    assert calls_per_file(50, 0) == pytest.approx(1.02)
    assert calls_per_file(50, 20) == pytest.approx(1.07)


@pytest.mark.parametrize(
    ("files", "size", "pace", "expected"),
    [
        (41_200, 310 * 10**9, Pace(), Estimate(None)),
        (1000, 10**9, Pace(bytes_per_second=10**6), Estimate(1000.0, by_bytes=True)),
        # A tenth of the budget is kept from backfills.
        (3600, 0, Pace(calls_per_hour=1000), Estimate(4 * HOUR, by_calls=True)),
        (450, 0, Pace(calls_per_hour=1000, calls_per_file=2.0), Estimate(None)),
        (3600, 10**6, Pace(1000, 1000), Estimate(4 * HOUR, by_bytes=True, by_calls=True)),
        (3600, 10**8, Pace(1000, 1000), Estimate(1e5, by_bytes=True, by_calls=True)),
        (10, 10**8, Pace(1000, 1000), Estimate(1e5, by_bytes=True)),
        (0, 0, Pace(1000, 1), Estimate(0.0, by_bytes=True)),
    ],
)
def test_what_is_capped_can_be_told(files: int, size: int, pace: Pace, expected: Estimate) -> None:
    """The slower of the two; a budget that all calls fit into caps nothing."""
    assert estimate(files, size, pace) == expected
