"""The ear on a real kernel: what it tells, what it survives, and what it leaves behind."""

from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uploadd.intake import kernel
from uploadd.intake.kernel import Ear, Event, KernelEar, open_ear
from uploadd.model.events import Sign

PATIENCE_SECONDS = 20.0
QUEUED_EVENTS = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


class Listening:
    """An ear, everything that it told so far, and a way to wait for more."""

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.calls = 0
        self._bell = threading.Event()
        self.ear: Ear = open_ear(self._heard)

    def _heard(self) -> None:
        self.calls += 1
        self._bell.set()

    def watch(self, path: bytes) -> int:
        """Watch a directory by its path, which need not last."""
        directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return self.ear.watch(directory)
        finally:
            os.close(directory)

    def until(self, is_enough: Callable[[], bool]) -> None:
        """Take until it is enough."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not is_enough():
            assert self._bell.wait(end - time.monotonic()), self.told[-20:]
            self._bell.clear()
            while some := self.ear.take(1000):
                self.told += some

    def until_told(self, *events: Event) -> None:
        """Take until all of these were told."""
        self.until(lambda: set(events) <= set(self.told))

    def without_repeats(self) -> list[Event]:
        """What was told, each row of equal events as one.

        The kernel itself makes one of them while the first is not read yet, and only then.
        """
        return [event for event, _ in itertools.groupby(self.told)]


@pytest.fixture
def listening() -> Iterator[Listening]:
    """An open ear."""
    listening = Listening()
    yield listening
    listening.ear.end()


@pytest.fixture
def root(tmp_path: Path) -> bytes:
    """An empty folder."""
    (tmp_path / "photos").mkdir()
    return os.fsencode(tmp_path / "photos")


def _write(path: bytes) -> bytes:
    with open(path, "wb") as file:
        file.write(b"x")
    return path


def _file(watch: int, name: bytes, sign: Sign) -> Event:
    return Event(watch, name, sign, is_directory=False)


def _directory(watch: int, name: bytes, sign: Sign) -> Event:
    return Event(watch, name, sign, is_directory=True)


@pytest.mark.parametrize(
    "name", [b"a.jpg", b"caf\xe9.jpg", b"two\nlines '\".jpg", b"\xff" * 251 + b".jpg", b" "]
)
def test_a_file_is_told_when_it_is_made_and_when_it_is_closed(
    listening: Listening, root: bytes, name: bytes
) -> None:
    """Names may have any bytes, and as many as a name can have."""
    watch = listening.watch(root)
    _write(root + b"/" + name)
    listening.until(lambda: len(listening.told) == 2)
    assert listening.told == [_file(watch, name, Sign.BORN), _file(watch, name, Sign.CLOSED)]


def test_only_what_may_bring_or_take_a_file_is_told(listening: Listening, root: bytes) -> None:
    """Reading and a change of mode are no news."""
    path = _write(root + b"/a.jpg")
    watch = listening.watch(root)
    with open(path, "rb") as file:
        file.read()
    os.chmod(path, 0o600)
    os.unlink(path)
    listening.until(lambda: bool(listening.told))
    assert listening.told == [_file(watch, b"a.jpg", Sign.LEFT)]


def test_a_moved_file_leaves_and_arrives(listening: Listening, root: bytes, tmp_path: Path) -> None:
    """Whether it comes from inside or from outside."""
    one, two = _write(root + b"/a.part"), _write(os.fsencode(tmp_path / "b.jpg"))
    watch = listening.watch(root)
    os.rename(one, root + b"/a.jpg")
    os.rename(two, root + b"/b.jpg")
    listening.until(lambda: len(listening.told) == 3)
    assert listening.told == [
        _file(watch, b"a.part", Sign.LEFT),
        _file(watch, b"a.jpg", Sign.ARRIVED),
        _file(watch, b"b.jpg", Sign.ARRIVED),
    ]


def test_a_directory_keeps_its_number_wherever_it_is_moved(
    listening: Listening, root: bytes, tmp_path: Path
) -> None:
    """Also out of the folder and back; it says itself that it was moved."""
    for name in (b"/a", b"/b"):
        os.mkdir(root + name)
    outside = os.fsencode(tmp_path / "outside")
    top, moved = listening.watch(root), listening.watch(root + b"/a")
    os.rename(root + b"/a", outside)
    os.rename(outside, root + b"/b/c")
    assert listening.watch(root + b"/b/c") == moved
    _write(root + b"/b/c/x.jpg")
    listening.until_told(_file(moved, b"x.jpg", Sign.CLOSED))
    assert listening.without_repeats() == [
        _directory(top, b"a", Sign.LEFT),
        _directory(moved, b"", Sign.LEFT),
        _file(moved, b"x.jpg", Sign.BORN),
        _file(moved, b"x.jpg", Sign.CLOSED),
    ]


def test_directories_are_told_as_such(listening: Listening, root: bytes) -> None:
    """When they are made, and when they are removed: then their watch has ended, too."""
    top = listening.watch(root)
    os.mkdir(root + b"/a")
    below = listening.watch(root + b"/a")
    os.rmdir(root + b"/a")
    listening.until(lambda: len(listening.told) == 3)
    assert listening.told[0] == _directory(top, b"a", Sign.BORN)
    assert set(listening.told[1:]) == {
        _directory(below, b"", Sign.ENDED),
        _directory(top, b"a", Sign.LEFT),
    }


def test_a_link_is_no_directory(listening: Listening, root: bytes) -> None:
    """It comes as a file: who looks at it sees what it is."""
    watch = listening.watch(root)
    os.symlink(b"/etc", root + b"/link")
    os.mkfifo(root + b"/pipe")
    listening.until(lambda: len(listening.told) == 2)
    assert listening.told == [
        _file(watch, b"link", Sign.BORN),
        _file(watch, b"pipe", Sign.BORN),
    ]


def test_watching_twice_is_silent(listening: Listening, root: bytes) -> None:
    """The number is the same, and each event comes once."""
    os.symlink(root, root + b"-link")
    watch = listening.watch(root)
    assert listening.watch(root + b"-link") == watch
    os.mkdir(root + b"/a")
    os.mkdir(root + b"/b")
    listening.until(lambda: len(listening.told) == 2)
    assert [event.name for event in listening.told] == [b"a", b"b"]


def test_what_is_watched_is_the_open_directory(listening: Listening, root: bytes) -> None:
    """Not what its path leads to by then: a link was put in its place meanwhile."""
    os.mkdir(root + b"/a")
    directory = os.open(root + b"/a", os.O_RDONLY | os.O_DIRECTORY)
    os.rename(root + b"/a", root + b"/b")
    os.mkdir(root + b"/secret")
    os.symlink(root + b"/secret", root + b"/a")
    watch = listening.ear.watch(directory)
    os.close(directory)
    _write(root + b"/secret/x.jpg")
    _write(root + b"/b/y.jpg")
    listening.until_told(_file(watch, b"y.jpg", Sign.CLOSED))
    assert {event.name for event in listening.told} == {b"y.jpg"}


def test_a_file_is_no_directory(listening: Listening, root: bytes) -> None:
    """It is refused as such."""
    with open(_write(root + b"/a.jpg"), "rb") as file, pytest.raises(NotADirectoryError):
        listening.ear.watch(file.fileno())


def test_an_ended_watch_tells_nothing_more(listening: Listening, root: bytes) -> None:
    """Not even that it was ended before; another watch of the same directory is a new one."""
    watch = listening.watch(root)
    listening.ear.unwatch(watch)
    listening.ear.unwatch(watch)
    listening.ear.unwatch(4711)
    _write(root + b"/a.jpg")
    again = listening.watch(root)
    assert again != watch
    os.mkdir(root + b"/b")
    listening.until_told(_directory(again, b"b", Sign.BORN))
    assert listening.told == [
        _directory(watch, b"", Sign.ENDED),
        _directory(again, b"b", Sign.BORN),
    ]


def test_a_tree_of_a_thousand_levels_is_watched_to_its_end(
    listening: Listening, tmp_path: Path
) -> None:
    """A descriptor has no length: the path is longer than the system takes one."""
    at = os.open(tmp_path, os.O_RDONLY)
    name = "a" * 100
    for _ in range(1200):
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = below
        watch = listening.ear.watch(at)
    os.mkdir("b", dir_fd=at)
    os.close(at)
    listening.until_told(_directory(watch, b"b", Sign.BORN))
    subprocess.run(["rm", "-rf", tmp_path / name], check=True)  # pytest's own recurses


def test_an_overflow_is_told_once_and_adds_no_watch(listening: Listening, root: bytes) -> None:
    """With a thousand directories: adding them again made more events than it cleared."""
    ear = listening.ear
    assert isinstance(ear, KernelEar)
    watches = []
    for number in range(1000):
        os.mkdir(root + b"/%d" % number)
        watches.append(listening.watch(root + b"/%d" % number))
    flicker = [_write(root + b"/0/a.jpg"), root + b"/0/b.jpg"]
    with ear._lock:  # the reader cannot empty the kernel's queue
        for number in range(QUEUED_EVENTS):
            os.rename(flicker[number % 2], flicker[(number + 1) % 2])
    listening.until(lambda: any(event.sign is Sign.OVERFLOW for event in listening.told))
    _write(root + b"/999/x.jpg")
    listening.until_told(_file(watches[999], b"x.jpg", Sign.CLOSED))
    assert [event.sign for event in listening.told].count(Sign.OVERFLOW) == 1
    assert not [event for event in listening.told if event.sign is Sign.ENDED]


def test_so_many_events_are_kept_and_no_more(
    listening: Listening, root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody takes them, the oldest are dropped, and that is told once."""
    monkeypatch.setattr(kernel, "MOST_KEPT", 100)
    watch = listening.watch(root)
    for number in range(150):
        os.mkdir(root + b"/%d" % number)
    last = _directory(watch, b"149", Sign.BORN)
    ear = listening.ear
    assert isinstance(ear, KernelEar)
    end = time.monotonic() + PATIENCE_SECONDS
    while not ear._kept or ear._kept[-1] != last:
        assert time.monotonic() < end
        time.sleep(0.01)
    listening.until_told(last)
    assert listening.told[0].sign is Sign.OVERFLOW
    assert [event.name for event in listening.told[1:]] == [b"%d" % n for n in range(100, 150)]


