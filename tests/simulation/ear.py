"""A kernel that a test owns: it tells its ears what the test does to the disk, or keeps silent.

    kernel = Kernel()
    FolderLoop(…, open_ear=kernel.open_ear)
    kernel.write(path, content)     # BORN, CLOSED, wherever the directory is watched
    kernel.move(path, elsewhere)    # LEFT, ARRIVED
    kernel.is_silent = True         # what is done now is not told
    kernel.overflow()               # and that is what the ears learn of it

Each act changes the real disk, and tells of it by the directory's device and inode, as the real
kernel does. Events reach the loop only where a test lets time pass. `die` is for a process that has
been killed: nobody hears it any more.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

from uploadd.intake.kernel import Event
from uploadd.model.events import Sign

Identity = tuple[int, int]


class Kernel:
    """The disk and the ears that listen to it. `room`: so many watches are left."""

    def __init__(self) -> None:
        self.ears: list[FakeEar] = []
        self.is_silent = False
        self.room = 1_000_000
        self.is_refusing = False
        """Whether no ear can be opened (the limit of inotify instances)."""
        self.around_watch: Callable[[], None] = _nothing
        """Called before a directory is watched, and after it: what may happen just then."""

    def open_ear(self, heard: Callable[[], None]) -> FakeEar:
        """As `uploadd.intake.kernel.open_ear`."""
        if self.is_refusing:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        ear = FakeEar(self, heard)
        self.ears.append(ear)
        return ear

    def die(self) -> None:
        """The process that listened is no more."""
        for ear in list(self.ears):
            ear.end()

    def write(self, path: Path, content: bytes) -> Path:
        """Write a whole file; its directory is there."""
        is_born = not path.exists()
        path.write_bytes(content)
        if is_born:
            self.born(path)
        self.closed(path)
        return path

    def make(self, path: Path, mode: int = 0o755) -> Path:
        """Make a directory, and those above it that are missing."""
        if not path.parent.is_dir():
            self.make(path.parent)
        path.mkdir(mode)
        self.born(path)
        return path

    def move(self, path: Path, target: Path) -> Path:
        """Rename what is at `path`; both directories are there, and nothing is at `target`."""
        path.rename(target)
        is_directory = target.is_dir() and not target.is_symlink()
        self._tell(path.parent, path, Sign.LEFT, is_directory=is_directory)
        self._tell(target.parent, target, Sign.ARRIVED, is_directory=is_directory)
        if is_directory:
            self._tell(target, None, Sign.LEFT, is_directory=True)
        return target

    def remove(self, path: Path) -> None:
        """Remove a file, or a directory with all that is in it."""
        is_directory = path.is_dir() and not path.is_symlink()
        if is_directory:
            for below in sorted(path.iterdir()):
                self.remove(below)
            self.ended(path)
            path.rmdir()
        else:
            path.unlink()
        self._tell(path.parent, path, Sign.LEFT, is_directory=is_directory)

    def unmount(self, path: Path, elsewhere: Path) -> None:
        """The disk at `path` goes: what was there is at `elsewhere`, and nobody watches it."""
        for directory, _, _ in os.walk(path):
            self.ended(Path(directory))
        path.rename(elsewhere)
        path.mkdir()

    def mount(self, elsewhere: Path, path: Path) -> None:
        """The disk comes, upon an empty directory; of that the kernel tells nobody who listens."""
        path.rmdir()
        elsewhere.rename(path)

    def born(self, path: Path) -> None:
        """Tell that a file or directory was made."""
        self._tell(path.parent, path, Sign.BORN, is_directory=path.is_dir())

    def closed(self, path: Path) -> None:
        """Tell that a file was closed by who wrote it."""
        self._tell(path.parent, path, Sign.CLOSED, is_directory=False)

    def ended(self, directory: Path) -> None:
        """End the watches of a directory that is still there. The kernel is never silent on it."""
        identity = _identity(os.stat(directory))
        for ear in self.ears:
            ear.end_watch(identity)

    def overflow(self) -> None:
        """Tell every ear that it missed something."""
        for ear in list(self.ears):
            ear.tell(Event(-1, b"", Sign.OVERFLOW, is_directory=True))

    def _tell(self, directory: Path, path: Path | None, sign: Sign, *, is_directory: bool) -> None:
        """Tell every ear that watches `directory` of the name of `path` in it (None: of itself)."""
        if self.is_silent or not directory.is_dir():
            return
        identity = _identity(os.stat(directory))
        name = b"" if path is None else os.fsencode(path.name)
        for ear in list(self.ears):
            if identity in ear.numbers:
                ear.tell(Event(ear.numbers[identity], name, sign, is_directory))


class FakeEar:
    """An `uploadd.intake.kernel.Ear`; made by `Kernel.open_ear`. `numbers`: what it watches."""

    def __init__(self, kernel: Kernel, heard: Callable[[], None]) -> None:
        self._kernel = kernel
        self._heard = heard
        self._kept: deque[Event] = deque()
        self._last = 0
        self.numbers: dict[Identity, int] = {}

    def watch(self, directory: int) -> int:
        self._kernel.around_watch()
        number = self._watch(directory)
        self._kernel.around_watch()
        return number

    def _watch(self, directory: int) -> int:
        identity = _identity(os.fstat(directory))
        if self not in self._kernel.ears:
            raise OSError(errno.EBADF, "the ear was closed")
        if identity in self.numbers:
            return self.numbers[identity]
        if self._kernel.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._kernel.room -= 1
        self._last += 1
        self.numbers[identity] = self._last
        return self._last

    def unwatch(self, number: int) -> None:
        for identity in [one for one, its in self.numbers.items() if its == number]:
            self.end_watch(identity)

    def take(self, most: int) -> list[Event]:
        return [self._kept.popleft() for _ in range(min(most, len(self._kept)))]

    def end(self) -> None:
        if self in self._kernel.ears:
            self._kernel.ears.remove(self)
            self._kernel.room += len(self.numbers)
        self.numbers.clear()
        self._kept.clear()

    def tell(self, event: Event) -> None:
        """The kernel tells it something."""
        self._kept.append(event)
        if len(self._kept) == 1:
            self._heard()

    def end_watch(self, identity: Identity) -> None:
        """The kernel takes a watch away, and tells so."""
        number = self.numbers.pop(identity, None)
        if number is not None:
            self._kernel.room += 1
            self.tell(Event(number, b"", Sign.ENDED, is_directory=True))


def _nothing() -> None:
    """Nothing happens."""


def _identity(seen: os.stat_result) -> Identity:
    return seen.st_dev, seen.st_ino


__all__ = ["FakeEar", "Kernel"]
