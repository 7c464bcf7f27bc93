"""The watch on a real kernel: what it sees, and what it notices to have missed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from integration.processes import wait_until
from uploadd.intake.selection import Selection
from uploadd.intake.watch import FolderWatch
from uploadd.model.errors import UploaddError

PATIENCE_SECONDS = 20.0
QUEUED_EVENTS = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


class Notes:
    """What a watch told, and a way to wait for it."""

    def __init__(self) -> None:
        self.sightings: list[bytes] = []
        self.lost = 0
        self._changed = threading.Condition()

    def saw(self, path: bytes) -> None:
        with self._changed:
            self.sightings.append(path)
            self._changed.notify_all()

    def has_lost(self) -> None:
        with self._changed:
            self.lost += 1
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_SECONDS), (self.sightings, self.lost)

    def wait_for(self, *paths: bytes) -> None:
        self.wait(lambda: set(paths) <= set(self.sightings))


@pytest.fixture
def notes() -> Notes:
    """A fresh notebook."""
    return Notes()


@pytest.fixture
def root(tmp_path: Path) -> bytes:
    """An empty folder."""
    (tmp_path / "photos").mkdir()
    return os.fsencode(tmp_path / "photos")


@pytest.fixture
def watch(root: bytes, notes: Notes) -> Iterator[FolderWatch]:
    """A watch that stands."""
    watch = FolderWatch(root, notes.saw, notes.has_lost)
    watch.start()
    yield watch
    watch.stop()


def _write(path: bytes) -> bytes:
    with open(path, "wb") as file:
        file.write(b"x")
    return path


def test_a_new_file_is_seen(watch: FolderWatch, root: bytes, notes: Notes) -> None:
    """When it is made and when it is closed; names may have any bytes."""
    path = _write(root + b"/caf\xe9.jpg")
    notes.wait(lambda: notes.sightings == [path, path])
    assert (watch.mode, watch.watches, watch.is_complete(), notes.lost) == ("inotify", 1, True, 0)


@pytest.mark.usefixtures("watch")
def test_only_what_may_bring_a_photo_is_seen(root: bytes, notes: Notes) -> None:
    """Reading, removing and a change of mode are no news."""
    path = _write(root + b"/a.jpg")
    with open(path, "rb") as file:
        file.read()
    os.chmod(path, 0o600)
    os.unlink(path)
    end = _write(root + b"/end.jpg")
    notes.wait_for(end)
    assert set(notes.sightings) == {path, end}


@pytest.mark.usefixtures("watch")
def test_a_moved_file_is_seen_where_it_is_now(root: bytes, notes: Notes, tmp_path: Path) -> None:
    """Whether it comes from inside or from outside."""
    os.rename(_write(root + b"/a.part"), root + b"/a.jpg")
    os.rename(_write(os.fsencode(tmp_path / "b.jpg")), root + b"/b.jpg")
    notes.wait_for(root + b"/a.jpg", root + b"/b.jpg")


def test_a_fresh_directory_is_seen_and_watched(
    watch: FolderWatch, root: bytes, notes: Notes
) -> None:
    """All levels of it, without a warning (each would fail this test), and what comes later."""
    for number in range(20):
        os.makedirs(root + b"/%d/a/b/c/d" % number)
    deepest = [root + b"/%d/a/b/c/d" % number for number in range(20)]
    notes.wait_for(*(root + b"/%d" % number for number in range(20)))  # each of them is walked
    wait_until(lambda: watch.watches == 101, PATIENCE_SECONDS, "every level is watched")
    later = [_write(path + b"/x.jpg") for path in deepest]
    notes.wait_for(*later)
    assert watch.is_complete()


def test_a_directory_that_is_moved_in_is_seen_as_one(
    watch: FolderWatch, root: bytes, notes: Notes, tmp_path: Path
) -> None:
    """Its content is for the walk: one sighting, not one for each file."""
    outside = tmp_path / "import"
    (outside / "sub").mkdir(parents=True)
    for number in range(50):
        (outside / "sub" / f"{number}.jpg").write_bytes(b"x")
    os.rename(outside, root + b"/import")
    end = _write(root + b"/end.jpg")
    notes.wait_for(end)
    assert set(notes.sightings) == {root + b"/import", end}
    assert watch.watches == 3


@pytest.mark.usefixtures("watch")
def test_a_directory_that_is_renamed_is_seen_under_its_new_name(root: bytes, notes: Notes) -> None:
    """And so are files that come into it afterwards."""
    os.mkdir(root + b"/old")
    notes.wait_for(root + b"/old")
    os.rename(root + b"/old", root + b"/new")
    notes.wait_for(root + b"/new")
    notes.wait_for(_write(root + b"/new/a.jpg"))


def test_paths_begin_as_the_root_was_given(root: bytes, notes: Notes, tmp_path: Path) -> None:
    """Also where it is a link, or ends in a slash."""
    link = os.fsencode(tmp_path / "link")
    os.symlink(root, link)
    watch = FolderWatch(link + b"/", notes.saw, notes.has_lost)
    watch.start()
    try:
        _write(root + b"/a.jpg")
        notes.wait_for(link + b"/a.jpg")
        assert watch.is_complete()
        os.unlink(link)
        os.symlink(tmp_path, link)
        assert not watch.has_root()
    finally:
        watch.stop()


def test_directories_that_are_not_entered_are_not_watched(root: bytes, notes: Notes) -> None:
    """Nor are those below them: thumbnails of a NAS would use up the limit."""
    for directory in (b"/2024/@eaDir/a.jpg", b"/.stversions/2024", b"/private/x", b"/2023"):
        os.makedirs(root + directory)
    selection = Selection(exclude=["private/"])
    watch = FolderWatch(root, notes.saw, notes.has_lost, selection.enters)
    watch.start()
    try:
        assert watch.watches == 3
        os.makedirs(root + b"/new/@eaDir/deep")
        notes.wait_for(root + b"/new")
        notes.wait_for(_write(root + b"/new/a.jpg"))
        assert (watch.watches, watch.is_complete()) == (4, True)
    finally:
        watch.stop()


def test_a_tree_of_a_thousand_levels_is_watched_to_its_end(root: bytes, notes: Notes) -> None:
    """It ended the process: watchdog's own walk goes down by recursion."""
    deep = root + b"/a" * 1200
    try:
        _make_deep(deep)
        watch = FolderWatch(root, notes.saw, notes.has_lost)
        watch.start()
        try:
            assert watch.watches == 1201
            assert watch.is_complete()
            notes.wait_for(_write(deep + b"/x.jpg"))
            os.mkdir(deep + b"/b")
            notes.wait_for(deep + b"/b")
            notes.wait_for(_write(deep + b"/b/y.jpg"))
            os.rename(root + b"/a", root + b"/c")
            notes.wait_for(root + b"/c")
            os.rename(root + b"/c", root + b"/a")
            notes.wait_for(root + b"/a", _write(deep + b"/z.jpg"))
            assert watch.is_complete()
        finally:
            watch.stop()
    finally:
        subprocess.run(["rm", "-rf", root + b"/a"], check=True)  # pytest's own recurses, too


