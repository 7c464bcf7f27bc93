"""Files that arrive by the ten thousand: how many are missed, and when the daemon is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.daemon import Daemon, Desk
from bench.files import make_files, picture

DIRECTORIES = 500
FILES = 50_000
NESTED_EACH = 10
MOVED_DIRECTORIES = 200
MOVED_FILES = 20_000
MANY_DIRECTORIES = 20_000
QUEUE_LIMIT = Path("/proc/sys/fs/inotify/max_queued_events")


def into_directories(place: Path, scale: float) -> str:
    """Many files into directories that are watched already."""
    count = max(1, int(DIRECTORIES * scale))
    desk = Desk(place)
    directories = [desk.folder() / f"{number:03}" for number in range(count)]
    for directory in directories:
        directory.mkdir()
    return _measured(desk, lambda: _fill(directories, FILES // DIRECTORIES), count * 100)


def into_nested(place: Path, scale: float) -> str:
    """The same into directories in directories that are made while it goes on."""
    count = max(1, int(FILES * scale) // NESTED_EACH)
    desk = Desk(place)
    directories = [
        desk.folder() / f"{number % 10}" / f"{number // 10 % 25}" / f"{number}"
        for number in range(count)
    ]
    return _measured(desk, lambda: _fill(directories, NESTED_EACH), count * NESTED_EACH)


def moved_in(place: Path, scale: float) -> str:
    """A whole tree by one rename."""
    count = max(1, int(MOVED_DIRECTORIES * scale))
    desk = Desk(place)
    outside = place / "outside"
    each = MOVED_FILES // MOVED_DIRECTORIES
    _fill([outside / f"{number % 10}" / f"{number}" for number in range(count)], each)
    return _measured(desk, lambda: outside.rename(desk.folder() / "album"), count * each)


def overflow(place: Path, scale: float) -> str:
    """A file into each of many directories while the kernel drops every event."""
    count = max(1, int(MANY_DIRECTORIES * scale))
    desk = Desk(place)
    directories = [desk.folder() / f"{number % 100}" / f"{number}" for number in range(count)]
    for directory in directories:
        directory.mkdir(parents=True)
    with desk.daemon() as daemon:
        daemon.wait_for_walk()
        return _told(daemon, lambda: _fill_unheard(daemon, directories), count)


def _measured(desk: Desk, arrive: Callable[[], object], count: int) -> str:
    with desk.daemon() as daemon:
        daemon.wait_for_walk()
        return _told(daemon, arrive, count)


def _told(daemon: Daemon, arrive: Callable[[], object], count: int) -> str:
    """Let `count` files arrive, and wait for their jobs."""
    began, cpu = time.time(), daemon.cpu_seconds()
    arrive()
    last_at = time.time()
    done_at = daemon.wait_for_jobs(count)
    if done_at is None:
        return f"missed {count - daemon.jobs():,} of {count:,}; never done"
    late = max(0.0, done_at - last_at - daemon.desk.settle_seconds)
    each = (daemon.cpu_seconds() - cpu) / count
    return (
        f"missed 0 of {count:,}, which came within {last_at - began:.1f} s;"
        f" done {late:.1f} s after the last one had settled, {each * 1e6:.0f} µs of CPU a file"
    )


def _fill(directories: list[Path], each: int) -> None:
    jpeg = picture()
    for directory in directories:
        make_files(directory, each, "IMG_", jpeg)


def _fill_unheard(daemon: Daemon, directories: list[Path]) -> None:
    with daemon.held():
        _overflow_queue(directories[0])
        _fill(directories, 1)


def _overflow_queue(directory: Path) -> None:
    """More events than the kernel keeps, of a name that is no candidate."""
    noise = directory / ".noise"
    for _ in range(int(QUEUE_LIMIT.read_text())):
        noise.touch()
        noise.unlink()
