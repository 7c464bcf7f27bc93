"""A folder that is watched by polling, on virtual time: what comes, goes, and changes."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.world import JPEG, World
from uploadd.intake.rescan import Rescan
from uploadd.model.configuration import OnChange, WatchMode
from uploadd.model.jobs import Lane
from uploadd.model.states import State
from uploadd.sandbox import Fault, SandboxOptions

Script = Callable[[], Awaitable[None]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world whose folder is polled every ten seconds."""
    made = World(tmp_path)
    made.folder = replace(made.folder, watch=WatchMode.POLL, poll_seconds=10.0, settle_seconds=5.0)
    return made


def live(world: World, script: Script) -> None:
    """Run the folder and the delivery while `script` does things to the disk."""
    world.run(lambda assembly: world.watch(assembly, script))


def steps(*each: tuple[float, Callable[[], Any]]) -> Script:
    """Wait so many seconds, do that; and so on."""

    async def script() -> None:
        for seconds, do in each:
            await asyncio.sleep(seconds)
            do()

    return script


def nothing() -> None:
    """Only wait."""


def test_a_photo_that_arrives_is_sent_in_the_live_lane(world: World) -> None:
    """What was there before is backfill; what comes now overtakes it."""
    world.add("old.jpg")
    live(world, steps((30, lambda: world.add("new.jpg", mtime=world.now())), (60, nothing)))
    assert world.job_of("old.jpg").lane is Lane.BACKFILL
    assert world.job_of("new.jpg").lane is Lane.LIVE
    world.assert_each_once(2)


def test_the_end_does_not_wait_for_a_walk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor for a disk that does not answer; the next run walks anew."""
    world.add("a.jpg")
    ended = []

    async def wait_for_a_day(_self: Rescan) -> AsyncIterator[None]:
        await asyncio.sleep(86400)
        ended.append("walk")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(Rescan, "steps", wait_for_a_day)
        live(world, steps((30, nothing)))
    assert not ended
    live(world, steps((30, nothing)))
    world.assert_each_once(1)


def test_what_is_missed_during_a_walk_brings_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk may have passed there already."""
    world.folder = replace(world.folder, watch=WatchMode.INOTIFY, rescan_seconds=3600.0)
    begun = []

    async def walk_for_a_minute(_self: Rescan) -> AsyncIterator[None]:
        begun.append(world.now())
        for _ in range(12):
            await asyncio.sleep(5)
            yield

    monkeypatch.setattr(Rescan, "steps", walk_for_a_minute)
    live(world, steps((30, world.kernel.overflow), (200, nothing)))
    assert [round(at - begun[0]) for at in begun] == [0, 60]


def test_a_file_is_left_alone_while_it_grows(world: World) -> None:
    """Five seconds of rest, however long it takes."""
    path = world.photos / "slow.jpg"
    content = JPEG + bytes(range(200)) * 5

    async def script() -> None:
        for end in range(100, len(content) + 1, 100):
            path.write_bytes(content[:end])
            await asyncio.sleep(4)
        path.write_bytes(content)
        await asyncio.sleep(90)

    live(world, script)
    (upload,) = world.uploads()
    assert upload.details["filename"] == "slow.jpg"
    (photo,) = list(world.sandbox.photos)
    assert photo.size_bytes == len(content)


def test_a_directory_that_is_removed_skips_what_was_queued(world: World) -> None:
    """`vanished`, once its parent was listed on the same disk."""
    world.sandbox.options.wait_every = 1
    world.sandbox.options.wait_seconds = 10_000
    world.add("trip/a.jpg")
    world.add("stays.jpg")
    live(world, steps((30, lambda: shutil.rmtree(world.photos / "trip")), (30, nothing)))
    gone = world.job_of("a.jpg")
    assert gone.state is State.SKIPPED
    assert gone.reason is not None
    assert gone.reason.code == "vanished"
    assert world.job_of("stays.jpg").state is State.QUEUED


