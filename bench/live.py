"""One photo that arrives while the daemon has much to do: how much later it is queued."""

from __future__ import annotations

import time
from pathlib import Path

from bench.daemon import Daemon, Desk, wait_until
from bench.files import make_sparse_video, make_tree, picture, with_comment

DIRECTORIES = 1000
FILES_EACH = 100
BEGUN = 0.1  # the part of the first scan after which the live file comes
LARGE_BYTES = 9_000_000_000  # uploadd reads files up to 10 GB
LARGE_IS_READ_AFTER = 0.6  # seconds after it has settled
MOST_SECONDS = 600.0


def during_first_scan(place: Path, scale: float) -> str:
    """A file into a directory of a tree that is being taken in for the first time."""
    directories = max(10, int(DIRECTORIES * scale))
    desk = Desk(place)
    make_tree(desk.folder(), directories, FILES_EACH)
    with desk.daemon() as daemon:
        count = directories * FILES_EACH
        daemon.wait_for_jobs(int(count * BEGUN), 120)
        at = daemon.jobs()
        (late,) = _lateness(daemon, [desk.folder() / "00" / "roll 0000" / "live.jpg"])
        return f"settle {late:+.1f} s (it came at job {at:,} of {count:,})"


def behind_large_file(place: Path, scale: float) -> str:
    """A file into the folder of a large one that is being read, and one into another folder."""
    desk = Desk(place, ("same", "other"), settle_seconds=2.0)
    with desk.daemon() as daemon:
        daemon.wait_for_walk()
        make_sparse_video(desk.folder("same") / "big.mov", int(LARGE_BYTES * scale))
        time.sleep(desk.settle_seconds + LARGE_IS_READ_AFTER)
        paths = [desk.folder(name) / "small.jpg" for name in ("same", "other")]
        same, other = _lateness(daemon, paths)
        is_read = daemon.has_job(desk.folder("same") / "big.mov")
        told = "" if not is_read else "; the large one was read by then"
        return f"settle {same:+.1f} s in the same folder, {other:+.1f} s in another{told}"


def _lateness(daemon: Daemon, paths: list[Path]) -> list[float]:
    """Write the files; seconds after they have settled until each of them is queued."""
    for path in paths:
        path.write_bytes(with_comment(picture(), str(path)))
    began = time.monotonic()
    queued_after: dict[Path, float] = {}

    def are_queued() -> bool:
        for path in paths:
            if path not in queued_after and daemon.has_job(path):
                queued_after[path] = time.monotonic() - began
        return len(queued_after) == len(paths)

    wait_until(are_queued, MOST_SECONDS)
    settle = daemon.desk.settle_seconds
    return [queued_after.get(path, float("inf")) - settle for path in paths]
