"""The simulation finds the mistakes that it is there for, within the schedules of every run."""

from __future__ import annotations

import pytest

from simulation.planted_bugs import BUGS, first_caught
from simulation.test_schedules import SCHEDULES

# A little before the first seed that finds it (`make simulate BUGS=1` begins at 0).
BEGIN_AT = {"blind retry after a 502": 160, "a photo believed unseen": 120}


@pytest.mark.no_cover
@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(bug: str) -> None:
    """A promise is broken in one of the first schedules."""
    caught = first_caught(bug, range(BEGIN_AT.get(bug, 0), SCHEDULES))
    assert caught is not None
    assert any(problem.startswith(("doubled", "lost")) for problem in caught.problems)