def _make_deep(directory: bytes) -> None:
    """As `os.makedirs`, which recurses."""
    names = directory.split(b"/")
    for depth in range(2, len(names) + 1):
        with suppress(FileExistsError):
            os.mkdir(b"/".join(names[:depth]))


def test_an_overflow_brings_a_new_observer_and_a_rescan(
    watch: FolderWatch, root: bytes, notes: Notes
) -> None:
    """What was made unseen is watched again afterwards."""
    flicker = [_write(root + b"/a.jpg"), root + b"/b.jpg"]
    notes.wait(lambda: len(notes.sightings) == 2)
    first = watch._observer
    assert first is not None
    with first.descriptor._lock:  # the reader cannot empty the kernel's queue
        for number in range(QUEUED_EVENTS):
            os.rename(flicker[number % 2], flicker[(number + 1) % 2])
        os.mkdir(root + b"/unseen")
    notes.wait(lambda: notes.lost == 1)
    assert watch._observer is not first
    assert not first.descriptor.is_alive()
    assert (watch.watches, watch.is_complete()) == (2, True)
    notes.wait_for(_write(root + b"/unseen/c.jpg"))


def test_a_storm_of_overflows_is_not_answered_by_one_of_observers(
    watch: FolderWatch, notes: Notes
) -> None:
    """A new observer stays for some seconds; the watch can be stopped meanwhile."""
    first = watch._observer
    assert first is not None
    watch._has_overflowed.set()
    notes.wait(lambda: notes.lost == 1)
    second = watch._observer
    watch._has_overflowed.set()
    watch._has_overflowed.set()
    begun = time.monotonic()
    watch.stop()
    assert time.monotonic() - begun < 2
    assert notes.lost == 1
    assert second is not first


