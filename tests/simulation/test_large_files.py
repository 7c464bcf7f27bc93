"""Large files are read beside the rest, and what was moved is not read again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.test_folder import live, nothing, steps
from simulation.virtual import EPOCH
from simulation.world import JPEG, World
from uploadd.intake import examine
from uploadd.intake.large_reads import LargeRead
from uploadd.model.configuration import WatchMode
from uploadd.model.errors import FileChangedError
from uploadd.model.states import State
from uploadd.store import reads

LARGE = JPEG + b"x" * 5000
LASTS = 60.0


class SlowDisk:
    """Each large file takes a minute."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.at_once = self.most_at_once = 0

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if work.__name__ != "examine_large":
            return await self._inner.run(work, *args, **kwargs)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(LASTS)
        self.at_once -= 1
        return await self._inner.run(work, *args, **kwargs)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Everything above 4,000 bytes is large."""
    monkeypatch.setattr(examine, "LARGE_BYTES", 4000)
    made = World(tmp_path)
    made.folder = replace(made.folder, watch=WatchMode.POLL, poll_seconds=10.0, settle_seconds=2.0)
    made.runtime = replace(made.runtime, disk=SlowDisk(made.runtime.disk))
    return made


def read_now(world: World) -> list[bytes]:
    """What `status` would show as being read."""
    with closing(world.database()) as db:
        return [one.path for one in reads.readings(db, 0.0)]


def test_a_large_file_holds_up_no_other(world: World) -> None:
    """The small one is there while it is read; then it goes out, too, and nothing is told of it."""
    large = world.add("big.jpg", LARGE)

    def look() -> None:
        assert [job.path for job in world.jobs()] == [bytes(world.photos / "small.jpg")]
        assert world.jobs()[0].state is State.DONE
        assert read_now(world) == [bytes(large)]

    live(
        world,
        steps((20, lambda: world.add("small.jpg", mtime=world.now())), (30, look), (99, nothing)),
    )
    assert world.states() == {"done": 2}
    assert read_now(world) == []


def test_a_backfill_waits_for_large_files(world: World) -> None:
    """And no more of them are read at once than `parallel_reads`."""
    for number in range(5):
        world.add(f"big{number}.jpg", LARGE + bytes([number]))
    finished = world.backfill()
    assert finished.snapshot.as_json()["done"] == 5
    assert finished.snapshot.seconds >= 3 * LASTS
    assert world.runtime.disk.most_at_once == 2  # type: ignore[attr-defined]


def test_the_end_waits_for_no_read(world: World) -> None:
    """It is read anew by the next one."""
    world.add("big.jpg", LARGE)
    finished = world.backfill(stop_after=20.0)
    assert finished.snapshot.seconds < 40
    assert world.jobs() == []
    world.backfill()
    assert world.states() == {"done": 1}


def test_a_read_that_nobody_waits_for_ends_at_a_chunk() -> None:
    """A thread cannot be ended from outside."""
    one: Any = LargeRead(None, None, 100)  # type: ignore[arg-type]
    one.on_read(10)
    one.is_stopped = True
    with pytest.raises(FileChangedError):
        one.on_read(10)
    assert one.read == 20


def test_what_was_moved_is_not_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that gets another name: its files have rested, and are known by their inodes."""
    reads_begun = list[bytes]()
    really = examine.fingerprint_open

    def read(descriptor: int, path: bytes, **more: Any) -> Any:
        reads_begun.append(path)
        return really(descriptor, path, **more)

    monkeypatch.setattr(examine, "LARGE_BYTES", 10**6)
    monkeypatch.setattr(examine, "fingerprint_open", read)
    # The kernel's times, which are of today, lie in the past.
    world.runtime.clock.skew = time.time() + 86400.0 - EPOCH  # type: ignore[attr-defined]
    for number in range(20):
        world.add(f"album/p{number}.jpg")

    def rename() -> None:
        assert len(reads_begun) == 20
        (world.photos / "album").rename(world.photos / "another")

    live(world, steps((60, rename), (60, nothing)))
    assert len(reads_begun) == 20
    assert world.states() == {"done": 20, "duplicate": 20}
    world.assert_each_once(20)


def test_another_extension_may_be_another_type(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A RAW file is told from a TIFF picture by its name alone: such a file is read."""
    monkeypatch.setattr(examine, "LARGE_BYTES", 10**6)
    tiff = b"II*\0\x08\0\0\0" + bytes(300)
    path = world.add("a.tif", tiff)
    live(world, steps((60, lambda: path.rename(world.photos / "a.dng")), (60, nothing)))
    assert {job.name: job.media_type for job in world.jobs()}[b"a.dng"] != "image/tiff"


def test_another_file_with_an_inode_that_is_known_is_read(world: World) -> None:
    """A deleted file's inode is given to the next one, and vfat makes new ones up at each mount.

    Size and time are alike where a camera takes several pictures in a second.
    """
    world.add("b/IMG_1.jpg")
    live(world, steps((30, nothing)))
    second = world.add("a/IMG_2.jpg")
    with closing(world.database()) as db:
        db.execute("UPDATE files SET inode = ?", (second.stat().st_ino,))
        db.conn.commit()
    live(world, steps((30, nothing)))
    assert world.job_of("IMG_2.jpg").state is State.DONE
    world.assert_each_once(2)
