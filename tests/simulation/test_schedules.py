"""Schedules of faults and kills: 260 in every run, 500 with EVERY_CASE=1 in the environment.

`make simulate` plays more. The planted bugs are all found within those of every run.

A failing one prints the command that replays it.
"""

from __future__ import annotations

import pytest

from simulation.lives import EVERY_CASE
from simulation.schedules import play

SCHEDULES = 500 if EVERY_CASE else 260
A_TEST = 20


@pytest.mark.no_cover
@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, SCHEDULES, A_TEST))
def test_every_promise_is_kept(first: int) -> None:
    """Whatever broke, and wherever: each content once, each file at an end, each pause kept."""
    for seed in range(first, first + A_TEST):
        problems = play(seed).problems
        assert not problems, f"{problems}\nreplay it: make simulate SEED={seed}"


def test_a_seed_is_a_schedule() -> None:
    """Played twice, a seed goes the same way, step by step: a failure can be looked at again."""
    first, second = play(5), play(5)
    assert [step for step in first.story if step.startswith("    ")] == [
        step for step in second.story if step.startswith("    ")
    ]