@pytest.mark.parametrize("how", ["removed", "moved"])
def test_a_lost_root_is_told(watch: FolderWatch, root: bytes, notes: Notes, how: str) -> None:
    """Once, and then the watch says that it is worth nothing."""
    if how == "removed":
        os.rmdir(root)
    else:
        os.rename(root, root + b"-moved")
    notes.wait(lambda: notes.lost == 1)
    assert not watch.has_root()
    assert not watch.is_complete()
    os.mkdir(root)
    assert not watch.has_root()
    again = FolderWatch(root, notes.saw, notes.has_lost)
    again.start()
    try:
        notes.wait_for(_write(root + b"/a.jpg"))
    finally:
        again.stop()


def test_a_root_that_is_covered_is_noticed(watch: FolderWatch, root: bytes) -> None:
    """Another directory in its place, without an event for the watched one."""
    above = os.path.dirname(root)
    os.rename(above, above + b"-moved")
    os.makedirs(root)
    try:
        assert not watch.has_root()
    finally:
        shutil.rmtree(above)
        os.rename(above + b"-moved", above)
    assert watch.has_root()


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_what_is_no_directory_cannot_be_watched(tmp_path: Path, notes: Notes, kind: str) -> None:
    """It is said which, and what to do; stopping is fine all the same."""
    path = tmp_path / kind
    if kind == "file":
        path.write_bytes(b"x")
    watch = FolderWatch(os.fsencode(path), notes.saw, notes.has_lost)
    told = {"missing": "missing does not exist", "file": "file is not a directory"}
    with pytest.raises(UploaddError, match=told[kind]) as caught:
        watch.start()
    assert caught.value.remedy
    watch.stop()
    assert not watch.is_complete()


def test_nothing_is_left_after_the_stop(root: bytes, notes: Notes) -> None:
    """No thread, no descriptor, and no call; stopping twice is fine."""
    for number in range(200):
        os.mkdir(root + b"/%d" % number)
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    watch = FolderWatch(root, notes.saw, notes.has_lost)
    watch.start()
    assert watch.watches == 201
    watch.stop()
    watch.stop()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
    _write(root + b"/a.jpg")
    assert (notes.sightings, notes.lost, watch.watches) == ([], 0, 0)


def test_the_kernels_descriptor_is_not_inherited(watch: FolderWatch) -> None:
    """A program that is run to notify somebody must not hold the queue."""
    assert watch._observer is not None
    assert not os.get_inheritable(watch._observer.descriptor._inotify_fd)


_PREFACE = """
import os, sys, time
from uploadd.intake.watch import FolderWatch
from uploadd.model.errors import UploaddError
lost = []
root = os.fsencode(sys.argv[1])
def wait_for(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
watch = FolderWatch(root, lambda path: None, lambda: lost.append(1))
"""


