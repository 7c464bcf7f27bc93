"""Events of one folder. They are hints: the walk is the truth.

`uploadd.intake.inotify` says what happens below; here it is decided what to do about it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Callable

from uploadd.files.directories import real_path, trouble_with_directory
from uploadd.files.opening import printable
from uploadd.intake.inotify import Descriptor, Observer
from uploadd.model.errors import UploaddError

RENEWAL_SPACING_SECONDS = 5.0
"""How long a new observer stays at least, however often the queue runs over."""


def _enters_all(_relative_dir: bytes) -> bool:
    return True


class FolderWatch:
    """Watches `root`, and the directories below it as far as `enters` (by default: all) lets in.

    `sighting` is called with the path of each file that was made, closed after writing, or moved
    in, and of each directory that was made or moved in (whose content may have come unseen: walk
    it). `lost` is called when events may have been missed, or will be: look at `has_root` and
    `is_complete`, and rescan. Both are called from threads of the watch and must only take a
    note. Paths begin with `root` as it was given; `enters` is asked for each directory on the
    way, relative to it.
    """

    mode = "inotify"

    def __init__(
        self,
        root: bytes,
        sighting: Callable[[bytes], None],
        lost: Callable[[], None],
        enters: Callable[[bytes], bool] = _enters_all,
    ) -> None:
        self._root = root.rstrip(b"/") or b"/"
        self._sighting = sighting
        self._lost = lost
        self._enters = enters
        self._identity: tuple[int, int] | None = None
        self._observer: Observer | None = None
        self._has_overflowed = threading.Event()
        self._is_stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="watch-keeper", daemon=True)

    @property
    def watches(self) -> int:
        """How many directories are watched."""
        observer = self._observer
        return 0 if observer is None else observer.descriptor.watches

    def has_root(self) -> bool:
        """Whether the directory at `root` is the one that is watched. Blocks for a stat.

        If not, stop this watch, and start another when the folder is back.
        """
        observer = self._observer
        if observer is None or observer.descriptor.is_root_lost:
            return False
        return self._identity == _identity(self._root)

    def is_complete(self) -> bool:
        """Whether every directory is watched that should be. Blocks for a stat.

        False once the kernel's limit was reached or a disk below the root was unmounted.
        """
        observer = self._observer
        return observer is not None and observer.is_whole() and self.has_root()

    def start(self) -> None:
        """Begin to watch; once. Blocks until every directory has its watch.

        Raises `UploaddError` where that is impossible; then poll instead.
        """
        self._identity = _identity(self._root)
        if self._identity is None:
            trouble = trouble_with_directory(self._root)
            raise UploaddError(
                *(trouble or (f"{printable(self._root)} was not there a moment ago", ""))
            )
        self._observer = self._begin()
        self._keeper.start()

    def stop(self) -> None:
        """Stop watching. Blocks until no more calls come. May be called again."""
        self._is_stopping.set()
        self._has_overflowed.set()
        if self._keeper.is_alive():
            self._keeper.join()
        self._end()

    def _begin(self) -> Observer:
        real_root = real_path(self._root)

        def tell(path: bytes) -> None:
            self._sighting(self._root + path[len(real_root) :])

        def enters(path: bytes, *, is_below_watched: bool) -> bool:
            parts = path[len(real_root) :].strip(b"/").split(b"/")
            steps = range(len(parts) if is_below_watched else 1, len(parts) + 1)
            return all(self._enters(b"/".join(parts[:depth])) for depth in steps)

        try:
            descriptor = Descriptor(enters, self._has_overflowed.set, self._lost)
            return Observer.begin(descriptor, real_root, tell)
        except OSError as error:
            raise _cannot_watch(self._root, error) from None

    def _end(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.end()

    def _keep(self) -> None:
        """Wait for overflows; each one brings a new observer and a rescan."""
        while self._has_overflowed.wait() and not self._is_stopping.is_set():
            self._has_overflowed.clear()
            self._renew()
            self._lost()
            self._is_stopping.wait(RENEWAL_SPACING_SECONDS)

    def _renew(self) -> None:
        """Let a new observer take over, side by side where the limits allow it."""
        try:
            new = self._begin()
        except UploaddError:
            new = None
        if new is None or not new.is_whole():
            # Both together were too much: make room first. The rescan finds what falls between.
            self._end()
            if new is not None:
                new.end()
            with contextlib.suppress(UploaddError):
                self._observer = self._begin()
            return
        old, self._observer = self._observer, new
        if old is not None:
            old.end()


def _identity(path: bytes) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _cannot_watch(root: bytes, error: OSError) -> UploaddError:
    """`error` in words, with the remedy for the limit that was reached."""
    text = f"{printable(root)} cannot be watched: {error.strerror}"
    if error.errno == errno.ENOSPC:
        remedy = "allow more watches: sysctl fs.inotify.max_user_watches=1048576"
    elif error.errno == errno.EMFILE:
        remedy = "allow more watchers: sysctl fs.inotify.max_user_instances=1024"
    else:
        remedy = 'see that uploadd\'s user may read it, or set watch = "poll" for the folder'
    return UploaddError(text, remedy)
