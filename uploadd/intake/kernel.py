"""The kernel's news of watched directories (inotify), and nothing of what is made of them.

`Ear` is the seam: the daemon opens a `KernelEar`, a test its own (`tests/simulation/ear.py`).

watchdog 7.1 owns the descriptor, the thread that reads it and the parsing. Its table of watches,
its callbacks and its answer to an overflow (it adds every watch again, which can go on for ever)
are not used. `inotify_c` is private to watchdog, so the version is pinned.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from watchdog.observers.inotify_c import (
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    WatchDescriptor,
    inotify_add_watch,
    inotify_rm_watch,
)

from uploadd.model.events import Sign

MOST_KEPT = 100_000
"""So many events wait for `take` at most; where more come, they are dropped for one OVERFLOW."""


class Event(NamedTuple):
    """One piece of news. `watch`: the number of the directory's watch; -1 for OVERFLOW."""

    watch: int
    name: bytes
    sign: Sign
    is_directory: bool


class Ear(Protocol):
    """Listens to the directories of one tree. Every method may be called from any thread."""

    def watch(self, directory: int) -> int:
        """Watch the open directory with this descriptor; returns the number of its watch.

        A directory that is watched already keeps its number, wherever it was moved to. No number
        is used twice. Blocks. Raises OSError: ENOSPC (the limit of watches), EACCES …
        """

    def unwatch(self, number: int) -> None:
        """End a watch, ENDED follows; nothing where it has ended already."""

    def take(self, most: int) -> list[Event]:
        """What came since, oldest first, at most so many; never blocks."""

    def end(self) -> None:
        """Stop listening: `heard` is not called any more. Blocks; may be called again."""


class OpenEar(Protocol):
    """Opens an ear."""

    def __call__(self, heard: Callable[[], None]) -> Ear:
        """`heard` is called, from the ear's thread, when the first event waits for `take`.

        It is not called again before `take` has returned all that waits. Raises OSError: EMFILE
        (the limit of inotify instances, or of open files).
        """


_SIGNS = {
    InotifyConstants.IN_CREATE: Sign.BORN,
    InotifyConstants.IN_CLOSE_WRITE: Sign.CLOSED,
    InotifyConstants.IN_MOVED_TO: Sign.ARRIVED,
    InotifyConstants.IN_MOVED_FROM: Sign.LEFT,
    InotifyConstants.IN_DELETE: Sign.LEFT,
    InotifyConstants.IN_MOVE_SELF: Sign.LEFT,  # of a root, no directory above tells
    InotifyConstants.IN_IGNORED: Sign.ENDED,  # also follows IN_DELETE_SELF and IN_UNMOUNT
    InotifyConstants.IN_Q_OVERFLOW: Sign.OVERFLOW,
}
_BY_ITSELF = InotifyConstants.IN_IGNORED | InotifyConstants.IN_Q_OVERFLOW
_MASK = sum(_SIGNS) & ~_BY_ITSELF | InotifyConstants.IN_ONLYDIR
_OVERFLOW = Event(-1, b"", Sign.OVERFLOW, is_directory=True)


class KernelEar(InotifyFD):
    """An `Ear` on the real kernel. Opened by `open_ear`."""

    def __init__(self, heard: Callable[[], None]) -> None:
        """Raises OSError."""
        try:
            super().__init__()
        except OSError:
            if (opened := getattr(self, "_inotify_fd", None)) is not None:
                os.close(opened)
            raise
        os.set_inheritable(self._inotify_fd, False)
        self._heard = heard
        self._kept: deque[Event] = deque()
        self._keeping = threading.Lock()  # never held while the system is asked

    def watch(self, directory: int) -> int:
        # By its descriptor: a path could lead elsewhere by now.
        path = b"/proc/self/fd/%d" % directory
        with self._lock:
            if self._closed:
                raise OSError(errno.EBADF, "the ear was closed")
            number = inotify_add_watch(self._inotify_fd, path, _MASK)
            error = ctypes.get_errno()
        if number == -1:
            raise OSError(error, os.strerror(error))
        return number

    def unwatch(self, number: int) -> None:
        with self._lock:
            if not self._closed:
                inotify_rm_watch(self._inotify_fd, WatchDescriptor(number))

    def take(self, most: int) -> list[Event]:
        with self._keeping:
            return [self._kept.popleft() for _ in range(min(most, len(self._kept)))]

    def end(self) -> None:
        self.stop()  # closes the descriptor, and with it all watches at once
        self.join()
        self.take(MOST_KEPT)

    def run(self) -> None:
        """The thread: keep what the kernel tells, until the end."""
        while self.should_keep_running():
            self._keep(_event_of(told) for told in self.read_events())

    def _keep(self, events: Iterable[Event | None]) -> None:
        with self._keeping:
            was_empty = not self._kept
            for event in filter(None, events):
                if len(self._kept) == MOST_KEPT:
                    self._kept.clear()
                    self._kept.append(_OVERFLOW)
                self._kept.append(event)
            is_first = was_empty and bool(self._kept)
        if is_first:
            self._heard()


def open_ear(heard: Callable[[], None]) -> Ear:
    """An ear on the kernel; see `OpenEar`."""
    ear = KernelEar(heard)
    ear.start()
    return ear


def _event_of(told: InotifyEvent) -> Event | None:
    """None for what needs no answer (the second word of an end)."""
    for bit, sign in _SIGNS.items():
        if told.mask & bit:
            return Event(told.wd, told.name, sign, told.is_directory or not told.name)
    return None
