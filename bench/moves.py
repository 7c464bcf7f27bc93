"""Directories that are moved about at random, in, out and within: which files are missed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random

from bench.daemon import Daemon, Desk, wait_until
from bench.files import picture, with_comment

SEEDS = 5
STEPS = 1500
GENTLE_STEPS_A_SECOND = 45.0
QUIET_SECONDS = 15.0  # so long after the last change all must be there
CHANCES = {"file": 10, "directory": 5, "rename": 4, "out": 3, "back": 4}


def at_full_speed(place: Path, scale: float) -> str:
    """As fast as it goes."""
    return _told(place, scale, 0.0)


def gently(place: Path, scale: float) -> str:
    """At a speed at which every event can be followed."""
    return _told(place, scale, 1 / GENTLE_STEPS_A_SECOND)


def _told(place: Path, scale: float, pause_seconds: float) -> str:
    seeds = range(max(1, round(SEEDS * scale)))
    return "; ".join(_seed(place / f"seed {seed}", seed, pause_seconds) for seed in seeds)


def _seed(place: Path, seed: int, pause_seconds: float) -> str:
    desk = Desk(place)
    mover = Mover(desk.folder(), place / "outside", Random(seed))
    with desk.daemon() as daemon:
        daemon.wait_for_walk()
        for _ in range(STEPS):
            mover.step()
            time.sleep(pause_seconds)
        first = _missed(daemon, mover.files())
        new = mover.add_everywhere()
        then = _missed(daemon, new)
        stale = len(daemon.queued() - mover.files())
    return f"missed {first} and {then}, {stale} jobs without their file"


def _missed(daemon: Daemon, files: set[bytes]) -> str:
    """How many of `files` are not queued when there was time enough for it."""
    wait_until(lambda: files <= daemon.queued(), daemon.desk.settle_seconds + QUIET_SECONDS)
    return f"{len(files - daemon.queued())} of {len(files)}"


class Mover:
    """Makes files and directories below `root`, and moves directories within, out and back."""

    def __init__(self, root: Path, outside: Path, dice: Random) -> None:
        outside.mkdir()
        self._root = root
        self._outside = outside
        self._dice = dice
        self._jpeg = picture()
        self._made = 0
        self._inside: list[str] = []
        self._away: dict[str, list[str]] = {}

    def step(self) -> None:
        """One random change."""
        what = self._dice.choices(list(CHANCES), list(CHANCES.values()))[0]
        directory = self._dice.choice([str(self._root), *self._inside])
        if what == "file":
            self._add(directory)
        elif what == "directory":
            self._make(directory)
        elif what == "back":
            self._bring_back(directory)
        elif self._inside:
            self._move(self._dice.choice(self._inside), directory, is_out=what == "out")

    def files(self) -> set[bytes]:
        """Every file below the root now."""
        return {os.fsencode(path) for path in self._root.rglob("*.jpg")}

    def add_everywhere(self) -> set[bytes]:
        """A further file into every directory; returns them."""
        directories = [str(self._root), *self._inside]
        return {os.fsencode(self._add(directory)) for directory in directories}

    def _make(self, directory: str) -> None:
        made = f"{directory}/{self._name('d')}"
        os.mkdir(made)
        self._inside.append(made)

    def _move(self, moved: str, into: str, *, is_out: bool) -> None:
        """Move a directory into another one, or out of the folder."""
        if f"{into}/".startswith(f"{moved}/") and not is_out:
            return
        target = f"{self._outside if is_out else into}/{self._name('m')}"
        os.rename(moved, target)
        below = [path for path in self._inside if f"{path}/".startswith(f"{moved}/")]
        self._inside = [path for path in self._inside if path not in below]
        tails = [path.removeprefix(moved) for path in below]
        if is_out:
            self._away[target] = tails
        else:
            self._inside += [target + tail for tail in tails]

    def _bring_back(self, directory: str) -> None:
        if self._away:
            moved = self._dice.choice(list(self._away))
            target = f"{directory}/{self._name('m')}"
            os.rename(moved, target)
            self._inside += [target + tail for tail in self._away.pop(moved)]

    def _add(self, directory: str) -> str:
        name = self._name("f") + ".jpg"
        Path(directory, name).write_bytes(with_comment(self._jpeg, name))
        return f"{directory}/{name}"

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}{self._made}"
