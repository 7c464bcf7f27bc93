"""Following a path, so that whose links led there is known before it is used.

The kernel follows no link by itself, except its own ones in /proc. `model/roots.py` judges what
was seen.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import NamedTuple

from uploadd.files.beneath import open_at_once
from uploadd.model.roots import FollowedLink, SeenRoot

MOST_LINKS = 40
"""As many as the kernel follows."""

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC
"""A directory is opened for reading, if that may be: that mounts what an automounter has there."""
_PLACE = os.O_PATH | os.O_CLOEXEC
_PROC = "/proc"
_LINKED = frozenset({errno.ENOTDIR, errno.ELOOP})  # what O_NOFOLLOW answers for a link
_CLOSED = frozenset({errno.EACCES, errno.EPERM})

Check = Callable[[FollowedLink], None]


class Reached(NamedTuple):
    """The end of a way: an open descriptor, its real path, and the links that led there."""

    descriptor: int
    path: bytes
    links: tuple[FollowedLink, ...]


def follow(path: bytes, flags: int | None = None, check: Check | None = None) -> Reached:
    """Open what `path` leads to; the descriptor is to be closed by the caller. Blocks.

    `flags`: None for a directory; where that may be entered and not listed, its descriptor is one
    of O_PATH, good for reaching what lies below. `check` is called with each link before it is
    followed, and may raise. Raises `OSError` as `os.open` does.
    """
    way = _Way(flags, check)
    try:
        way.follow(path if path.startswith(b"/") else os.path.join(os.getcwdb(), path))
    except BaseException:
        os.close(way.descriptor)
        raise
    return way.reached()


def open_directory(path: bytes) -> tuple[int, SeenRoot]:
    """A descriptor of the directory that `path` leads to, and what was seen on the way. Blocks.

    To be closed by the caller, and good for reaching what lies below. Raises `OSError`.
    """
    descriptor, real_path, links = _without_links(path) or follow(path)
    status = os.fstat(descriptor)
    seen = SeenRoot(real_path, status.st_dev, status.st_ino, status.st_uid, links)
    return descriptor, seen


def look_at_directory(path: bytes) -> SeenRoot:
    """What `open_directory` sees, without the descriptor."""
    descriptor, seen = open_directory(path)
    os.close(descriptor)
    return seen


class _Way:
    """The steps from `/` to where a path leads. `descriptor`: where one is."""

    def __init__(self, flags: int | None, check: Check | None) -> None:
        self.descriptor = _open_directory(b"/", None)
        self._flags = flags
        self._check = check
        self._names: list[bytes] = []
        self._links: list[FollowedLink] = []

    def follow(self, path: bytes) -> None:
        ahead = _steps(path)
        while ahead:
            name = ahead.pop()
            ahead += self._step(name, is_last=not ahead)

    def reached(self) -> Reached:
        return Reached(self.descriptor, self._path(), tuple(self._links))

    def _path(self, *more: bytes) -> bytes:
        return b"/" + b"/".join([*self._names, *more])

    def _step(self, name: bytes, *, is_last: bool) -> list[bytes]:
        """Enter a name. Where it is a link: the steps to be taken instead."""
        try:
            below = self._open(name, os.O_NOFOLLOW, is_last=is_last)
        except OSError as error:
            if error.errno not in _LINKED:
                raise
            return self._step_by_link(name, error, is_last=is_last)
        self._enter(name, below)
        return []

    def _open(self, name: bytes, more: int, *, is_last: bool) -> int:
        if is_last and self._flags is not None:
            return os.open(name, self._flags | os.O_CLOEXEC | more, dir_fd=self.descriptor)
        return _open_directory(name, self.descriptor, more)

    def _step_by_link(self, name: bytes, error: OSError, *, is_last: bool) -> list[bytes]:
        link = os.open(name, _PLACE | os.O_NOFOLLOW, dir_fd=self.descriptor)
        try:
            seen = os.fstat(link)
            if not stat.S_ISLNK(seen.st_mode):
                raise error
            target = os.readlink(b"", dir_fd=link)
        finally:
            os.close(link)
        self._note(FollowedLink(self._path(name), seen.st_uid, target))
        if _is_kernels(seen):
            self._enter_by_kernel(self._open(name, 0, is_last=is_last))
            return []
        if target.startswith(b"/"):
            self._replace(_open_directory(b"/", None))
            self._names.clear()
        return _steps(target)

    def _note(self, link: FollowedLink) -> None:
        if len(self._links) == MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), link.path)
        self._links.append(link)
        if self._check is not None:
            self._check(link)

    def _enter(self, name: bytes, below: int) -> None:
        self._replace(below)
        if name == b"..":
            del self._names[-1:]
        elif name != b".":
            self._names.append(name)

    def _enter_by_kernel(self, below: int) -> None:
        """A link of the kernel's own leads where no path may."""
        self._replace(below)
        where = os.readlink(f"{_PROC}/self/fd/{below}")
        self._names = [name for name in os.fsencode(where).split(b"/") if name]

    def _replace(self, descriptor: int) -> None:
        before, self.descriptor = self.descriptor, descriptor
        os.close(before)


def _without_links(path: bytes) -> Reached | None:
    """In one step, as nearly every path can be; None where it cannot."""
    if path == b"/" or path != os.path.normpath(path) or not path.startswith(b"/"):
        return None
    top = os.open(b"/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        descriptor = open_at_once(top, path.lstrip(b"/"), DIRECTORY)
    except OSError:
        return None
    finally:
        os.close(top)
    return None if descriptor is None else Reached(descriptor, path, ())


def _open_directory(name: bytes, directory: int | None, more: int = os.O_NOFOLLOW) -> int:
    try:
        return os.open(name, DIRECTORY | more, dir_fd=directory)
    except OSError as error:
        if error.errno not in _CLOSED:
            raise
        return os.open(name, _PLACE | os.O_DIRECTORY | more, dir_fd=directory)


def _steps(path: bytes) -> list[bytes]:
    """The names of a path, the last one first; a dot where there is none."""
    return [name for name in reversed(path.split(b"/")) if name] or [b"."]


def _is_kernels(link: os.stat_result) -> bool:
    try:
        return link.st_dev == os.stat(f"{_PROC}/self").st_dev
    except OSError:
        return False
