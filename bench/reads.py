"""What is read again of files that only moved: a renamed directory, a disk that went and came."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.daemon import Daemon, Desk, wait_until
from bench.files import make_photos
from bench.measure import megabytes

FILES = 200
FILE_BYTES = 100_000
ON_DISK = 50  # in the disk's root, and as many in a directory of it
DISK_BYTES = 64_000_000
CALLS = "read,pread64,readv,preadv,preadv2"
READ = re.compile(r"^p?readv?2?(?:64)?\(\d+<(?P<path>.*?)>, .* = (?P<count>\d+)$")
RESCAN_SECONDS = 5.0
LONGER_THAN_TWO_WALKS = 2.5 * RESCAN_SECONDS
MOST_SECONDS = 60.0


def after_rename(place: Path, scale: float) -> str:
    """Bytes read of a directory's files after it was renamed."""
    if shutil.which("strace") is None:
        return "not measured: it takes strace"
    count = max(1, int(FILES * scale))
    desk = Desk(place)
    album, renamed = desk.folder() / "album", desk.folder() / "renamed"
    make_photos(album, count, FILE_BYTES)
    with desk.daemon() as daemon:
        daemon.wait_for_jobs(count)
        wanted = {os.fsencode(renamed / path.name) for path in album.iterdir()}
        with _reads(daemon, desk.folder()) as told:
            album.rename(renamed)
            wait_until(lambda: wanted == daemon.queued(), MOST_SECONDS)
        left = len(daemon.queued() - wanted)
        missed = len(wanted - daemon.queued())
    return (
        f"{megabytes(sum(told))} of {megabytes(count * FILE_BYTES)};"
        f" {missed} missed, {left} jobs left under the old name"
    )


def after_remount(place: Path, scale: float) -> str:
    """Bytes read of a disk's files after an unmount, two walks, and a mount."""
    if shutil.which("strace") is None or os.geteuid():
        return "not measured: it takes root and strace"
    count = max(1, int(ON_DISK * scale))
    desk = Desk(place, rescan_seconds=RESCAN_SECONDS)
    disk = Disk(place / "disk.img", desk.folder())
    disk.mount()
    try:
        make_photos(desk.folder() / "a", count, FILE_BYTES)
        make_photos(desk.folder() / "b", count, FILE_BYTES)
        for path in (desk.folder() / "b").iterdir():
            path.rename(desk.folder() / path.name)
        with desk.daemon() as daemon:
            daemon.wait_for_jobs(2 * count)
            disk.unmount()
            time.sleep(LONGER_THAN_TWO_WALKS)
            queued = len(daemon.queued())
            with _reads(daemon, desk.folder()) as told:
                disk.mount()
                time.sleep(LONGER_THAN_TWO_WALKS)
            again = len(daemon.queued())
    finally:
        disk.unmount()
    return (
        f"{megabytes(sum(told))} of {megabytes(2 * count * FILE_BYTES)};"
        f" {queued} of {2 * count} queued while the disk was away, {again} after it"
    )


@contextmanager
def _reads(daemon: Daemon, root: Path) -> Iterator[list[int]]:
    """Gives a list that holds, at the end, how many bytes each read of a file below `root` gave."""
    counts: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        traces = Path(name)
        command = ["strace", "-ff", "-qq", "-y", "-e", f"trace={CALLS}"]
        child = subprocess.Popen([*command, "-o", str(traces / "t"), "-p", str(daemon.pid)])
        wait_until(lambda: any(traces.iterdir()), MOST_SECONDS)
        time.sleep(1)  # all of its threads are attached
        try:
            yield counts
        finally:
            child.terminate()
            child.wait()
        for trace in traces.iterdir():
            counts += _below(trace.read_text(errors="replace"), str(root))


def _below(trace: str, root: str) -> list[int]:
    found = (READ.match(line) for line in trace.splitlines())
    return [int(one["count"]) for one in found if one and one["path"].startswith(root + "/")]


class Disk:
    """A file system in a file, which is mounted at `target` as the disks of a machine are."""

    def __init__(self, image: Path, target: Path) -> None:
        self._image = image
        self._target = target
        with image.open("wb") as stream:
            stream.truncate(DISK_BYTES)
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)

    def mount(self) -> None:
        """It comes."""
        command = ["mount", "-o", "loop", str(self._image), str(self._target)]
        subprocess.run(command, check=True)

    def unmount(self) -> None:
        """It goes."""
        if self._target.is_mount():
            subprocess.run(["umount", str(self._target)], check=True)
