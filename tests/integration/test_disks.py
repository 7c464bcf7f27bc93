"""Disks that come and go, on real mounts, with a real daemon and by the walk alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.processes import Desk, wait_until
from uploadd.files.membership import Folders
from uploadd.files.standing import us
from uploadd.files.way import look_at_directory
from uploadd.model.configuration import Folder
from uploadd.model.roots import accept
from uploadd.sandbox import SandboxOptions

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
MakeDesk = Callable[..., Desk]
COUNT, SIZE = 50, 100_000


class Disks:
    """What is mounted in one test; all of it is unmounted at its end."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._points: list[Path] = []

    def image(self) -> Path:
        """A small disk with a file system."""
        image = self._home / "disk.img"
        with image.open("wb") as file:
            file.truncate(16 * 1024 * 1024)
        run("mkfs.ext4", "-q", str(image))
        return image

    def mount(self, what: Path, point: Path, *words: str) -> None:
        """Mount `what` at `point`."""
        point.mkdir(exist_ok=True)
        run("mount", *words, str(what), str(point))
        self._points.append(point)

    def unmount(self, point: Path) -> None:
        """As a person does, who tries again: a walk has a directory open for a moment."""
        words = ("umount", str(point))
        end = time.monotonic() + 10
        while subprocess.run(words, capture_output=True, check=False).returncode != 0:
            assert time.monotonic() < end, "something is held open there"
            time.sleep(0.1)
        self._points.remove(point)

    def moved(self, former: Path, now: Path) -> None:
        """A directory above a mount was renamed."""
        self._points[self._points.index(former)] = now

    def end(self) -> None:
        """Leave nothing mounted."""
        for point in reversed(self._points):
            subprocess.run(["umount", "-l", str(point)], check=False)


def run(*words: str) -> None:
    """Run a program to its end, which has to be a good one."""
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    if told.returncode != 0 and words[0] in ("mount", "mkfs.ext4"):
        pytest.skip(f"{' '.join(words)}: {told.stderr}")
    assert told.returncode == 0, told.stderr


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    """Mounts that end with the test."""
    made = Disks(tmp_path)
    yield made
    made.end()


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """A desk whose account stops after its first photo, so that the others wait."""
    made = make_desk(SandboxOptions(wait_every=1, wait_seconds=10_000))
    made.config.write_text(made.config.read_text() + "rescan_seconds = 1\n")
    return made


def fill(desk: Desk, where: str = "") -> None:
    """Fifty photos, half of them in a directory."""
    for number in range(COUNT):
        below = "trip/" if number % 2 else ""
        desk.add(f"{where}{below}{number:02}.jpg", SIZE)


def read_bytes(pid: int) -> int:
    """How much a process has read so far, from whatever file."""
    told = Path(f"/proc/{pid}/io").read_text().split()
    return int(told[told.index("rchar:") + 1])


def jobs(desk: Desk) -> dict[str, dict[str, Any]]:
    """The jobs by path."""
    told = desk.uploadd("jobs", "--json").stdout.splitlines()
    return {job["path"]: job for job in map(json.loads, told)}


def states(desk: Desk) -> Counter[str]:
    """How many jobs are in each state."""
    return Counter(job["state"] for job in jobs(desk).values())


def away(desk: Desk, folder: str = "camera") -> list[str]:
    """What `status` says is away."""
    status = json.loads(desk.uploadd("status", "--json").stdout)
    return [one["path"] for one in status["folders"][folder]["away"]]


def walks(desk: Desk) -> int:
    """How many walks have ended."""
    return desk.log().count("folder.walked")


def wait_for_walks(desk: Desk, count: int = 3) -> None:
    """So many more walks end."""
    before = walks(desk)
    wait_until(lambda: walks(desk) >= before + count, 20, "the next walks")


def wait_for_jobs(desk: Desk, count: int) -> None:
    """So many jobs are known."""
    wait_until(lambda: len(jobs(desk)) == count, 20, f"{count} jobs")


