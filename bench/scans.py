"""Whole walks: of a tree where all is new, and of trees where all is known."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from bench.daemon import Desk
from bench.files import make_tree
from bench.known import make_known
from bench.measure import Run, median, megabytes, run, spread

NEW_DIRECTORIES = 1000
FILES_EACH = 100
ROUNDS = 3
LONG_SECONDS = 3600.0


def first_scan(place: Path, scale: float) -> str:
    """Files a second from the daemon's start to the last job."""
    directories = max(1, int(NEW_DIRECTORIES * scale))
    count = directories * FILES_EACH
    desk = Desk(place)
    make_tree(desk.folder(), directories, FILES_EACH)
    with desk.daemon() as daemon:
        done_at = daemon.wait_for_jobs(count, 120)
        peak, cpu = daemon.peak_bytes(), daemon.cpu_seconds()
        if done_at is None:
            return f"only {daemon.jobs():,} of {count:,} became jobs"
        seconds = done_at - daemon.began
    looked, read = _find(desk.folder()).seconds, _timed(lambda: _read_all(desk.folder()))
    return (
        f"{count / seconds:,.0f} files a second, {cpu / count * 1e6:.0f} µs of CPU a file,"
        f" peak {megabytes(peak)};"
        f" of its {seconds:.1f} s `find` takes {looked / seconds:.1%},"
        f" a loop that reads and hashes each file {read / seconds:.1%}"
    )


def known_300_000(place: Path, scale: float) -> str:
    """The second scan of 300,000."""
    return _known(place, int(300_000 * scale), 100)


def known_1_000_000(place: Path, scale: float) -> str:
    """The second scan of a million."""
    return _known(place, int(1_000_000 * scale), 100)


def one_directory(place: Path, scale: float) -> str:
    """The second scan of one directory with 500,000 files."""
    count = int(500_000 * scale)
    return _known(place, count, count)


def _known(place: Path, count: int, each: int) -> str:
    desk = Desk(place)
    make_known(desk, count, each)
    ratios, cpu_ratios, peaks = [], [], []
    for _ in range(ROUNDS):
        looked = _find(desk.folder())
        with desk.daemon() as daemon:
            seconds = daemon.wait_for_walk(LONG_SECONDS)
            cpu_ratios.append(daemon.cpu_seconds() / looked.cpu_seconds)
            peaks.append(daemon.peak_bytes())
            assert daemon.jobs() == count + 1, "a known file became another job"
        ratios.append(seconds / looked.seconds)
    return (
        f"scan : find = {median(ratios):.1f} (median; {spread(ratios)}),"
        f" by CPU {median(cpu_ratios):.1f}, peak {megabytes(max(peaks))}"
    )


def _find(root: Path) -> Run:
    return run(["find", str(root), "-type", "f", "-printf", r"%s %T@\n"], output=Path(os.devnull))


def _read_all(root: Path) -> None:
    """What a plain client does: walk, open, read, hash."""
    for directory, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(directory, name), "rb") as stream:
                hashlib.file_digest(stream, "sha256").hexdigest()


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
