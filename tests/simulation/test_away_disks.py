"""Disks that come and go, on virtual time: here a disk is a directory that is renamed."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.world import JPEG, LONG_AGO, World
from uploadd.intake.arrivals import Arrivals
from uploadd.intake.disk_loop import LOOK_SECONDS
from uploadd.model.configuration import OnChange, WatchMode
from uploadd.model.sightings import Finding
from uploadd.model.states import State
from uploadd.operations.forgetting import Meaning, forget, prospect_of
from uploadd.operations.show.status import status_of
from uploadd.store import grounds


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A polled folder of three photos; the account waits, so that all of them do."""
    made = World(tmp_path)
    made.folder = replace(made.folder, watch=WatchMode.POLL, poll_seconds=600.0)
    made.sandbox.options.wait_every = 1
    made.sandbox.options.wait_seconds = 100_000
    for name in ("a.jpg", "trip/b.jpg", "trip/c.jpg"):
        made.add(name)
    return made


def live(world: World, *each: tuple[float, Callable[[], Any]]) -> None:
    """Run the folder and the delivery, and do these things after so many seconds each."""

    async def script() -> None:
        for seconds, do in each:
            await asyncio.sleep(seconds)
            do()

    world.run(lambda assembly: world.watch(assembly, script))


def nothing() -> None:
    """Only wait."""


def disk(world: World) -> Path:
    """Where the folder is while it is away."""
    return world.photos.with_name("disk")


def unmount(world: World) -> None:
    """Nothing is left at its place."""
    world.photos.rename(disk(world))


def unmount_to_empty(world: World) -> None:
    """A directory of the disk below is left."""
    unmount(world)
    world.photos.mkdir()


def mount(world: World) -> None:
    """It covers whatever is there."""
    if world.photos.is_symlink():
        world.photos.unlink()
    elif world.photos.exists():
        shutil.rmtree(world.photos)
    disk(world).rename(world.photos)


def away(world: World) -> list[str]:
    """What `status` names."""
    status = status_of(world.configuration(), world.now())
    return [os.fsdecode(one.directory) for one in status.folders[0].away]


def vanished(world: World) -> int:
    """How many jobs were given up."""
    return world.states()["skipped"]


@pytest.mark.parametrize("leave", [unmount, unmount_to_empty])
def test_a_folder_that_is_renamed_away_and_back(
    world: World, leave: Callable[[World], None]
) -> None:
    """Over several walks, and over a restart; when it is back, nothing is read again."""
    live(world, (30, lambda: leave(world)), (2000, nothing))
    assert away(world) == [str(world.photos)]
    live(world, (2000, lambda: mount(world)), (LOOK_SECONDS + 1, nothing))
    assert away(world) == []
    assert vanished(world) == 0
    assert len(world.jobs()) == 3


def test_new_files_are_taken_meanwhile(world: World) -> None:
    """They are no sign that the disk is back, however often they are walked by."""
    live(
        world,
        (30, lambda: unmount_to_empty(world)),
        (30, lambda: world.add("new.jpg")),
        (4000, nothing),
    )
    assert world.job_of("new.jpg").state is State.QUEUED
    assert away(world) == [str(world.photos)]
    assert vanished(world) == 0


def test_a_file_of_the_same_name_is_another_one(world: World) -> None:
    """Its photo is not the one that the file on the disk has, whatever `on_change` says."""
    world.sandbox.options.wait_every = 0
    world.folder = replace(world.folder, on_change=OnChange.REPLACE)
    live(
        world,
        (60, lambda: unmount_to_empty(world)),
        (60, lambda: world.add("a.jpg", JPEG + b"another")),
        (2000, nothing),
    )
    world.assert_each_once(4)
    assert away(world) == [str(world.photos)]
    assert vanished(world) == 0


def test_another_disk_in_its_place(world: World) -> None:
    """With files of its own: both are waited for, each for its own."""
    other = world.photos.with_name("other")
    (other / "trip").mkdir(parents=True)
    (other / "trip/d.jpg").write_bytes(JPEG + b"d")
    os.utime(other / "trip/d.jpg", (LONG_AGO, LONG_AGO))

    def exchange() -> None:
        unmount(world)
        other.rename(world.photos)

    live(world, (30, exchange), (2000, nothing))
    assert away(world) == [str(world.photos)]
    assert (vanished(world), len(world.jobs())) == (0, 4)


