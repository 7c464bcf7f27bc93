"""The walk: every directory below a folder, in listings of a bounded size.

It reads the disk and nothing else; what is new in a listing, `intake/comparing.py` says. Together
they are all that a restart costs: one stat a file.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Protocol

from uploadd.files.beneath import open_beneath
from uploadd.files.folder_root import Identity
from uploadd.files.reaching import Roots
from uploadd.intake.listings import Listing, read_directories, read_files
from uploadd.intake.selection import Selection
from uploadd.model.errors import RootRefusedError
from uploadd.model.places import Spot

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK
_ENTRIES_AT_ONCE = 256
"""So many names are read between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Step:
    """How much is looked at in one go: so many candidates and directories, so many seconds.

    `now`: where the seconds are read.
    """

    entries: int = 2000
    seconds: float = 0.05
    now: Callable[[], float] = float


@dataclass(frozen=True, slots=True)
class Scope:
    """By what a walk goes.

    `borders`: directories below the start that are not entered: other folders begin there, or
    uploadd's own state directory. `watch`: is given each directory, open, with its way from the
    root, before it is listed, so that nothing falls between the two; it may raise `OSError`.
    `is_deep`: whether it goes into the directories below the start. `has_files`: whether it looks
    at files; to set the watches of a tree they are not needed.
    """

    selection: Selection
    borders: frozenset[Identity] = frozenset()
    watch: Callable[[int, bytes], None] | None = None
    is_deep: bool = True
    has_files: bool = True


def batches(
    roots: Roots, start: Spot, scope: Scope, step: Step | None = None
) -> Iterator[list[Listing]]:
    """List every directory from `start` down, a step in each batch.

    Blocks. One question to the store is enough for a batch. A directory comes before those below
    it, siblings in the order of their names. `start.root` may be a symbolic link; nothing below it
    is followed. Patterns are relative to it. It is opened for each batch anew, and where it has
    become another directory the walk ends with that error. Where the selection does not reach
    `start`, nothing is listed. Only a directory that is too large for one step stays open to the
    next.
    """
    lister = _Lister(start, scope)
    try:
        while lister.has_more:
            yield _batch(roots, lister, step or Step())
    finally:
        lister.close()


def walk(roots: Roots, start: Spot, scope: Scope, step: Step | None = None) -> Iterator[Listing]:
    """The same, one listing after the other."""
    for batch in batches(roots, start, scope, step):
        yield from batch


def _batch(roots: Roots, lister: _Lister, step: Step) -> list[Listing]:
    batch: list[Listing] = []
    entries, deadline = 0, step.now() + step.seconds
    try:
        with roots.opened(lister.start.root) as root:
            lister.check(root)
            while lister.has_more and entries < step.entries > len(batch):
                listing = lister.take(root, step, deadline)
                if listing is not None:
                    batch.append(listing)
                    entries += len(listing.entries)
                if step.now() > deadline:
                    break
    except RootRefusedError as refused:
        lister.close()
        batch.append(Listing(lister.start.root, error=str(refused)))
    except OSError as error:
        lister.close()
        batch.append(_failed(lister.start.root, error))
    return batch


def _failed(directory: bytes, error: OSError) -> Listing:
    return Listing(directory, error=error.strerror or str(error), errno=error.errno or 0)


class _Found(Protocol):
    """What `os.scandir` gives."""

    def __next__(self) -> os.DirEntry[str]: ...
    def __iter__(self) -> Iterator[os.DirEntry[str]]: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class _Open:
    """A directory that is being listed. `below`: the directories found in it so far."""

    relative: bytes
    descriptor: int
    identity: Identity
    found: _Found
    unwatched: OSError | None = None
    below: list[bytes] = field(default_factory=list)
    ahead: os.DirEntry[str] | None = None
    is_begun: bool = False


class _Lister:
    """Lists the directories of one walk, from a root that is open."""

    def __init__(self, start: Spot, scope: Scope) -> None:
        self.start = start
        self._scope = scope
        self._waiting = [start.relative] if scope.selection.reaches(start.relative) else []
        self._open: _Open | None = None
        self._root: Identity | None = None

    @property
    def has_more(self) -> bool:
        """Whether something is left to list."""
        return bool(self._waiting) or self._open is not None

    def close(self) -> None:
        """List no more."""
        self._waiting.clear()
        if self._open is not None:
            self._open.below.clear()
            self._close()

    def check(self, root: int) -> None:
        """Raises `OSError` where the root is not the directory that the walk began with."""
        now = _identity(os.fstat(root))
        if now != (self._root or now):
            raise OSError(errno.ESTALE, "another directory has taken its place during the walk")
        self._root = now

    def take(self, root: int, step: Step, deadline: float) -> Listing | None:
        """The next directory, or part of one; None where another folder begins."""
        if self._open is None:
            relative = self._waiting.pop()
            try:
                self._open = self._opened(root, relative)
            except OSError as error:
                return _failed(Spot(self.start.root, relative).path, error)
        return None if self._open is None else self._listed(self._open, step, deadline)

    def _opened(self, root: int, relative: bytes) -> _Open | None:
        descriptor = open_beneath(root, relative, _FLAGS)
        try:
            itself = os.fstat(descriptor)
            if relative and _identity(itself) in self._scope.borders:
                os.close(descriptor)
                return None
            unwatched = self._watch(descriptor, relative)
            found = os.scandir(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return _Open(relative, descriptor, _identity(itself), found, unwatched)

    def _watch(self, descriptor: int, relative: bytes) -> OSError | None:
        if self._scope.watch is None:
            return None
        try:
            self._scope.watch(descriptor, relative)
        except OSError as error:
            return error
        return None

    def _listed(self, part: _Open, step: Step, deadline: float) -> Listing:
        listing = Listing(
            Spot(self.start.root, part.relative).path,
            *part.identity,
            counts=self._scope.selection.no_counts(),
            unwatched=part.unwatched,
            is_first=not part.is_begun,
        )
        part.is_begun, listing.is_last = True, False
        try:
            while not listing.is_last and len(listing.entries) < step.entries:
                listing.is_last = self._read_some(part, listing)
                if step.now() > deadline:
                    break
            self._forget_borders(part.descriptor, listing)
        except OSError as error:
            listing.error, listing.errno = error.strerror or str(error), error.errno or 0
            listing.is_last = True
        if listing.is_last:
            self._close()
        return listing

    def _read_some(self, part: _Open, listing: Listing) -> bool:
        """Read some names; whether these were the last."""
        ahead = () if part.ahead is None else (part.ahead,)
        some = chain(ahead, islice(part.found, _ENTRIES_AT_ONCE))
        read = read_files if self._scope.has_files else read_directories
        read(some, part.relative, self._scope.selection, listing, part.below)
        part.ahead = next(part.found, None)
        return part.ahead is None

    def _close(self) -> None:
        part, self._open = self._open, None
        if part is not None:
            part.found.close()
            os.close(part.descriptor)
            if self._scope.is_deep:
                self._waiting.extend(sorted(part.below, reverse=True))

    def _forget_borders(self, descriptor: int, listing: Listing) -> None:
        """Call no directory closed that another folder's walk takes, whatever the patterns say."""
        for name in list(listing.closed) if self._scope.borders else ():
            with suppress(OSError):
                seen = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                if _identity(seen) in self._scope.borders:
                    del listing.closed[name]


def _identity(seen: os.stat_result) -> Identity:
    return seen.st_dev, seen.st_ino