def test_a_folder_that_is_away_loses_nothing(world: World) -> None:
    """An unmounted disk is no deletion: the jobs wait, and go on when it is back."""
    world.sandbox.options.wait_every = 1
    world.sandbox.options.wait_seconds = 100
    world.add("a.jpg")
    away = world.photos.with_name("away")

    def back() -> None:
        world.sandbox.options.wait_every = 0
        away.rename(world.photos)

    live(world, steps((20, lambda: world.photos.rename(away)), (200, back), (300, nothing)))
    assert world.job_of("a.jpg").state is State.DONE
    world.assert_each_once(1)


def test_a_renamed_photo_is_not_sent_again(world: World) -> None:
    """The content is known, whatever its name."""
    path = world.add("before.jpg")
    live(world, steps((60, lambda: path.rename(world.photos / "after.jpg")), (60, nothing)))
    assert world.job_of("after.jpg").state is State.DUPLICATE
    world.assert_each_once(1)


def test_on_change_ignore(world: World) -> None:
    """A changed file is left alone and said to be."""
    world.folder = replace(world.folder, on_change=OnChange.IGNORE)
    world.add("p.jpg")
    live(world, steps((60, lambda: world.add("p.jpg", mtime=world.now())), (60, nothing)))
    newest = world.job_of("p.jpg")
    assert newest.state is State.SKIPPED
    assert newest.reason is not None
    assert newest.reason.code == "changed"
    world.assert_each_once(1)


def test_excluded_files_are_not_taken_and_queued_ones_are_dropped(world: World) -> None:
    """New settings take hold of what waits in the queue, too."""
    world.sandbox.options.wait_every = 1
    world.sandbox.options.wait_seconds = 10_000
    world.add("private/a.jpg")
    world.add("b.jpg")
    live(world, steps((30, nothing)))
    world.folder = replace(world.folder, exclude=("private/",))
    live(world, steps((30, nothing)))
    dropped = world.job_of("a.jpg")
    assert dropped.state is State.SKIPPED
    assert dropped.reason is not None
    assert dropped.reason.code == "excluded"
    assert world.job_of("b.jpg").state is State.QUEUED


def test_bytes_per_second_is_a_cap(tmp_path: Path) -> None:
    """All connections of the account together."""
    world = World(tmp_path, SandboxOptions())
    world.account = replace(world.account, bytes_per_second=100_000)
    for number in range(10):
        world.add(f"p{number}.jpg", JPEG + bytes([number]) * 200_000)
    finished = world.backfill()
    assert 19 <= finished.snapshot.seconds < 40


def test_a_second_account_gets_what_the_first_has_already(tmp_path: Path) -> None:
    """A folder that is given another account later: its known files get jobs for that one."""
    world = World(tmp_path)
    world.add("p.jpg")
    world.backfill()
    first = world.job_of("p.jpg").account_id
    world.account = replace(world.account, name="other", base_url="http://localhost:8080")
    world.folder = replace(world.folder, accounts=("other",))
    world.backfill()
    second = world.job_of("p.jpg")
    assert second.account_id != first
    assert second.state is State.DUPLICATE  # the sandbox says so: both names are one account there


def test_a_file_of_a_plain_backfill_that_changes_is_read_anew_by_the_daemon(world: World) -> None:
    """The directory belongs to no folder: nobody walks it, and its jobs are the daemon's now."""
    path = world.add("p.jpg")
    elsewhere = path.parent.parent / "elsewhere"
    elsewhere.mkdir()
    world.folder = replace(world.folder, path=elsewhere)
    world.sandbox.faults.add(Fault("error", rate=1.0, where="upload", code=105))
    world.backfill(stop_after=20.0)
    assert world.job_of("p.jpg").state is State.QUEUED
    world.sandbox.faults.clear()
    path.write_bytes(JPEG + b"another content")
    live(world, steps((3600, nothing)))
    assert [job.state for job in world.jobs()] == [State.SKIPPED, State.DONE]
    assert world.kept() == {hashlib.sha256(path.read_bytes()).hexdigest(): 1}
