"""Files that do not come to rest: a backfill leaves them, names them, and does not hang."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.parties import Party, Together, ended, until
from simulation.world import JPEG, World
from uploadd.assembly import Assembly
from uploadd.cli.wording import ending_lines
from uploadd.files import openness
from uploadd.files.openness import has_writer
from uploadd.intake import examine
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Backfill, Ending, Finished
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.sandbox import SandboxOptions
from uploadd.store import quiet_time

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

LIMIT = 900.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three photos at rest, and five seconds for any other to come to it."""
    made = World(tmp_path)
    made.folder = replace(made.folder, settle_seconds=5.0)
    for number in range(3):
        made.add(f"p{number}.jpg")
    return made


@contextmanager
def held_open(monkeypatch: pytest.MonkeyPatch, *names: str) -> Iterator[set[bytes]]:
    """Somebody has these files open for writing, until their names are taken away."""
    open_now = {os.fsencode(name) for name in names}

    def is_open(descriptor: int, path: bytes) -> bool | None:
        return os.path.basename(path) in open_now or has_writer(descriptor, path)

    with monkeypatch.context() as patched:
        patched.setattr(openness, "has_writer", is_open)
        patched.setattr(examine, "has_writer", is_open)
        yield open_now


def backfilled(
    world: World, meanwhile: Callable[[], Awaitable[None]], *, no_wait: bool = False
) -> Finished:
    """One backfill, beside which something happens to the disk."""

    async def work(assembly: Assembly) -> Finished:
        beside = asyncio.ensure_future(meanwhile())
        wanted = wanted_trees(world.configuration(), [str(world.photos)], None, None)
        running = Backfill(
            assembly,
            wanted,
            no_wait=no_wait,
            stop=asyncio.Event(),
            show=lambda _: None,
            look_seconds=1.0,
        )
        try:
            return await running.run()
        finally:
            beside.cancel()

    finished: Finished = world.run(work)
    return finished


def rewriting(world: World, name: str, seconds: float = 1e6) -> Callable[[], Awaitable[None]]:
    """Something writes into the file every three seconds, for so long."""
    path = world.photos / name
    path.write_bytes(JPEG)  # with the time of the real clock, which lies in the future here

    async def write() -> None:
        size, end = 0, world.now() + seconds
        while world.now() < end:
            size += 1
            path.write_bytes(JPEG + bytes(100 + size))
            os.utime(path, (world.now(), world.now()))
            await asyncio.sleep(3.0)

    return write


def written(finished: Finished) -> str:
    return "\n".join(ending_lines(finished))


async def nothing() -> None:
    """Nothing happens."""


# --- held open --------------------------------------------------------------------------------


