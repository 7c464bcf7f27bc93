"""The walk: every directory below a folder, one listing each.

It reads the disk and nothing else; what is new in a listing, `intake/comparing.py` says. Together
they are all that a restart costs: one stat a file.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from uploadd.files.beneath import open_beneath
from uploadd.files.fingerprint import Stat, in_64_bits
from uploadd.files.folder_root import Identity
from uploadd.files.reaching import Roots
from uploadd.intake.selection import (
    ODD_FIRSTS,
    PLAIN_TAIL,
    PLAIN_TAILS,
    Choice,
    Selection,
    judge,
)
from uploadd.model.errors import RootRefusedError
from uploadd.model.places import Spot

_ENCODING = sys.getfilesystemencoding()
_ERRORS = sys.getfilesystemencodeerrors()
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK
ENTRIES_PER_BATCH = 2000


class Entry(NamedTuple):
    """A candidate in a listing: its last name and what the file system says of it.

    A tuple of numbers, because a directory may hold 100,000 of them.
    """

    name: bytes
    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int
    device: int

    @property
    def stat(self) -> Stat:
        """The same as a value of ours; made when asked for, because most are never needed."""
        numbers = (self.device, self.inode, self.size, self.mtime_ns, self.ctime_ns)
        return Stat(*map(in_64_bits, numbers))


@dataclass(slots=True)
class Listing:
    """What one directory showed.

    `error` says why it could not be read, or not to its end: then nothing can be called gone.
    `excluded`: regular files that are there and are not candidates. `unreadable`: names with the
    reason why not even a stat was possible. `closed`: directories that are not entered. `links`:
    how many symbolic links there are. `counts`: how often each of `Selection.patterns` decided.
    """

    directory: bytes
    device: int = 0
    entries: list[Entry] = field(default_factory=list)
    excluded: dict[bytes, Choice] = field(default_factory=dict)
    unreadable: dict[bytes, str] = field(default_factory=dict)
    closed: dict[bytes, Choice] = field(default_factory=dict)
    links: int = 0
    error: str | None = None
    counts: list[int] = field(default_factory=list)


def batches(
    roots: Roots,
    start: Spot,
    selection: Selection,
    borders: frozenset[Identity] = frozenset(),
    entries_per_batch: int = ENTRIES_PER_BATCH,
) -> Iterator[list[Listing]]:
    """List every directory from `start` down, in groups of about `entries_per_batch` candidates.

    Blocks. One question to the store is enough for a group; a listing is never cut. A directory
    comes before those below it, siblings in the order of their names. `start.root` may be a
    symbolic link; nothing below it is followed. Patterns are relative to it. It is opened for each
    group anew, and where it has become another directory the walk ends with that error. Where the
    selection does not reach `start`, nothing is listed. Below it, a directory of `borders` is not
    entered: another folder begins there, or uploadd's own state directory.
    """
    waiting = [start.relative] if selection.reaches(start.relative) else []
    lister = _Lister(start, selection, borders)
    while waiting:
        yield _batch(roots, lister, waiting, entries_per_batch)


def walk(
    roots: Roots,
    start: Spot,
    selection: Selection,
    borders: frozenset[Identity] = frozenset(),
) -> Iterator[Listing]:
    """The same, one listing after the other."""
    for batch in batches(roots, start, selection, borders):
        yield from batch


def _batch(
    roots: Roots, lister: _Lister, waiting: list[bytes], entries_per_batch: int
) -> list[Listing]:
    """The next directories; they leave `waiting`, and what lies below them joins it."""
    batch: list[Listing] = []
    entries = 0
    try:
        with roots.opened(lister.start.root) as root:
            lister.check(root)
            while waiting and entries < entries_per_batch > len(batch):
                listing = lister.take(root, waiting)
                if listing is not None:
                    batch.append(listing)
                    entries += len(listing.entries)
    except RootRefusedError as refused:
        waiting.clear()
        batch.append(Listing(lister.start.root, error=str(refused)))
    except OSError as error:
        waiting.clear()
        batch.append(Listing(lister.start.root, error=error.strerror or str(error)))
    return batch


class _Lister:
    """Lists the directories of one walk, from a root that is open."""

    def __init__(self, start: Spot, selection: Selection, borders: frozenset[Identity]) -> None:
        self.start = start
        self._selection = selection
        self._borders = borders
        self._root: Identity | None = None

    def check(self, root: int) -> None:
        """Raises `OSError` where the root is not the directory that the walk began with."""
        now = _identity(os.fstat(root))
        if now != (self._root or now):
            raise OSError(errno.ESTALE, "another directory has taken its place during the walk")
        self._root = now

    def take(self, root: int, waiting: list[bytes]) -> Listing | None:
        """The next directory of `waiting`; None where another folder begins."""
        relative = waiting.pop()
        counts = self._selection.no_counts()
        listing = Listing(Spot(self.start.root, relative).path, counts=counts)
        below: list[bytes] = []
        try:
            descriptor = open_beneath(root, relative, _FLAGS)
        except OSError as error:
            listing.error = error.strerror or str(error)
            return listing
        try:
            itself = os.fstat(descriptor)
            if relative != self.start.relative and _identity(itself) in self._borders:
                return None
            listing.device = itself.st_dev
            _read(descriptor, relative, self._selection, listing, below)
            self._forget_borders(descriptor, listing)
        except OSError as error:
            listing.error = error.strerror or str(error)
        finally:
            os.close(descriptor)
        waiting.extend(sorted(below, reverse=True))
        return listing

    def _forget_borders(self, descriptor: int, listing: Listing) -> None:
        """Call no directory closed that another folder's walk takes, whatever the patterns say."""
        for name in list(listing.closed) if self._borders else ():
            with suppress(OSError):
                seen = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                if _identity(seen) in self._borders:
                    del listing.closed[name]


