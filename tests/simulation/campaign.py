"""As many schedules as one likes, on every core, and every crash point: `make simulate`.

::

    make simulate                 10,000 schedules and every crash point of every scenario
    make simulate N=100000        so many schedules (FIRST=… begins at another seed)
    make simulate SEED=123        one schedule, step by step
    make simulate BUGS=1          the planted bugs, and the first schedule that finds each
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import cpu_count

from simulation.crash_points import SCENARIOS, Scenario, Tried, try_points
from simulation.planted_bugs import BUGS, first_caught
from simulation.schedules import Played, play

A_TASK = 20
MOST_SHOWN = 20


def main() -> int:
    """Play what the command line asks for. Returns 1 where a promise was broken."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--schedules", type=int, default=10_000)
    asked.add_argument("--first", type=int, default=0, help="the first seed")
    asked.add_argument("--seed", type=int, help="play this one and tell its story")
    asked.add_argument("--bugs", action="store_true", help="plant each bug and find it")
    options = asked.parse_args()
    if options.seed is not None:
        return _tell(play(options.seed))
    with ProcessPoolExecutor(cpu_count()) as cores:
        if options.bugs:
            return _find_bugs(cores)
        is_broken = _play_many(cores, options.first, options.schedules)
        return int(_try_points(cores) or is_broken)


def _tell(played: Played) -> int:
    print("\n".join(played.story))
    print(f"seed {played.seed}: {played.lives} lives, {played.deaths} kills, {played.steps} steps")
    print("\n".join(played.problems) or "every promise was kept")
    return int(bool(played.problems))


def _play_some(first: int, last: int) -> list[Played]:
    some = [play(seed) for seed in range(first, last)]
    for played in some:
        played.story = []  # long, and of no use where all went well
    return some


def _play_many(cores: ProcessPoolExecutor, first: int, schedules: int) -> bool:
    began = time.monotonic()
    last = first + schedules
    begins = range(first, last, A_TASK)
    sums: Counter[str] = Counter()
    broken: list[Played] = []
    for some in cores.map(_play_some, begins, (min(one + A_TASK, last) for one in begins)):
        for played in some:
            sums.update(
                schedules=1, lives=played.lives, kills=played.deaths, uploads=played.uploads
            )
            if played.problems:
                broken.append(played)
                print(f"make simulate SEED={played.seed}   # {'; '.join(played.problems[:2])}")
        if sys.stderr.isatty():
            print(f"\r{sums['schedules']} of {schedules}", end="", file=sys.stderr)
    print(
        f"{sums['schedules']} schedules: {sums['lives']} lives, {sums['kills']} kills,"
        f" {sums['uploads']} uploads: {len(broken)} broke a promise"
        f" ({_times(broken, 'lost')} lost, {_times(broken, 'doubled')} doubled);"
        f" {time.monotonic() - began:.0f} s on {cpu_count()} cores"
    )
    return bool(broken)


def _times(broken: list[Played], word: str) -> int:
    return sum(problem.startswith(word) for played in broken for problem in played.problems)


def _try_points(cores: ProcessPoolExecutor) -> bool:
    points = 0
    is_broken = False
    for scenario, tried in zip(SCENARIOS, cores.map(_try, SCENARIOS), strict=True):
        points += tried.points
        print(f"killed at each of {tried.points:4} steps: {scenario.name}")
        for problem in tried.problems[:MOST_SHOWN]:
            print(f"    {problem}")
            is_broken = True
    print(f"{points} crash points in {len(SCENARIOS)} scenarios")
    return is_broken


def _try(scenario: Scenario) -> Tried:
    return try_points(scenario)


def _find_bugs(cores: ProcessPoolExecutor) -> int:
    is_missed = False
    for bug, caught in zip(BUGS, cores.map(_find, BUGS), strict=True):
        is_missed = is_missed or caught is None
        shown = f"seed {caught.seed}: {caught.problems[0]}" if caught else "not found"
        print(f"{bug}: {shown}")
    return int(is_missed)


def _find(bug: str) -> Played | None:
    return first_caught(bug, range(2000))


if __name__ == "__main__":
    sys.exit(main())
