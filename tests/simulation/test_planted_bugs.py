"""The simulation finds the mistakes that it is there for, within the schedules of every run."""

from __future__ import annotations

import pytest

from simulation.planted_bugs import BUGS, first_caught
from simulation.test_schedules import SCHEDULES


@pytest.mark.no_cover
@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(bug: str) -> None:
    """A promise is broken in one of the first schedules."""
    caught = first_caught(bug, range(SCHEDULES))
    assert caught is not None
    assert any(problem.startswith(("doubled", "lost")) for problem in caught.problems)
