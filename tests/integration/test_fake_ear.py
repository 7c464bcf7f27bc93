"""The simulation's kernel tells what the real one does: the same acts, listened to by both."""

from __future__ import annotations

import os
import time
from itertools import groupby
from pathlib import Path

from simulation.ear import Kernel
from uploadd.intake.kernel import Ear, Event, open_ear
from uploadd.model.events import Sign


def test_both_tell_the_same(tmp_path: Path) -> None:
    """By the numbers of their own watches, in the same order.

    The kernel tells once of what happens again before it was read.
    """
    kernel = Kernel()
    ears: list[Ear] = [open_ear(_nothing), kernel.open_ear(_nothing)]
    places: list[dict[int, str]] = [{}, {}]
    told: list[list[Event]] = [[], []]

    def watch(directory: Path) -> Path:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        for ear, place in zip(ears, places, strict=True):
            place[ear.watch(descriptor)] = directory.name
        os.close(descriptor)
        return directory

    root = watch(kernel.make(tmp_path / "root"))
    inner = watch(kernel.make(root / "inner"))
    other = watch(kernel.make(root / "other"))
    kernel.make(root / "deep" / "er")
    path = kernel.write(inner / "a.part", b"x")
    kernel.write(path, b"longer")
    path = kernel.move(path, inner / "a.jpg")
    path = kernel.move(path, other / "b.jpg")
    path = kernel.move(path, tmp_path / "outside.jpg")
    kernel.move(path, inner / "c.jpg")
    moved = kernel.move(inner, other / "within")
    kernel.write(watch(moved) / "d.jpg", b"x")
    kernel.remove(moved / "c.jpg")
    kernel.remove(other)
    kernel.move(root, tmp_path / "elsewhere")
    kernel.overflow()
    end = time.monotonic() + 20
    while not told[0] or told[0][-1].name or told[0][-1].sign is not Sign.LEFT:
        assert time.monotonic() < end, told[0]
        told[0] += ears[0].take(1000)
    told[1] = ears[1].take(1000)
    for ear in ears:
        ear.end()
    assert told[1].pop().sign is Sign.OVERFLOW
    real, fake = (
        [(place[event.watch], *event[1:]) for event, _ in groupby(heard)]
        for heard, place in zip(told, places, strict=True)
    )
    assert real == fake


def _nothing() -> None:
    """Nobody waits."""
