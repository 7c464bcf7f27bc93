"""watchdog's inotify observer, with an ear at the one place where all events pass.

What watchdog 7.1 does not say by itself is learned in its descriptor thread. The hooks are
private to watchdog, so its version is pinned, and the tests hold us to what is used of it:

- The kernel's queue ran over. watchdog would add every watch again in its reader thread, which
  makes more events than it clears, without an end. Here that is left to a new observer.
- The kernel's limit of watches was reached: watchdog leaves directories out without a word.
- The folder itself was removed, moved away or unmounted.

And its walk for directories to watch is replaced by one of ours, which does not recurse: a tree of
a thousand levels, which whoever may write in a folder makes in a second, ended the process.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, Self, cast

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    Watch,
    WatchCallback,
    WatchDescriptor,
)

_EVENTS: list[type[FileSystemEvent]] = [
    FileClosedEvent,
    FileMovedEvent,
    FileCreatedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
_ROOT_LOST = (
    InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_UNMOUNT
    | InotifyConstants.IN_IGNORED
)
_NO_WATCH = WatchDescriptor(-1)  # what watchdog makes of EACCES
_LIMITS = frozenset({errno.ENOSPC, errno.ENOMEM})
# watchdog logs what happens when a thread is stopped in the middle of an event. We know.
logging.getLogger("watchdog").addHandler(logging.NullHandler())
logging.getLogger("watchdog").propagate = False


class Enters(Protocol):
    """Whether the directory at a path is watched, and what lies below it looked at."""

    def __call__(self, path: bytes, *, is_below_watched: bool) -> bool:
        """`is_below_watched`: the directory above was asked about a moment ago, and is."""


class Descriptor(InotifyFD):
    """The thread that reads the kernel's queue, with an ear for what concerns us."""

    def __init__(
        self,
        enters: Enters,
        overflowed: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        super().__init__()
        os.set_inheritable(self._inotify_fd, False)
        self.enters = enters
        self._overflowed = overflowed
        self._lost = lost
        self._root_wd: WatchDescriptor | None = None
        self.is_root_lost = False
        self.is_incomplete = False
        self.has_begun = False
        self.is_ending = False

    @property
    def watches(self) -> int:
        return len(self._watch_for_wd)

    def end(self) -> None:
        """Stop the thread.

        The kernel drops all watches with the descriptor, far faster than they could be taken
        back one by one.
        """
        self.is_ending = True
        with self._lock:
            self._watch_for_wd.clear()
        self.stop()
        self.join()

    def handle_event(self, event: InotifyEvent) -> None:
        if self.is_ending:
            return
        if event.is_queue_overflow:
            self._overflowed()
            return
        if event.is_moved_from and not event.is_directory:
            # Where a file was is no news; waiting for its other half would hold up all events
            # for half a second, and thousands of renames for many.
            return
        super().handle_event(event)
        if event.wd == self._root_wd and event.mask & _ROOT_LOST and not self.is_root_lost:
            self.is_root_lost = True
            self._lost()
        elif event.mask & InotifyConstants.IN_UNMOUNT:
            self._left_out()

    def remove_callbacks(self, callbacks: list[tuple[WatchDescriptor, CallbackId]]) -> None:
        if not self.is_ending:
            super().remove_callbacks(callbacks)

    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """As watchdog's, but silent where a directory is met twice.

        Every `mkdir -p` brings that about, and the warning would carry the whole watch table.
        """
        watch = self._get_or_create_watch(path, mask)
        watch.callbacks[id_] = callback
        return watch.wd

    def _get_or_create_watch(self, path: bytes, mask: Mask) -> Watch:
        """As watchdog's, but raises OSError wherever there is no watch.

        watchdog passes over that, except for the root.
        """
        is_root = self._root_wd is None
        if is_root:
            mask = Mask(mask | InotifyConstants.IN_MOVE_SELF)
        try:
            watch = super()._get_or_create_watch(path, mask)
        except OSError as error:
            if error.errno in _LIMITS:
                self._left_out()
            raise
        if watch.wd == _NO_WATCH:
            del self._watch_for_wd[watch.wd]
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        if is_root:
            self._root_wd = watch.wd
        return watch

    def _left_out(self) -> None:
        was_incomplete, self.is_incomplete = self.is_incomplete, True
        if self.has_begun and not was_incomplete:
            self._lost()


class _Watches(InotifyWatchGroup):
    """The watches of one tree."""

    def _add_all_callbacks(self, path: bytes) -> None:
        """Watch the directory at `path`, and all below it that are entered."""
        enters = cast("Descriptor", self._inotify_fd).enters
        if path != self.path and not enters(path, is_below_watched=False):
            return
        waiting = [path]
        while waiting:
            directory = waiting.pop()
            self._add_callback(directory)  # before it is listed: nothing falls between the two
            if directory in self._active_callbacks_by_path:
                below = (os.path.join(directory, name) for name in _directories_in(directory))
                waiting += (one for one in below if enters(one, is_below_watched=True))

    def _recursive_simulate(self, _path: bytes) -> list[InotifyEvent]:
        """No events of what lies in a new directory: the directory is told of, and is walked."""
        return []


class _Emitter(InotifyEmitter):
    """watchdog's, with watches of ours below its directory.

    watchdog itself does not know that there are any: of a directory that is moved it would make up
    an event for each file in it, by the same recursion.
    """

    def on_thread_start(self) -> None:
        self._inotify = _Watches(
            self._inotify_fd,
            os.fsencode(self.watch.path),
            is_recursive=True,
            event_mask=self.get_event_mask_from_filter(),
        )


class Observer(BaseObserver):
    """watchdog's inotify observer on a descriptor of ours."""

    def __init__(self, descriptor: Descriptor) -> None:
        super().__init__(_Emitter, inotify_fd=descriptor)
        self.descriptor = descriptor

    @classmethod
    def begin(cls, descriptor: Descriptor, root: bytes, tell: Callable[[bytes], None]) -> Self:
        """Start `descriptor` and an observer on it; raises OSError where `root` has no watch."""
        observer = cls(descriptor)
        observer.schedule(_Handler(tell), os.fsdecode(root), event_filter=_EVENTS)
        descriptor.start()
        try:
            observer.start()
        except OSError:
            descriptor.end()
            raise
        descriptor.has_begun = True
        return observer

    def is_whole(self) -> bool:
        """Whether nothing was left out and all threads are at work."""
        threads = (self, self.descriptor, *self.emitters)
        return not self.descriptor.is_incomplete and all(thread.is_alive() for thread in threads)

    def end(self) -> None:
        """Stop every thread; no call comes after this."""
        self.descriptor.is_ending = True
        self.stop()
        self.join()

    def on_thread_stop(self) -> None:
        super().on_thread_stop()
        self.descriptor.end()


class _Handler(FileSystemEventHandler):
    """Hands on where something appeared."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell

    def dispatch(self, event: FileSystemEvent) -> None:
        self._tell(os.fsencode(event.dest_path or event.src_path))


def _directories_in(directory: bytes) -> list[bytes]:
    """The names of the directories in one; none where it cannot be listed."""
    with suppress(OSError), os.scandir(directory) as found:
        return [item.name for item in found if _is_directory(item)]
    return []


def _is_directory(item: os.DirEntry[bytes]) -> bool:
    with suppress(OSError):
        return item.is_dir(follow_symlinks=False)
    return False
