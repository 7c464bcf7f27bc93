"""How every file and directory is reached: from the root of its tree, following no link below it.

A path is for people. In a folder where others may write, a directory can become a link to
somebody else's files between two looks at it. So each look opens the root, goes down by descriptors
(`beneath.open_beneath`), and lets go of both: an open root would keep its disk from being
unmounted.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from uploadd.files.accepted import AcceptedRoots
from uploadd.files.beneath import ON_THE_WAY, open_beneath
from uploadd.files.opening import look_in, open_in, printable, trouble
from uploadd.files.planting import check_links
from uploadd.model.errors import FileTrouble, FileVanishedError, RootRefusedError
from uploadd.model.places import Spot

_LINKED = frozenset({errno.ENOTDIR, errno.ELOOP})
_ABSENT = _LINKED | {errno.ENOENT}
_EXCHANGED = (
    "is not reached: a directory above it is a symbolic link, or another one, by now; links below"
    " a folder are not followed"
)


class Roots:
    """Opens the roots of trees, and what lies below them. Every method blocks.

    `accepted`: says which root may be read (None: the links that led there are judged alone).
    `others`: the folders' directories, by device and inode, but not the one at a given root.
    """

    def __init__(
        self,
        accepted: AcceptedRoots | None = None,
        others: Callable[[bytes], Collection[tuple[int, int]]] | None = None,
    ) -> None:
        self._accepted = accepted or AcceptedRoots({})
        self._others = others or _none

    @contextmanager
    def opened(self, root: bytes) -> Iterator[int]:
        """The directory at `root`, for what is reached from it.

        Raises `RootRefusedError` where it may not be read, `OSError`.
        """
        with _held(self._accepted.open(root)) as descriptor:
            yield descriptor

    @contextmanager
    def directory(self, spot: Spot) -> Iterator[int]:
        """The directory at a spot, to reach what lies in it. Raises as `opened` does."""
        with self.opened(spot.root) as root:
            descriptor = open_beneath(root, spot.relative, ON_THE_WAY)
        with _held(descriptor):
            yield descriptor

    @contextmanager
    def reached(self, at: Spot, home: Spot | None = None) -> Iterator[int]:
        """The directory that was found at one spot, and is at home at another; see `Route`.

        Raises `RootRefusedError`, and `OSError` for `unreached` to say what it means.
        """
        with self.directory(at) as descriptor:
            if home is not None and not self._is_at(home, at, descriptor):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), at.path)
            yield descriptor

    def has_directory(self, spot: Spot) -> bool:
        """Whether a directory is there, and can be reached."""
        try:
            with self.directory(spot):
                return True
        except (OSError, RootRefusedError):
            return False

    def is_on_device(self, directory: Spot, device: int) -> bool:
        """Whether the nearest directory that is there, up to the root, is on this device."""
        while True:
            try:
                with self.directory(directory) as descriptor:
                    return os.fstat(descriptor).st_dev == device
            except RootRefusedError:
                return False
            except OSError as error:
                if error.errno not in _ABSENT or not directory.relative:
                    return False
            directory = directory.above

    def is_gone(self, file: Spot, device: int) -> bool:
        """Whether a file that was on this device is certainly there no more.

        Where its directory is away, too, or on another device, its disk may only be away.
        """
        try:
            with self.directory(file.above) as descriptor:
                os.lstat(file.name, dir_fd=descriptor)
        except RootRefusedError:
            return False
        except OSError as error:
            return error.errno in _ABSENT and self.is_on_device(file.above, device)
        return False

    def is_in_another(self, directory: int, spot: Spot) -> bool:
        """Whether the open directory, reached as `spot`, lies in another folder than its root.

        Asked of the descriptor: whoever may write above that folder can give it any name at any
        moment, but cannot take out what it holds.
        """
        others = self._others(spot.root) if spot.relative else ()
        below_root = spot.relative.count(b"/") + 1
        return bool(others) and any(one in others for one in _upwards(directory, below_root))

    def _is_at(self, home: Spot, at: Spot, directory: int) -> bool:
        if home == at:
            return not self.is_in_another(directory, home)
        with self.directory(home) as other:
            is_same = os.path.samestat(os.fstat(directory), os.fstat(other))
            return is_same and not self.is_in_another(other, home)

    def route(self, at: Spot, home: Spot | None = None) -> Route:
        """How the file at a spot is reached; see `Route`."""
        return Route(self, at, home)


@dataclass(frozen=True, slots=True)
class Route:
    """How one file is reached: by the spot where it was found, and by that where it is at home.

    The two differ where a tree was walked by another spelling than that of the folder which the
    file lies in. Unless both lead to one directory, which lies in no other folder, nothing is
    reached: then a directory above the file was exchanged between two looks. `home`: None where
    nobody has asked whose settings hold. Every method blocks.
    """

    roots: Roots
    at: Spot
    home: Spot | None = None

    @property
    def path(self) -> bytes:
        """For people."""
        return self.at.path

    @property
    def name(self) -> bytes:
        """The file's last name."""
        return os.path.basename(self.path)

    @contextmanager
    def parent(self) -> Iterator[int]:
        """The directory that holds the file, to reach it from there. Raises `FileTrouble`."""
        home = self.home
        if home is not None and home.name != self.at.name:
            raise _exchanged(self.path)
        with ExitStack() as held:
            try:
                above = self.roots.reached(self.at.above, home.above if home else None)
                descriptor = held.enter_context(above)
            except OSError as error:
                raise unreached(error, self.path) from None
            yield descriptor

    def open(self) -> int:
        """A descriptor of the file, to be closed by the caller.

        Raises `FileVanishedError` (also where something else has taken its place),
        `FileUnreadableError`, `FileChangedError` where another program has leased it, or
        `FileLinkedError`: whatever reads a file, reads none that somebody else may have planted.
        """
        with self.parent() as directory:
            return open_unplanted(directory, self.name, self.path)[0]

    def check_links(self) -> None:
        """Raise what `open` would, for a file that needs not be read again."""
        with self.parent() as directory:
            check_links(look_in(directory, self.name, self.path), directory, self.path)

    def look(self) -> os.stat_result:
        """The file from outside. Raises `FileVanishedError`, `FileUnreadableError`."""
        with self.parent() as directory:
            return look_in(directory, self.name, self.path)


def open_unplanted(directory: int, name: bytes, path: bytes) -> tuple[int, os.stat_result]:
    """What `Route.open` gives, by the open directory, and what the file system says of it."""
    descriptor = open_in(directory, name, path)
    try:
        seen = os.fstat(descriptor)
        check_links(seen, directory, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, seen


def unreached(error: OSError, path: bytes) -> FileTrouble:
    """What it means for the file at `path` that its directory was not reached."""
    return _exchanged(path) if error.errno in _LINKED else trouble(error, path)


def _exchanged(path: bytes) -> FileVanishedError:
    return FileVanishedError(f"{printable(path)} {_EXCHANGED}")


@contextmanager
def _held(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _upwards(directory: int, levels: int) -> Iterator[tuple[int, int]]:
    """The device and inode of an open directory, and of those above it: so many in all."""
    at = os.open(b".", ON_THE_WAY, dir_fd=directory)
    try:
        for _ in range(levels):
            seen = os.fstat(at)
            yield seen.st_dev, seen.st_ino
            above = os.open(b"..", ON_THE_WAY, dir_fd=at)
            os.close(at)
            at = above
    finally:
        os.close(at)


def _none(_root: bytes) -> Collection[tuple[int, int]]:
    """Where no folders are configured."""
    return ()
