"""One schedule of what happens to a watched folder, with kills; then calm, and every file is told.

A schedule is a seed. Nothing is walked by the clock in most of them, so that no hourly walk can
hide what events, the list of places in trouble, or a restart should have found.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from simulation.acts import Acts
from simulation.lives import Dead, Life
from simulation.promises import broken
from simulation.scene import Scene, place_for_files
from uploadd.assembly import Assembly
from uploadd.intake import rescan
from uploadd.intake.walk import Step
from uploadd.model.configuration import WatchMode
from uploadd.model.states import TERMINAL, State
from uploadd.sandbox import SandboxOptions

_libc = ctypes.CDLL(None)
_CAPABILITY_VERSION = 0x20080522
_READ_EVERYTHING = 0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
POLL_SECONDS = 8.0
RESCAN_SECONDS = 120.0
CALM_SECONDS = 40.0
MOST_RESTS = 50
"""What was tried in vain while its file was away is tried again, after growing gaps."""


@dataclass
class PlayedIntake:
    """How one schedule went."""

    seed: int
    problems: list[str] = field(default_factory=list)
    deaths: int = 0
    steps: int = 0
    story: list[str] = field(default_factory=list)


def play_intake(seed: int) -> PlayedIntake:
    """Play one schedule from its beginning to its end."""
    with (
        held_to_modes(),
        tempfile.TemporaryDirectory(dir=place_for_files(), prefix="intake-") as directory,
    ):
        playing = _Playing(seed, Path(directory))
        try:
            return playing.run()
        finally:
            playing.acts.close()


@contextmanager
def held_to_modes() -> Iterator[None]:
    """Root may read what is closed, by two capabilities; it does without them for a while."""
    head = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    before, now = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 6)()
    _libc.capget(head, before)
    now[:] = before[:]
    now[0] &= ~_READ_EVERYTHING
    _libc.capset(head, now)
    try:
        yield
    finally:
        _libc.capset(head, before)


class _Playing:
    """One schedule under way."""

    def __init__(self, seed: int, directory: Path) -> None:
        self._dice = Random(f"intake {seed}")
        self._scene = Scene(directory, SandboxOptions(ticket_seconds=0.2), seed)
        self.acts = Acts(self._scene, self._scene.kernel, self._dice)
        self._raised: list[BaseException] = []
        self._played = PlayedIntake(seed)
        # A small tree is walked as if it were a large one, a few entries in each step.
        self._entries_a_step = self._dice.choice((1, 3, 2000))
        # Where nothing tells of what was missed, only the clock brings a walk.
        self.acts.has_overflows = self._dice.random() < 0.8
        self._scene.folder = replace(
            self._scene.folder,
            watch=WatchMode.INOTIFY,
            settle_seconds=self._dice.choice((0.0, 1.0, 2.0)),
            poll_seconds=POLL_SECONDS,
            rescan_seconds=0.0 if self.acts.has_overflows else RESCAN_SECONDS,
        )

    def run(self) -> PlayedIntake:
        for _ in range(self._dice.randint(0, 6)):
            self.acts.one()
        with patch.object(rescan, "Step", partial(Step, entries=self._entries_a_step)):
            for _ in range(self._dice.randint(0, 2)):
                self._live(self._life(dies=True), self._restless)
            self._live(self._life(dies=False), self._restless_then_calm)
            if any(job.state is State.FAILED for job in self._scene.jobs()):
                self._scene.retry_failed()  # a person lets them be read, and says so
                self._live(Life(), self._calm)
        return self._summed_up()

    def _life(self, *, dies: bool) -> Life:
        """One in which things happen between any two steps, and that may be killed at one."""
        life = Life(dies_at=self._dice.randint(5, 400) if dies else None)
        for _ in range(self._dice.randint(0, 10)):
            life.happenings.setdefault(self._dice.randint(1, 300), []).append(self.acts.one)
        return life

    async def _restless(self) -> None:
        """People do one thing after the other."""
        for _ in range(self._dice.randint(3, 15)):
            await asyncio.sleep(self._dice.choice((0.0, 0.3, 2.0, 10.0)))
            self.acts.one()
        await asyncio.sleep(self._dice.choice((0.0, 3.0)))

    async def _restless_then_calm(self) -> None:
        """At last everything is where it should be, and stays there."""
        await self._restless()
        self._scene.lives[-1].happenings.clear()
        self._scene.kernel.around_watch = _nothing
        self.acts.end()
        await self._calm()

    async def _calm(self) -> None:
        """Until every job is at its end, or it takes too long."""
        await asyncio.sleep(self._scene.folder.rescan_seconds + CALM_SECONDS)
        for _ in range(MOST_RESTS):
            if all(job.state in TERMINAL for job in self._scene.jobs()):
                return
            await asyncio.sleep(CALM_SECONDS)

    def _live(self, life: Life, script: Any) -> None:
        async def work(assembly: Assembly) -> None:
            await self._scene.watch(assembly, script)

        begun, self._scene.kernel.around_watch = len(self.acts.story), self._around_watch
        ended = self._scene.live(life, work)
        self._scene.kernel.die()
        self._played.story.append(f"life {len(self._scene.lives)}: {ended!r}")
        self._played.story += [f"    {line}" for line in self.acts.story[begun:]]
        if isinstance(ended, BaseException) and not isinstance(ended, Dead):
            self._raised.append(ended)

    def _around_watch(self) -> None:
        """Things happen in the instant before a directory is watched, and in that after it."""
        if self._dice.random() < 0.02:
            self._scene.kernel.around_watch = _nothing
            self.acts.one()
            self._scene.kernel.around_watch = self._around_watch

    def _summed_up(self) -> PlayedIntake:
        played, scene = self._played, self._scene
        played.problems = [*broken(scene, self._raised), *self._wrongly_gone()]
        played.deaths = sum(life.is_over for life in scene.lives)
        played.steps = sum(len(life.trace) for life in scene.lives)
        played.story += [f"job {job}" for job in scene.jobs()]
        return played

    def _wrongly_gone(self) -> Iterator[str]:
        """A job is `vanished` only where its file went."""
        for job in self._scene.jobs():
            code = job.reason.code if job.reason is not None else ""
            if job.state is State.SKIPPED and code == "vanished" and job.path not in self.acts.gone:
                yield f"vanished: job {job.id} ({os.fsdecode(job.path)}), whose file never left"


def _nothing() -> None:
    """An act is no occasion for another one."""


def first_to_fail(seeds: range) -> PlayedIntake | None:
    """The first schedule that breaks a promise, or None where all keep them."""
    for seed in seeds:
        played = play_intake(seed)
        if played.problems:
            return played
    return None