def _in_a_namespace(setup: str, script: str, root: bytes) -> list[str]:
    """What `script` prints where `setup` was run before, in namespaces of its own."""
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c"]
    try:
        probe = subprocess.run([*unshare, "true"], capture_output=True, timeout=30, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare(1) here")
    if probe.returncode != 0:
        pytest.skip("this system lets nobody make a user namespace")
    python = [sys.executable, "-c", _PREFACE + textwrap.dedent(script), os.fsdecode(root)]
    result = subprocess.run(
        [*unshare, f'{setup}; exec "$@"', "sh", *python],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


LIMIT = "echo {} > /proc/sys/user/max_inotify_{}"


def test_the_limit_of_watches_is_noticed_at_the_start(root: bytes) -> None:
    """The library goes on without a word; we say that something is missing."""
    for number in range(30):
        os.mkdir(root + b"/%d" % number)
    script = "watch.start(); print(watch.watches, watch.is_complete(), len(lost)); watch.stop()"
    assert _in_a_namespace(LIMIT.format(10, "watches"), script, root) == ["10 False 0"]


def test_the_limit_of_watches_is_noticed_later(root: bytes) -> None:
    """When a directory is made that cannot be watched any more."""
    script = """
        watch.start()
        print(watch.watches, watch.is_complete())
        for number in range(30):
            os.mkdir(root + b"/%d" % number)
        wait_for(lambda: lost)
        print(watch.is_complete(), watch.has_root(), len(lost))
        watch.stop()
    """
    assert _in_a_namespace(LIMIT.format(10, "watches"), script, root) == ["1 True", "False True 1"]


def test_a_renewal_makes_room_where_two_observers_are_too_many(root: bytes) -> None:
    """With a limit of 40 and 31 directories, the new one begins when the old one has ended."""
    for number in range(30):
        os.mkdir(root + b"/%d" % number)
    script = """
        watch.start()
        print(watch.watches, watch.is_complete())
        watch._has_overflowed.set()
        wait_for(lambda: lost)
        print(watch.watches, watch.is_complete())
        watch.stop()
    """
    assert _in_a_namespace(LIMIT.format(40, "watches"), script, root) == ["31 True", "31 True"]


@pytest.mark.parametrize(
    ("kind", "setting"), [("watches", "max_user_watches"), ("instances", "max_user_instances")]
)
def test_a_watch_that_cannot_begin_names_the_limit(root: bytes, kind: str, setting: str) -> None:
    """With the command that raises it."""
    script = """
        try:
            watch.start()
        except UploaddError as error:
            print(error.text)
            print(error.remedy)
        watch.stop()
    """
    text, remedy = _in_a_namespace(LIMIT.format(0, kind), script, root)
    assert "photos cannot be watched" in text
    assert f"sysctl fs.inotify.{setting}=" in remedy


def test_an_unmounted_root_is_told(root: bytes) -> None:
    """Pulling out the card reader is not the end of the photos on it."""
    script = """
        watch.start()
        print(watch.has_root())
        os.system(f"umount {sys.argv[1]}")
        wait_for(lambda: lost)
        print(watch.has_root(), len(lost))
        watch.stop()
    """
    mount = f"mount -t tmpfs none {os.fsdecode(root)}"
    assert _in_a_namespace(mount, script, root) == ["True", "False 1"]


def test_a_disk_unmounted_below_the_root_is_told(root: bytes) -> None:
    """Nothing would be seen of it when it comes back, so the watch is not complete any more."""
    os.mkdir(root + b"/card")
    script = """
        watch.start()
        print(watch.watches, watch.is_complete())
        os.system(f"umount {sys.argv[1]}/card")
        wait_for(lambda: lost)
        print(watch.has_root(), watch.is_complete())
        watch.stop()
    """
    mount = f"mount -t tmpfs none {os.fsdecode(root)}/card"
    assert _in_a_namespace(mount, script, root) == ["2 True", "True False"]


def test_a_directory_that_may_not_be_read_is_passed_over() -> None:
    """The walk reports it; the others are watched, and nothing counts as missing."""
    script = """
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresuid(65534, 65534, 65534)
        watch.start()
        print(watch.watches, watch.is_complete(), len(lost))
        watch.stop()
    """
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        os.mkdir(f"{root}/closed", 0o000)
        os.mkdir(f"{root}/open")
        result = subprocess.run(
            [sys.executable, "-c", _PREFACE + textwrap.dedent(script), root],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (result.stdout, result.stderr) == ("2 True 0\n", "")
