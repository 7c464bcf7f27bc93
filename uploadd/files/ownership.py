"""Following a path to a directory step by step, and seeing whose links led there.

The judgement on what was seen is `model/roots.py`. No step is taken by the kernel on its own, so
that what was judged is what was opened.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from pathlib import Path

from uploadd.model.roots import NOBODY, FollowedLink, SeenRoot, Us

MOST_LINKS = 40
"""As many as the kernel follows."""
OVERFLOW_USER = Path("/proc/sys/kernel/overflowuid")

# Opened for reading first: that alone mounts what an automounter has in this place.
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PLACE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def open_directory(path: bytes) -> tuple[int, SeenRoot]:
    """A descriptor of the directory that `path` leads to, and what was seen on the way.

    To be closed by the caller. Where the directory may be entered and not listed, it is one of
    O_PATH: good for reaching what lies below. Raises `OSError` as `os.open` does. Blocks.
    """
    way = _Way()
    try:
        way.follow(path)
        descriptor, seen = way.descriptor, way.seen()
    except BaseException:
        os.close(way.descriptor)
        raise
    return descriptor, seen


def look_at_directory(path: bytes) -> SeenRoot:
    """What `open_directory` sees, without the descriptor."""
    descriptor, seen = open_directory(path)
    os.close(descriptor)
    return seen


def us() -> Us:
    """Who this process is."""
    return Us(os.geteuid(), _overflow_user())


@cache
def _overflow_user() -> int:
    try:
        return int(OVERFLOW_USER.read_text())
    except (OSError, ValueError):
        return NOBODY


class _Way:
    """The steps from `/` to where a path leads. `descriptor`: the directory of the last one."""

    def __init__(self) -> None:
        self.descriptor = _open_top()
        self._names: list[bytes] = []
        self._links: list[FollowedLink] = []

    def follow(self, path: bytes) -> None:
        """Go there. Raises `OSError`."""
        ahead = _names_of(path if path.startswith(b"/") else os.path.join(os.getcwdb(), path))
        while ahead:
            name = ahead.pop()
            target = self._step(name)
            if target is not None:
                ahead += _names_of(target)

    def seen(self) -> SeenRoot:
        """What the last directory is."""
        status = os.fstat(self.descriptor)
        path = b"/" + b"/".join(self._names)
        return SeenRoot(path, status.st_dev, status.st_ino, status.st_uid, tuple(self._links))

    def _step(self, name: bytes) -> bytes | None:
        """Enter one directory. Where it is a link: its target, to be followed from here."""
        try:
            below = os.open(name, _DIRECTORY, dir_fd=self.descriptor)
        except OSError as error:
            if error.errno not in _NOT_OPENED:
                raise
            return self._look(name, error)
        self._enter(name, below)
        return None

    def _look(self, name: bytes, refused: OSError) -> bytes | None:
        """Not a directory that may be read: one that may be entered, a link, or neither."""
        place = os.open(name, _PLACE, dir_fd=self.descriptor)
        status = os.fstat(place)
        if stat.S_ISDIR(status.st_mode):
            self._enter(name, place)
            return None
        try:
            if not stat.S_ISLNK(status.st_mode):
                raise refused
            return self._follow_link(name, place, status.st_uid)
        finally:
            os.close(place)

    def _follow_link(self, name: bytes, link: int, owner: int) -> bytes:
        if len(self._links) == MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        target = os.readlink(b"", dir_fd=link)
        path = b"/" + b"/".join([*self._names, name])
        self._links.append(FollowedLink(path, owner, target))
        if target.startswith(b"/"):
            self._replace(_open_top())
            self._names.clear()
        return target

    def _enter(self, name: bytes, directory: int) -> None:
        self._replace(directory)
        if name != b"..":
            self._names.append(name)
        elif self._names:
            self._names.pop()

    def _replace(self, descriptor: int) -> None:
        before, self.descriptor = self.descriptor, descriptor
        os.close(before)


# ENOTDIR is a link's answer to O_NOFOLLOW with O_DIRECTORY.
_NOT_OPENED = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM})


def _open_top() -> int:
    try:
        return os.open(b"/", _DIRECTORY)
    except PermissionError:
        return os.open(b"/", _PLACE)


def _names_of(path: bytes) -> list[bytes]:
    """The steps of a path, the first one last."""
    return [name for name in reversed(path.split(b"/")) if name not in (b"", b".")]
