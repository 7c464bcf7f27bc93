"""Killed at every kind of step of small scenarios, one after the other."""

from __future__ import annotations

import pytest

from simulation.crash_points import SCENARIOS, Scenario, try_points
from simulation.lives import ends_of_each_kind

# All of them by hand (`make simulate`); these meet every kind of step that there is.
IN_EVERY_RUN = ("the reply is lost",)


@pytest.mark.no_cover
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if scenario.name in IN_EVERY_RUN],
    ids=lambda scenario: scenario.name,
)
def test_any_step_may_be_the_last(scenario: Scenario) -> None:
    """Started anew it goes on, loses nothing and doubles nothing."""
    tried = try_points(scenario, ends_of_each_kind)
    assert not tried.problems, "\n".join(tried.problems)
    assert tried.points > 90
