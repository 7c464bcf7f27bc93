"""The directory that a folder's path leads to, and the identities of directories."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import suppress

from uploadd.files.accepted import AcceptedRoots
from uploadd.files.directories import real_path
from uploadd.files.mounts import mounted_devices
from uploadd.files.parents import exchangeable_above
from uploadd.files.patience import within
from uploadd.files.way import follow
from uploadd.model.configuration import Folder
from uploadd.model.roots import AcceptedRoot, FollowedLink

Identity = tuple[int, int]
"""A directory's device and inode."""

LOOK_SECONDS = 5.0
"""How long others wait for one look at a root: a disk that hangs never answers."""


class FolderRoot:
    """The directory that one folder's path leads to."""

    def __init__(self, folder: Folder, accepted: AcceptedRoots) -> None:
        self.folder = folder
        self.is_led_away = False
        """Whether a foreign link leads away from its path."""
        self.stray: Identity | None = None
        """The directory that was accepted, where it is not at the path now."""
        self._accepted = accepted
        self.path = folder.root
        self.first: Identity | bytes | None = None
        """What it was when it was first looked at."""
        self._last: Identity | bytes = self.path
        self._looking = threading.Lock()
        self._hangs = False

    def look(self) -> Identity | bytes:
        """Its identity; its real path where it cannot be looked at.

        A disk that hangs must not hold up what is asked about other folders: they go by what was
        seen last.
        """
        if self._looking.acquire(timeout=0 if self._hangs else LOOK_SECONDS):
            with suppress(TimeoutError):
                return within(LOOK_SECONDS, self._look)
        self._hangs = True
        return self._last

    def _look(self) -> Identity | bytes:
        """Ends the turn of whoever began it, whenever the disk answers."""
        try:
            now = identity_of(self.path)
            if self.is_led_away or now is None or now != self._last:  # else it is as it was
                self._look_anew()
            self.first = self.first or self._last
            self.stray = self._moved_away()
            self._hangs = False
            return self._last
        finally:
            self._looking.release()

    def _look_anew(self) -> None:
        there = self._accepted.whereabouts(self.path)
        self.is_led_away = there.is_foreign
        self._last = self.path if there.is_foreign else there.identity or self.where()

    def _moved_away(self) -> Identity | None:
        """The accepted directory, if it may have been renamed.

        A disk that was unmounted was not: its number, and that of its top, may be another's now.
        Where others may rename a directory above it, one that is still mounted somewhere counts as
        renamed.
        """
        accepted = self._accepted.at(self.path)
        if accepted is None or (accepted.device, accepted.inode) == self._last:
            return None
        devices = map(_device_of, upwards(os.path.dirname(accepted.path)))
        is_moved = accepted.device in devices or _is_mounted_elsewhere(accepted)
        return (accepted.device, accepted.inode) if is_moved else None

    def is_led_away_from(self, path: bytes) -> bool:
        """Whether this is the path, and a foreign link leads away from it."""
        return self.is_led_away and path == self.path

    def is_silent(self) -> bool:
        """Whether its disk does not answer."""
        self.look()
        return self._hangs

    def real(self) -> bytes:
        """The same as `where`; the configured path while its disk does not answer."""
        return self.path if self.is_silent() else self.where()

    def where(self) -> bytes:
        """The real path; the configured one where a foreign link leads away from it."""
        return self.path if self.is_led_away else real_path(self.path)


def identity_of(directory: bytes) -> Identity | None:
    """The device and inode of a directory; None where it cannot be looked at (blocking)."""
    try:
        seen = os.stat(directory)
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _is_mounted_elsewhere(accepted: AcceptedRoot) -> bool:
    """Whether a mount of its own may have been renamed with a directory above it. Blocks."""
    is_mounted = accepted.device in mounted_devices()
    return is_mounted and bool(exchangeable_above(accepted.path, (), accepted.owner))


def _device_of(directory: bytes) -> int | None:
    """The device of a directory at a real path; None where a link leads there now (blocking)."""
    try:
        descriptor = follow(directory, check=_refuse).descriptor
    except OSError:
        return None
    try:
        return os.fstat(descriptor).st_dev
    finally:
        os.close(descriptor)


def _refuse(link: FollowedLink) -> None:
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), link.path)


def upwards(directory: bytes) -> Iterator[bytes]:
    """A real directory, and all above it."""
    yield directory
    while (above := os.path.dirname(directory)) != directory:
        directory = above
        yield directory