def test_a_link_that_is_pointed_elsewhere(world: World, tmp_path: Path) -> None:
    """And back."""
    empty = tmp_path / "empty"
    empty.mkdir()
    unmount(world)
    world.photos.symlink_to(disk(world))

    def point(where: Path) -> None:
        world.photos.unlink()
        world.photos.symlink_to(where)

    live(world, (30, lambda: point(empty)), (2000, nothing))
    assert away(world) == [str(world.photos)]
    live(world, (2000, lambda: point(disk(world))), (LOOK_SECONDS + 1, nothing))
    assert (away(world), vanished(world)) == ([], 0)


def test_a_folder_that_is_emptied_is_only_empty(world: World) -> None:
    """It is the same directory: what waited is skipped."""

    def empty() -> None:
        shutil.rmtree(world.photos / "trip")
        (world.photos / "a.jpg").unlink()

    live(world, (30, empty), (2000, nothing))
    assert away(world) == []
    assert vanished(world) == 3


def test_a_known_file_in_another_directory_is_proof(world: World) -> None:
    """The folder was copied, times and all: what was not is gone."""

    def copy() -> None:
        unmount(world)
        shutil.copytree(disk(world), world.photos)
        (world.photos / "trip/c.jpg").unlink()

    live(world, (30, copy), (4000, nothing))
    assert away(world) == []
    assert world.job_of("c.jpg").state is State.SKIPPED


def test_files_that_are_moved_back_by_hand(world: World) -> None:
    """Into the directory that took the place of the former one: seen within seconds."""

    def move() -> None:
        (disk(world) / "trip").rename(world.photos / "trip")

    live(world, (30, lambda: unmount_to_empty(world)), (1000, move), (LOOK_SECONDS + 1, nothing))
    assert away(world) == []
    assert world.job_of("b.jpg").state is not State.SKIPPED


def test_a_person_gives_it_up_while_it_runs(world: World) -> None:
    """What waits ends, what came meanwhile stays; a file that comes back is seen again."""

    def give_up() -> None:
        prospect = prospect_of(world.configuration(), "camera")
        assert (prospect.meaning, prospect.waiting) == (Meaning.GIVE_UP, 3)
        assert forget(world.configuration(), prospect, world.now()).ended == 3

    live(
        world,
        (30, lambda: unmount_to_empty(world)),
        (700, lambda: world.add("new.jpg")),
        (700, give_up),
        (700, nothing),
    )
    assert away(world) == []
    assert world.states() == {"skipped": 3, "queued": 1}
    assert prospect_of(world.configuration(), "camera").meaning is Meaning.NOTHING
    (world.photos / "trip").mkdir()
    (disk(world) / "trip/b.jpg").rename(world.photos / "trip/b.jpg")
    live(world, (30, nothing))
    assert world.job_of("b.jpg").state is State.QUEUED
    assert len(world.jobs()) == 4


def test_giving_up_may_die_half_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given again, it goes on."""
    live(world, (30, lambda: unmount_to_empty(world)), (700, nothing))
    prospect = prospect_of(world.configuration(), "camera")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(grounds, "drop", die)
        with pytest.raises(KeyboardInterrupt):
            forget(world.configuration(), prospect, world.now())
    again = prospect_of(world.configuration(), "camera")
    assert again.meaning in (Meaning.GIVE_UP, Meaning.NOTHING)
    forget(world.configuration(), again, world.now())
    live(world, (30, nothing))
    assert away(world) == []
    assert vanished(world) == 3


def test_dying_between_the_look_and_the_walk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the disk is away is committed before anything is taken from what is there instead."""
    live(world, (30, lambda: unmount_to_empty(world)))
    world.add("new.jpg")
    register = Arrivals.register

    class DiedError(Exception):
        """The power goes."""

    async def die(self: Arrivals, findings: Iterable[Finding]) -> list[int]:
        await register(self, findings)
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(Arrivals, "register", die)
        with pytest.raises(ExceptionGroup):
            live(world, (30, nothing))
    assert len(world.jobs()) == 4
    live(world, (2000, nothing))
    assert away(world) == [str(world.photos)]
    assert vanished(world) == 0