def test_a_file_that_is_held_open_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--no-wait`: 75 as soon as the others are done, and it is named."""
    with held_open(monkeypatch, "p0.jpg"):
        finished = backfilled(world, nothing, no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.seconds < 60
    assert world.states() == {"done": 2}
    assert "1 file that is held open, keeps changing or lacks its end: " in written(finished)
    assert f"{world.photos}/p0.jpg" in written(finished)
    assert "everything is on the account" not in written(finished)


def test_a_file_that_stays_open_is_left_after_the_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1, and a later backfill takes it up."""
    with held_open(monkeypatch, "p0.jpg"):
        finished = backfilled(world, nothing)
    assert finished.ending is Ending.FAILED
    assert LIMIT <= finished.snapshot.seconds < LIMIT + 60
    assert "p0.jpg" in written(finished)
    assert backfilled(world, nothing).ending is Ending.DONE
    world.assert_each_once(3)


def test_a_file_that_is_closed_in_time_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of an hour is a long time."""
    with held_open(monkeypatch, "p0.jpg") as open_now:

        async def close() -> None:
            await asyncio.sleep(LIMIT - 120)
            open_now.clear()

        finished = backfilled(world, close)
    assert finished.ending is Ending.DONE
    world.assert_each_once(3)


def test_the_limit_is_a_setting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """`settle_limit_seconds`, whatever `patience` is."""
    world.patience = 50.0
    real = world.configuration
    world.configuration = lambda: replace(real(), settle_limit_seconds=20.0)  # type: ignore[method-assign]
    with held_open(monkeypatch, "p0.jpg"):
        finished = backfilled(world, nothing)
    assert finished.ending is Ending.FAILED
    assert finished.snapshot.restless.overdue == 1


# --- changing ---------------------------------------------------------------------------------


def test_a_file_that_is_rewritten_all_the_time_is_not_waited_for(world: World) -> None:
    """Nobody holds it open, and it never rests for five seconds."""
    finished = backfilled(world, rewriting(world, "new.jpg"), no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.seconds < 60
    assert world.states() == {"done": 3}
    assert "new.jpg" in written(finished)


def test_a_file_that_is_rewritten_all_the_time_is_left_after_the_limit(world: World) -> None:
    """1, named; the next backfill sends what it is by then."""
    finished = backfilled(world, rewriting(world, "new.jpg"))
    assert finished.ending is Ending.FAILED
    assert LIMIT <= finished.snapshot.seconds < LIMIT + 60
    assert "new.jpg" in written(finished)


def test_a_file_that_only_rests_is_waited_for(world: World) -> None:
    """It was copied a moment ago: with `--no-wait` too, and whatever the limit is."""
    real = world.configuration
    world.configuration = lambda: replace(real(), settle_limit_seconds=0.0)  # type: ignore[method-assign]
    world.folder = replace(world.folder, settle_seconds=40.0)
    world.add("new.jpg", mtime=world.now())
    finished = backfilled(world, nothing, no_wait=True)
    assert finished.ending is Ending.DONE
    world.assert_each_once(4)


def test_a_copy_that_ends_meanwhile_is_waited_for(world: World) -> None:
    """It changed at one look, and rests since."""
    finished = backfilled(world, rewriting(world, "new.jpg", seconds=4.0), no_wait=True)
    assert finished.ending is Ending.DONE
    world.assert_each_once(4)


def test_a_file_in_the_queue_that_keeps_changing_is_left(world: World) -> None:
    """It was taken in while it rested; each time that its turn comes it is another one."""
    world.sandbox.options.wait_seconds, world.sandbox.options.wait_every = 300, 1
    world.add("new.jpg")
    backfilled(world, nothing, no_wait=True)
    world.sandbox.options.wait_every = 0
    world.runtime.clock.skew += 400.0  # type: ignore[attr-defined]
    assert world.job_of("new.jpg").state is State.QUEUED
    finished = backfilled(world, rewriting(world, "new.jpg"), no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.seconds < 120
    finished = backfilled(world, rewriting(world, "new.jpg"))
    assert finished.ending is Ending.FAILED
    assert finished.snapshot.seconds < LIMIT + 120
    assert "new.jpg" in written(finished)


def is_being_sent(world: World, name: bytes) -> bool:
    return any(job.name == name and job.state is State.UPLOADING for job in world.jobs())


@pytest.mark.parametrize("no_wait", [True, False])
def test_a_file_that_goes_on_growing_after_its_send_is_left(world: World, no_wait: bool) -> None:
    """What it held at first is there; what it holds now never comes to rest."""
    world.set_accounts(bytes_per_second=100)  # two seconds a photo
    path = world.photos / "p0.jpg"

    async def grow() -> None:
        await until(lambda: is_being_sent(world, b"p0.jpg"))
        while True:
            with path.open("ab") as file:
                file.write(b"more")
            os.utime(path, (world.now(), world.now()))
            await asyncio.sleep(3.0)

    finished = backfilled(world, grow, no_wait=no_wait)
    assert finished.ending is (Ending.WOULD_WAIT if no_wait else Ending.FAILED)
    assert finished.snapshot.seconds < (60 if no_wait else LIMIT + 120)
    assert world.states() == {"done": 3, "queued": 1}
    assert "p0.jpg" in written(finished)


# --- beside a daemon --------------------------------------------------------------------------


@pytest.mark.parametrize(("no_wait", "ending"), [(True, 75), (False, 1)])
def test_beside_a_daemon_it_is_left_to_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, no_wait: bool, ending: int
) -> None:
    """It ends as it does alone, names the file, and the daemon takes it up later."""
    world = Together(tmp_path, SandboxOptions())
    world.add_extra(3)

    async def scene() -> None:
        with held_open(monkeypatch, "x0.jpg") as open_now:
            world.daemon(Party())
            await asyncio.sleep(5)
            finished = await ended(world.backfill_of(Party(), no_wait=no_wait))
            assert finished.ending == ending
            assert finished.left_to is not None
            assert "x0.jpg" in written(finished)
            assert "the daemon, pid" in written(finished)
            assert world.states() == {"done": 2}
            await asyncio.sleep(300)
            open_now.clear()
            await until(lambda: world.states() == {"done": 3})

    world.play(scene)
    world.assert_each_once(3)


# --- without its end --------------------------------------------------------------------------

UNFINISHED = 600.0


def test_a_photo_without_its_end_is_waited_for(world: World) -> None:
    """Within the limit; then it is sent as it is, and its story says what it lacks."""
    world.add("cut.jpg", JPEG[:-2] + b"no end")
    finished = backfilled(world, nothing)
    assert finished.ending is Ending.DONE
    assert UNFINISHED <= finished.snapshot.seconds < UNFINISHED + 60
    world.assert_each_once(4)


def test_a_photo_whose_end_comes_is_sent_whole(world: World) -> None:
    """As soon as it rests, and only then."""
    path = world.add("cut.jpg", JPEG[:-2] + b"no end")

    async def end() -> None:
        await asyncio.sleep(60)
        path.write_bytes(JPEG[:-2] + b"an end" + JPEG[-2:])

    finished = backfilled(world, end)
    assert finished.ending is Ending.DONE
    assert finished.snapshot.seconds < UNFINISHED
    assert world.job_of("cut.jpg").size == path.stat().st_size
    world.assert_each_once(4)


def test_a_photo_without_its_end_is_left_without_waiting(world: World) -> None:
    """`--no-wait`: 75, and it is named; a later backfill takes it up."""
    world.add("cut.jpg", JPEG[:-2] + b"no end")
    finished = backfilled(world, nothing, no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.seconds < 60
    assert world.states() == {"done": 3}
    assert "lacks its end: " in written(finished)
    assert f"{world.photos}/cut.jpg" in written(finished)
    assert backfilled(world, nothing).ending is Ending.DONE
    world.assert_each_once(4)


def test_a_copy_of_another_user_that_pauses_is_sent_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than `settle_seconds`; nothing tells when it ends."""
    monkeypatch.setattr(examine, "has_writer", _tells_nothing)
    monkeypatch.setattr(examine, "is_open_in", _tells_nothing)
    path = world.add("slow.gif", b"GIF89a")

    async def copy() -> None:
        for _ in range(5):
            await asyncio.sleep(20)
            with path.open("ab") as file:
                file.write(b"more")

    finished = backfilled(world, copy)
    assert finished.ending is Ending.DONE
    assert world.job_of("slow.gif").size == len(b"GIF89a") + 5 * len(b"more")
    world.assert_each_once(4)
    with closing(world.database()) as db:
        assert quiet_time.is_noted(db, "camera")
        quiet_time.forget(db, "camera")
        assert not quiet_time.is_noted(db, "camera")


def _tells_nothing(*_: object) -> None:
    """Another user's file."""
