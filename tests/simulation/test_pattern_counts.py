"""What each pattern did is written down at the end of a whole walk, and only then."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.world import World
from uploadd.assembly import Assembly
from uploadd.intake.rescan import Rescan
from uploadd.model.configuration import WatchMode
from uploadd.model.jobs import Lane
from uploadd.model.walks import Walk
from uploadd.store.walks import last_walks

EXCLUDE = ("*.png", "*.tmp", "ΠΡΟΣ*/", "draft*", "!draft-2*", "gone/")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A folder with something for every pattern but one."""
    made = World(tmp_path)
    made.folder = replace(made.folder, include=("*.jpg", "/raw/", "*.png"), exclude=EXCLUDE)
    for name in ("a.jpg", "b.JPG", "x/c.png", "d.png", "draft-1.jpg", "draft-2.jpg", "n.txt"):
        made.add(name)
    for name in ("προσωπικά/1.jpg", "προσωπικά/2.jpg", "x/raw/1.bin", "raw/2.bin", "h.tmp"):
        made.add(name)
    return made


def last_walk(world: World) -> Walk | None:
    """What is written down."""
    with closing(world.database()) as db:
        return last_walks(db).get("camera")


def counts(world: World) -> dict[str, int]:
    """Of the last walk, by the key's first letter and the pattern."""
    walk = last_walk(world)
    assert walk is not None
    return {f"{key[0]} {pattern}": count for (key, pattern), count in walk.matches.items()}


WHOLE = {
    "e *.png": 2,
    "e *.tmp": 0,
    "e ΠΡΟΣ*/": 1,
    "e draft*": 1,
    "e !draft-2*": 1,
    "e gone/": 0,
    "i *.jpg": 3,
    "i /raw/": 1,
    "i *.png": 0,
    "i ": 2,
}


def test_a_walk_counts_what_each_pattern_left_out(world: World) -> None:
    """The one that decides has it; a directory counts as one; what is never taken counts not."""
    world.backfill()
    assert counts(world) == WHOLE
    walk = last_walk(world)
    assert walk is not None
    assert (walk.root, walk.files) == (world.folder.root, 9)


def test_the_daemon_counts_too(world: World) -> None:
    """At each of its walks."""
    world.folder = replace(world.folder, watch=WatchMode.POLL, poll_seconds=10.0)

    async def script() -> None:
        await asyncio.sleep(5)
        assert counts(world) == WHOLE
        os.remove(world.photos / "d.png")
        shutil.rmtree(world.photos / "προσωπικά")
        await asyncio.sleep(20)

    world.run(lambda assembly: world.watch(assembly, script))
    assert counts(world) == {**WHOLE, "e *.png": 1, "e ΠΡΟΣ*/": 0}


def test_a_walk_of_a_part_changes_nothing(world: World) -> None:
    """Nor one of a directory for which the folder was only named."""
    world.backfill()
    os.remove(world.photos / "d.png")

    async def walks(assembly: Assembly) -> None:
        around = (assembly.arrivals, assembly.store, assembly.runtime)
        part = assembly.tree(world.folder.root, world.folder)
        await Rescan(part, Lane.BACKFILL, *around, b"x").run()
        other = assembly.tree(world.folder.root + b"/x", world.folder, is_named=True)
        await Rescan(other, Lane.BACKFILL, *around).run()

    world.run(walks)
    assert counts(world) == WHOLE


def test_a_walk_that_does_not_end_changes_nothing(world: World) -> None:
    """A crash, or a root that is not there or is another directory: the counts stay."""
    world.backfill()
    before = last_walk(world)
    os.remove(world.photos / "d.png")

    async def cut_short(assembly: Assembly) -> None:
        tree = assembly.tree(world.folder.root, world.folder)
        rescan = Rescan(tree, Lane.BACKFILL, assembly.arrivals, assembly.store, assembly.runtime)
        walk = asyncio.ensure_future(rescan.run())
        await asyncio.sleep(0)
        walk.cancel()
        await asyncio.wait({walk})

    world.run(cut_short)
    assert last_walk(world) == before
    world.photos.rename(world.photos.with_name("away"))

    async def of_nothing(assembly: Assembly) -> None:
        tree = assembly.tree(world.folder.root, world.folder)
        around = (assembly.arrivals, assembly.store, assembly.runtime)
        await Rescan(tree, Lane.BACKFILL, *around).run()

    world.run(of_nothing)
    assert last_walk(world) == before


def test_without_patterns_nothing_is_counted(world: World) -> None:
    """A poll every thirty seconds writes nothing for it."""
    world.folder = replace(world.folder, include=("*",), exclude=())
    world.backfill()
    assert last_walk(world) is None