def test_it_calls_once_until_all_was_taken(root: bytes) -> None:
    """However much comes; what was left over by `take` needs no further call."""
    calls = []
    ear = open_ear(lambda: calls.append(1))
    try:
        directory = os.open(root, os.O_RDONLY)
        ear.watch(directory)
        os.close(directory)
        assert ear.take(10) == []
        for number in range(50):
            os.mkdir(root + b"/%d" % number)
        taken: list[Event] = []
        end = time.monotonic() + PATIENCE_SECONDS
        while len(taken) < 49 and time.monotonic() < end:
            taken += ear.take(1) if len(calls) == 1 and _waiting(ear) > 1 else []
        assert (len(taken), len(calls)) == (49, 1)
        assert len(ear.take(10)) == 1
        os.mkdir(root + b"/next")
        while len(calls) == 1 and time.monotonic() < end:
            time.sleep(0.01)
        assert len(calls) == 2
    finally:
        ear.end()


def _waiting(ear: Ear) -> int:
    assert isinstance(ear, KernelEar)
    return len(ear._kept)


def test_directories_are_watched_by_several_threads_while_events_come(
    listening: Listening, root: bytes
) -> None:
    """Disk threads watch while the loop takes: nothing is lost between them."""
    numbers: dict[bytes, int] = {}

    def fill(part: int) -> None:
        for number in range(part, 1000, 4):
            directory = root + b"/%d" % number
            os.mkdir(directory)
            numbers[directory] = listening.watch(directory)
            _write(directory + b"/x.jpg")

    threads = [threading.Thread(target=fill, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    listening.until(
        lambda: sum(event.sign is Sign.CLOSED for event in listening.told) == 1000,
    )
    for thread in threads:
        thread.join()
    closed = {event.watch for event in listening.told if event.sign is Sign.CLOSED}
    assert closed == set(numbers.values())


def test_nothing_is_left_after_the_end(root: bytes) -> None:
    """No thread, no descriptor, no call; whoever comes late is told so. Ending twice is fine."""
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    listening = Listening()
    watch = listening.watch(root)
    listening.ear.end()
    listening.ear.end()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
    _write(root + b"/a.jpg")
    with pytest.raises(OSError, match="closed") as caught:
        listening.watch(root)
    assert caught.value.errno == errno.EBADF
    listening.ear.unwatch(watch)
    assert (listening.ear.take(10), listening.calls) == ([], 0)


def test_ten_thousand_watches_end_at_once(root: bytes) -> None:
    """The kernel drops them with the descriptor; one by one it takes long."""
    listening = Listening()
    for number in range(10_000):
        os.mkdir(root + b"/%d" % number)
        listening.watch(root + b"/%d" % number)
    begun = time.monotonic()
    listening.ear.end()
    assert time.monotonic() - begun < 2


def test_the_descriptors_are_not_inherited(listening: Listening) -> None:
    """A program that is run to notify somebody must not hold the kernel's queue."""
    ear = listening.ear
    assert isinstance(ear, KernelEar)
    for descriptor in (ear._inotify_fd, ear._kill_r, ear._kill_w):
        assert not os.get_inheritable(descriptor)


_PREFACE = """
import errno, os, sys, time
from uploadd.intake.kernel import open_ear
from uploadd.model.events import Sign
root = sys.argv[1]
told = []
def watch(path):
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | getattr(os, "O_PATH", 0))
    try:
        return ear.watch(directory)
    except OSError as error:
        return errno.errorcode[error.errno]
    finally:
        os.close(directory)
def until(sign):
    end = time.monotonic() + 20
    while not any(event.sign is sign for event in told):
        assert time.monotonic() < end
        time.sleep(0.01)
        told.extend(ear.take(100))
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
    return _printed([*unshare, f'{setup}; exec "$@"', "sh", *python])


def _printed(command: list[str]) -> list[str]:
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


LIMIT = "echo {} > /proc/sys/user/max_inotify_{}"


def test_the_limit_of_watches_is_an_error_of_its_own(root: bytes) -> None:
    """What is watched already stays so, and room that was made is used."""
    for number in range(4):
        os.mkdir(root + b"/%d" % number)
    script = """
        ear = open_ear(lambda: None)
        numbers = [watch(f"{root}/{number}") for number in range(4)]
        print(numbers[3], watch(f"{root}/0") == numbers[0])
        ear.unwatch(numbers[1])
        until(Sign.ENDED)
        print(type(watch(f"{root}/3")).__name__)
        ear.end()
    """
    told = _in_a_namespace(LIMIT.format(3, "watches"), script, root)
    assert told == ["ENOSPC True", "int"]


def test_the_limit_of_instances_is_an_error_of_its_own(root: bytes) -> None:
    """Nothing of the one that could not be opened is left."""
    script = """
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(2):
            try:
                open_ear(lambda: None)
            except OSError as error:
                print(errno.errorcode[error.errno])
        print(len(os.listdir("/proc/self/fd")) - before)
    """
    told = _in_a_namespace(LIMIT.format(0, "instances"), script, root)
    assert told == ["EMFILE", "EMFILE", "0"]


def test_an_ear_that_finds_no_room_for_its_pipe_leaves_nothing(root: bytes) -> None:
    """The library left its first descriptor open, once for each try."""
    script = """
        import resource
        before = len(os.listdir("/proc/self/fd"))
        free = os.open("/", os.O_RDONLY)
        os.close(free)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + 2, most))
        try:
            open_ear(lambda: None)
        except OSError as error:
            print(errno.errorcode[error.errno])
        print(len(os.listdir("/proc/self/fd")) - before)
    """
    assert _printed(
        [sys.executable, "-c", _PREFACE + textwrap.dedent(script), os.fsdecode(root)]
    ) == ["EMFILE", "0"]


def test_an_unmounted_disk_ends_its_watches(root: bytes) -> None:
    """Once for each directory, also where others go on."""
    os.mkdir(root + b"/card")
    script = """
        ear = open_ear(lambda: None)
        os.mkdir(root + "/card/below")
        top, card, below = watch(root), watch(root + "/card"), watch(root + "/card/below")
        os.system(f"umount {root}/card")
        until(Sign.ENDED)
        os.mkdir(root + "/end")
        until(Sign.BORN)
        print(sorted(event.watch for event in told if event.sign is Sign.ENDED) == [card, below])
        print([event.name for event in told if event.watch == top])
        ear.end()
    """
    mount = f"mount -t tmpfs none {os.fsdecode(root)}/card"
    assert _in_a_namespace(mount, script, root) == ["True", "[b'end']"]


def test_a_directory_that_may_not_be_read_is_refused() -> None:
    """With EACCES, of which the library says nothing."""
    with _open_to_all() as root:
        os.mkdir(f"{root}/closed", 0o300)
        script = """
            if os.geteuid() == 0:
                os.chown(root + "/closed", 65534, 65534)
                os.setgroups([])
                os.setresuid(65534, 65534, 65534)
            ear = open_ear(lambda: None)
            print(watch(root + "/closed"), type(watch(root)).__name__)
            ear.end()
        """
        assert _printed([sys.executable, "-c", _PREFACE + textwrap.dedent(script), root]) == [
            "EACCES int"
        ]


@contextmanager
def _open_to_all() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        yield root