def _identity(seen: os.stat_result) -> Identity:
    return seen.st_dev, seen.st_ino


def _read(
    descriptor: int,
    relative: bytes,
    selection: Selection,
    listing: Listing,
    below: list[bytes],
) -> None:
    """Sort the directory's names into `listing` and `below`.

    The one hot loop of the project: 100,000 files pass here at each rescan, so it calls little
    and looks up less.
    """
    prefix = relative + b"/" if relative else b""
    verdict = selection.verdict if selection.has_patterns else None
    add, counts = listing.entries.append, listing.counts
    take, plain, tail, odd = Choice.TAKE, PLAIN_TAILS, -PLAIN_TAIL, ODD_FIRSTS
    with os.scandir(descriptor) as found:
        for item in found:
            name = item.name.encode(_ENCODING, _ERRORS)
            try:
                if item.is_file(follow_symlinks=False):
                    if verdict is not None:
                        choice = verdict(prefix + name, name, counts)
                    elif name[tail:] in plain and name[0] not in odd:
                        choice = take
                    else:
                        choice = judge(name)
                    if choice is take:
                        add(_entry(name, item.stat(follow_symlinks=False)))
                    else:
                        listing.excluded[name] = choice
                elif item.is_dir(follow_symlinks=False):
                    _take_directory(name, prefix + name, selection, listing, below)
                else:
                    listing.links += item.is_symlink()
            except FileNotFoundError:
                continue  # it went away between the listing and the look
            except OSError as error:
                listing.unreadable[name] = error.strerror or str(error)


def _take_directory(
    name: bytes, relative: bytes, selection: Selection, listing: Listing, below: list[bytes]
) -> None:
    choice = selection.choice_of_directory(relative, listing.counts)
    if choice is Choice.TAKE:
        below.append(relative)
    else:
        listing.closed[name] = choice


def _entry(name: bytes, seen: os.stat_result) -> Entry:
    """As `Entry(...)`, in half the time."""
    return tuple.__new__(
        Entry,
        (name, seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_ctime_ns, seen.st_dev),
    )
