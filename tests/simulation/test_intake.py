"""Schedules of what happens to a watched folder, with kills: every file is told of in the end."""

from __future__ import annotations

import pytest

from simulation.intake_bugs import BUGS, first_caught
from simulation.intake_schedules import play_intake

SCHEDULES = 24
A_TEST = 6
# A little before the first seed that finds it.
BEGIN_AT = {"an event is forgotten": 19, "an overflow is forgotten": 4}


@pytest.mark.no_cover
@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, SCHEDULES, A_TEST))
def test_every_file_is_told_of(first: int) -> None:
    """Whatever was missed, closed, moved or away, and wherever it died."""
    for seed in range(first, first + A_TEST):
        problems = play_intake(seed).problems
        assert not problems, f"{problems}\nreplay it: play_intake({seed})"


@pytest.mark.no_cover
@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(bug: str) -> None:
    """A promise is broken in one of the first schedules."""
    assert first_caught(bug, range(BEGIN_AT.get(bug, 0), 100)) is not None