@pytest.mark.parametrize("kind", ["loop", "bind"])
@pytest.mark.parametrize("where", ["", "card/"])
def test_nothing_vanishes_with_a_disk(desk: Desk, disks: Disks, kind: str, where: str) -> None:
    """The folder itself or a directory in it is a mount; it goes, and comes back."""
    point = desk.photos / where
    what, words = (disks.image(), ["-o", "loop"]) if kind == "loop" else (desk.home / "d", ["-B"])
    if kind == "bind":
        what.mkdir()
    disks.mount(what, point, *words)
    fill(desk, where)
    with desk.started("run") as daemon:
        wait_for_jobs(desk, COUNT)
        wait_for_walks(desk)
        was_read = read_bytes(daemon.pid)
        disks.unmount(point)
        wait_until(lambda: away(desk) == [str(point).rstrip("/")], 20, "it is away")
        new = desk.add(f"{where}new.jpg")
        wait_for_jobs(desk, COUNT + 1)
        wait_for_walks(desk)
        assert states(desk)["skipped"] == 0
        assert away(desk)
        new.unlink()
        disks.mount(what, point, *words)
        wait_until(lambda: not away(desk), 20, "it is back")
        wait_for_walks(desk)
        assert read_bytes(daemon.pid) - was_read < COUNT * SIZE / 2  # the database reads, too
    found = states(desk)
    assert found["skipped"] == 1  # what was put on the empty mount point, and taken away
    assert found.total() == COUNT + 1


def test_a_disk_is_given_up_beside_the_daemon(desk: Desk, disks: Disks) -> None:
    """What waits for it ends, what came meanwhile stays, and it asks first on a terminal."""
    disks.mount(disks.image(), desk.photos / "card", "-o", "loop")
    fill(desk, "card/")
    desk.add("stays.jpg")
    with desk.started("run"):
        wait_for_jobs(desk, COUNT + 1)
        wait_for_walks(desk)
        disks.unmount(desk.photos / "card")
        wait_until(lambda: bool(away(desk)), 20, "it is away")
        new = desk.add("card/new.jpg")
        wait_for_jobs(desk, COUNT + 2)
        shown = desk.uploadd("status")
        assert "uploadd forget camera" in " ".join(shown.stdout.split())
        asked = desk.uploadd("forget", "camera")
        assert asked.returncode == 2
        assert "uploadd forget camera --yes" in asked.stderr
        assert f"{COUNT} jobs" in desk.uploadd("forget", "camera", "--yes").stderr
        wait_until(lambda: not away(desk), 20, "nothing is waited for")
        wait_for_walks(desk)
    found = jobs(desk)
    assert states(desk)["skipped"] == COUNT
    assert {job["reason"]["code"] for job in found.values() if job["state"] == "skipped"} == {
        "vanished"
    }
    for path in (new, desk.photos / "stays.jpg"):
        assert found[str(path)]["state"] == "queued"
    assert "nothing to forget" in desk.uploadd("forget", "camera", "--yes").stderr


def test_a_disk_that_returns_is_seen_without_a_walk_by_the_clock(desk: Desk, disks: Disks) -> None:
    """The kernel tells of the mount: the next walk by the clock would be an hour away."""
    text = desk.config.read_text()
    desk.config.write_text(text.replace("rescan_seconds = 1\n", "rescan_seconds = 3600\n"))
    image = disks.image()
    disks.mount(image, desk.photos, "-o", "loop")
    desk.add("known.jpg")
    with desk.started("run"):
        wait_for_jobs(desk, 1)
        disks.unmount(desk.photos)
        wait_until(lambda: bool(away(desk)), 20, "it is away")
        disks.mount(image, desk.photos, "-o", "loop")
        desk.add("new.jpg")
        wait_for_jobs(desk, 2)
        wait_until(lambda: not away(desk), 20, "it is back")
    assert "skipped" not in states(desk)


