"""A folder that is watched, on virtual time and a kernel that the test owns."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.test_folder import live, nothing, steps
from simulation.world import JPEG, World
from uploadd.model.configuration import WatchMode
from uploadd.model.states import State


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world whose folder is walked at the start and, after that, once an hour."""
    made = World(tmp_path)
    made.folder = replace(
        made.folder,
        watch=WatchMode.INOTIFY,
        poll_seconds=10.0,
        settle_seconds=1.0,
        rescan_seconds=3600.0,
    )
    return made


def writing(world: World, name: str) -> Callable[[], Any]:
    """A photo that comes, told by the kernel."""
    content = JPEG + world.dice.randbytes(200)
    return lambda: world.kernel.write(world.photos / name, content)


def folder_row(world: World) -> dict[str, Any]:
    """What is told of the folder now."""
    with closing(world.database()) as db:
        row: dict[str, Any] = next(iter(db.query("SELECT * FROM folders")))
    return row


def test_a_photo_is_taken_by_its_events(world: World) -> None:
    """In the folder, in a new directory, and in one that is made while it is looked at."""
    kernel, photos = world.kernel, world.photos
    live(
        world,
        steps(
            (5, writing(world, "a.jpg")),
            (5, lambda: kernel.make(photos / "new/below")),
            (0, writing(world, "new/below/b.jpg")),
            (5, writing(world, "new/below/c.jpg")),
            (30, nothing),
        ),
    )
    world.assert_each_once(3)


def test_directories_that_are_moved_about_lose_no_file(world: World) -> None:
    """Out and in again under another name, while the one above is renamed."""
    kernel, photos, outside = world.kernel, world.photos, world.photos.with_name("outside")
    outside.mkdir()
    for name in ("a/x/1.jpg", "b/2.jpg"):
        world.add(name)
    live(
        world,
        steps(
            (5, lambda: kernel.move(photos / "a/x", outside / "x")),
            (5, lambda: kernel.move(outside / "x", photos / "b/y")),
            (5, lambda: kernel.move(photos / "a", photos / "c")),
            (5, writing(world, "b/y/3.jpg")),
            (5, writing(world, "c/4.jpg")),
            (30, nothing),
        ),
    )
    world.assert_each_once(4)
    assert world.job_of("1.jpg").directory == bytes(photos / "b/y")


def test_what_is_missed_is_found_after_an_overflow(world: World) -> None:
    """The kernel tells that it has told too little."""

    def miss() -> None:
        world.kernel.is_silent = True
        world.kernel.make(world.photos / "missed")
        writing(world, "missed/a.jpg")()
        world.kernel.is_silent = False

    live(
        world,
        steps(
            (5, miss),
            (30, world.kernel.overflow),
            (30, writing(world, "missed/b.jpg")),
            (30, nothing),
        ),
    )
    world.assert_each_once(2)


def test_a_file_that_left_ends_soon(world: World) -> None:
    """Its job waits for nothing; so does that of a directory that was removed."""
    world.sandbox.options.wait_every = 1
    world.sandbox.options.wait_seconds = 10_000
    for name in ("a.jpg", "gone.jpg", "trip/b.jpg", "trip/day/c.jpg"):
        world.add(name)
    live(
        world,
        steps(
            (5, lambda: world.kernel.remove(world.photos / "gone.jpg")),
            (0, lambda: world.kernel.remove(world.photos / "trip")),
            (5, nothing),
        ),
    )
    ended = {job.name for job in world.jobs() if job.state is State.SKIPPED}
    assert ended == {b"gone.jpg", b"b.jpg", b"c.jpg"}


def test_a_directory_that_is_renamed_leaves_no_job_under_its_old_name(world: World) -> None:
    """Each file is in the queue once, and is not read again."""
    world.sandbox.options.wait_every = 1
    world.sandbox.options.wait_seconds = 10_000
    for name in ("album/a.jpg", "album/b.jpg", "album/day/c.jpg"):
        world.add(name)
    live(
        world,
        steps(
            (5, lambda: world.kernel.move(world.photos / "album", world.photos / "renamed")),
            (5, nothing),
        ),
    )
    queued = {job.path for job in world.jobs() if job.state is State.QUEUED}
    names = ("renamed/a.jpg", "renamed/b.jpg", "renamed/day/c.jpg")
    assert queued == {bytes(world.photos / name) for name in names}


def test_too_few_watches_are_a_place_in_trouble(world: World) -> None:
    """It is polled meanwhile, told with its remedy, and ends by itself."""
    told = []
    (world.photos / "a").mkdir()
    (world.photos / "b").mkdir()
    world.kernel.room = 2
    seen = steps(
        (20, lambda: told.append(folder_row(world))),
        (0, lambda: world.add("b/unseen.jpg")),
        (30, lambda: told.append(len(world.jobs()))),
        (0, lambda: setattr(world.kernel, "room", 100)),
        (20, lambda: told.append(folder_row(world))),
        (0, writing(world, "b/seen.jpg")),
        (5, nothing),
    )
    live(world, seen)
    assert "1 directory not watched" in told[0]["degraded"]
    (trouble,) = json.loads(told[0]["troubles"])
    assert (trouble["path"], "max_user_watches" in trouble["remedy"]) == (
        str(world.photos / "b"),
        True,
    )
    assert told[1] == 1
    assert (told[2]["degraded"], told[2]["troubles"]) == ("", "")
    world.assert_each_once(2)


def test_without_an_ear_the_folder_is_polled(world: World) -> None:
    """Until the kernel gives one."""
    told = []
    world.kernel.is_refusing = True
    seen = steps(
        (5, lambda: world.add("polled.jpg")),
        (30, lambda: told.append((folder_row(world)["degraded"], len(world.jobs())))),
        (0, lambda: setattr(world.kernel, "is_refusing", False)),
        (30, lambda: told.append((folder_row(world)["degraded"], len(world.jobs())))),
        (0, writing(world, "told.jpg")),
        (5, nothing),
    )
    live(world, seen)
    assert "max_user_instances" in told[0][0]
    assert (told[0][1], told[1]) == (1, ("", 1))
    world.assert_each_once(2)


def test_a_root_that_is_renamed_away_comes_back(world: World) -> None:
    """Its own watch tells of it; what is put into it meanwhile is taken when it is back."""
    world.add("a.jpg")
    away = world.photos.with_name("away")
    live(
        world,
        steps(
            (20, lambda: world.kernel.move(world.photos, away)),
            (10, lambda: (away / "b.jpg").write_bytes(JPEG + b"b")),
            (10, lambda: world.kernel.move(away, world.photos)),
            (30, writing(world, "c.jpg")),
            (30, nothing),
        ),
    )
    assert world.states() == {"done": 3}
