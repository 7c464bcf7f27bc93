"""One schedule: a few lives in bad weather, then calm, and then every promise must have been kept.

A schedule is a seed. `play(seed)` always plays the same one; `make simulate SEED=…` shows it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from simulation.lives import Dead, Life
from simulation.promises import PauseWatch, broken
from simulation.scene import Scene, place_for_files
from simulation.weather import LONGEST_LIFE_SECONDS, Weather, calm
from uploadd.operations.backfill.delivering import Ending, Finished

MOST_CALM_LIVES = 5
LONGEST_REST_SECONDS = 3 * 3600.0


@dataclass
class Played:
    """How one schedule went."""

    seed: int
    problems: list[str] = field(default_factory=list)
    lives: int = 0
    deaths: int = 0
    steps: int = 0
    uploads: int = 0
    story: list[str] = field(default_factory=list)


def play(seed: int, prepare: Callable[[Scene], None] = lambda _scene: None) -> Played:
    """Play one schedule from its beginning to its end. `prepare` may change the scene first."""
    with tempfile.TemporaryDirectory(dir=place_for_files(), prefix="schedule-") as directory:
        return _Playing(seed, Path(directory), prepare).run()


class _Playing:
    """One schedule under way."""

    def __init__(self, seed: int, directory: Path, prepare: Callable[[Scene], None]) -> None:
        self._weather = Weather.of(seed)
        self._scene = Scene(directory, self._weather.options(), seed, self._weather.services)
        self._watch = PauseWatch(self._scene)
        self._scene.watch_request = self._watch
        self._scene.clock_went_forward = self._weather.steps_clock_forward
        self._raised: list[BaseException] = []
        self._played = Played(seed)
        self._weather.set_out(self._scene)
        prepare(self._scene)

    def run(self) -> Played:
        dice = Random(f"playing {self._played.seed}")
        for number in range(self._weather.lives):
            self._live(self._weather.life(self._scene, number), dice)
            if dice.random() < 0.2:
                self._scene.pass_time(dice.uniform(0.0, LONGEST_REST_SECONDS))
            if self._weather.ignores:
                self._scene.ignore_all()
        if self._weather.ignores:
            self._scene.retry_all()
        calm(self._scene)
        self._end_well()
        self._watch.close()
        return self._summed_up()

    def _live(self, life: Life, dice: Random) -> Any:
        seconds = dice.uniform(1.0, LONGEST_LIFE_SECONDS)
        if dice.random() < 0.3:
            self._scene.poll_folder()
            ended = self._scene.watch_life(life, seconds)
        else:
            ended = self._scene.backfill_life(life, stop_after=seconds)
        self._tell(life, ended)
        return ended

    def _tell(self, life: Life, ended: Any) -> None:
        self._played.story.append(f"life {len(self._scene.lives)}: {_ending_of(life, ended)}")
        self._played.story += [f"    {step}" for step in life.trace]
        if isinstance(ended, BaseException) and not isinstance(ended, Dead):
            self._raised.append(ended)

    def _end_well(self) -> None:
        """Backfills in calm weather, with a person who says `retry` where one is asked to."""
        for number in range(MOST_CALM_LIVES):
            life = Life()
            ended = self._scene.backfill_life(life)
            self._tell(life, ended)
            if isinstance(ended, Finished) and ended.ending is Ending.DONE:
                return
            is_failed = isinstance(ended, Finished) and ended.ending is Ending.FAILED
            # What fails each time waits for a person who looks at the photo.
            if is_failed and number + 1 < MOST_CALM_LIVES:
                self._scene.retry_failed()

    def _summed_up(self) -> Played:
        played, scene = self._played, self._scene
        played.problems = [*broken(scene, self._raised), *self._watch.broken]
        played.lives = len(scene.lives)
        played.deaths = sum(life.is_over for life in scene.lives)
        played.steps = sum(len(life.trace) for life in scene.lives)
        played.uploads = sum(
            len(list(scene.sandbox_of(one).journal.of("upload"))) for one in scene.accounts
        )
        played.story += [f"job {job}" for job in scene.jobs()]
        return played


def _ending_of(life: Life, ended: Any) -> str:
    if life.is_over:
        return f"killed at step {life.dies_at}, {life.trace[-1]}"
    return f"ended by itself: {ended.ending.name if isinstance(ended, Finished) else ended!r}"
