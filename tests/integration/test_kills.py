"""Real processes, killed without warning: nothing is lost, nothing is doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.kills import MIXED, Plan, one_round

ROUNDS = [
    Plan(seed=3, kills=7, photos=40),
    Plan(seed=5, kills=4, photos=25, service="ipernity"),
    Plan(seed=4, kills=3, photos=20, command="run", faults=MIXED, outages=1),
]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("plan", ROUNDS, ids=lambda plan: f"{plan.service}-{plan.command}")
def test_killed_again_and_again(plan: Plan, tmp_path: Path) -> None:
    """Each photo is there once, and each job has ended, whenever SIGKILL struck."""
    count = one_round(plan, tmp_path)
    assert count.is_clean, f"{count.line()}\n{count.last_words}"
    assert count.failed == 0, count.last_words
    assert count.kills >= plan.kills // 2, f"too few kills hit a delivery: {count.line()}"