def test_what_is_removed_on_a_disk_that_stays_is_gone(desk: Desk, disks: Disks) -> None:
    """Also all of it at once."""
    disks.mount(disks.image(), desk.photos, "-o", "loop")
    fill(desk)
    with desk.started("run"):
        wait_for_jobs(desk, COUNT)
        wait_for_walks(desk)
        run("sh", "-c", f"rm -rf {desk.photos}/*")
        wait_until(lambda: states(desk)["skipped"] == COUNT, 20, "all of it is gone")
        assert not away(desk)


def test_the_walks_alone_keep_a_disk(desk: Desk, disks: Disks) -> None:
    """A backfill each time, with nobody to hear of a mount: an unmount between two restarts."""
    data = desk.home / "data"
    data.mkdir()
    disks.mount(data, desk.photos, "--bind")
    fill(desk)
    desk.uploadd("backfill", "--no-wait", str(desk.photos))
    disks.unmount(desk.photos)
    for _ in range(2):
        desk.uploadd("backfill", "--no-wait", str(desk.photos))
    assert (states(desk).total(), states(desk)["skipped"]) == (COUNT, 0)
    assert away(desk) == [str(desk.photos)]
    disks.mount(data, desk.photos, "--bind")
    desk.uploadd("backfill", "--no-wait", str(desk.photos))
    assert (away(desk), states(desk)["skipped"]) == ([], 0)


@pytest.mark.parametrize("is_for_all", [True, False])
def test_a_private_mount_that_is_renamed_stays_itself(
    tmp_path: Path, disks: Disks, is_for_all: bool
) -> None:
    """It goes by no other settings, if others can rename a directory above it."""
    outer = Folder("outer", tmp_path / "outer", ("me",))
    inner = Folder("inner", outer.path / "x/inner", ("me",))
    inner.path.mkdir(parents=True)
    disks.mount(tmp_path, inner.path, "-t", "tmpfs")
    seen = look_at_directory(inner.root)
    outer.path.chmod(0o777 if is_for_all else 0o755)
    (outer.path / "x").rename(outer.path / "y")
    disks.moved(inner.path, outer.path / "y/inner")
    accepted = {inner.root: accept(seen, us())}
    place = Folders([outer, inner], accepted=accepted).place(bytes(outer.path / "y/inner/a.jpg"))
    assert place.folder_name == ("inner" if is_for_all else "outer")
    disks.unmount(outer.path / "y/inner")
    place = Folders([outer, inner], accepted=accepted).place(bytes(outer.path / "y/inner/a.jpg"))
    assert place.folder_name == "outer"


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_the_same_for_a_user_in_a_namespace_of_his_own() -> None:
    """Where bind mounts are all that he may make."""
    words = ["unshare", "-Urm", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if subprocess.run([*words[:2], "true"], check=False).returncode != 0:
        pytest.skip("no namespaces for users here")
    told = subprocess.run(
        [*words, __file__, "-k", "walks_alone"], capture_output=True, text=True, check=False
    )
    assert "1 passed" in told.stdout, told.stdout


def test_a_disk_in_a_folder_of_its_own_inside_another(desk: Desk, disks: Disks) -> None:
    """It is that folder's to be named and given up, whichever walk comes first."""
    point = desk.photos / "card"
    disks.mount(disks.image(), point, "-o", "loop")
    inner = f'[folders.card]\npath = "{point}"\naccounts = ["me"]\nrescan_seconds = 1\n'
    desk.config.write_text(desk.config.read_text() + inner)
    fill(desk, "card/")
    desk.add("outer.jpg")
    with desk.started("run"):
        wait_for_jobs(desk, COUNT + 1)
        wait_for_walks(desk, 6)
        disks.unmount(point)
        wait_until(lambda: away(desk, "card") == [str(point)], 20, "it is away")
        wait_for_walks(desk, 6)
        desk.add("later.jpg")
        wait_for_jobs(desk, COUNT + 2)
    assert away(desk) == []
    assert states(desk)["skipped"] == 0
