"""What one directory shows, or a part of it: its files, and the directories below it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from uploadd.files.fingerprint import Stat, in_64_bits
from uploadd.intake.selection import (
    ODD_FIRSTS,
    ODD_MIDDLE,
    PLAIN_TAIL,
    PLAIN_TAILS,
    Choice,
    Selection,
    judge,
)

_ENCODING = sys.getfilesystemencoding()
_ERRORS = sys.getfilesystemencodeerrors()


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
    """What one directory showed, or one part of it where it is large.

    `error` says why it could not be read, or not to its end: then nothing can be called gone;
    `errno` is its number. `excluded`: regular files that are there and are not candidates.
    `unreadable`: names with the reason why not even a stat was possible. `closed`: directories
    that are not entered. `links`: how many symbolic links there are. `counts`: how often each of
    `Selection.patterns` decided. `unwatched`: why the kernel does not tell of its changes.
    """

    directory: bytes
    device: int = 0
    inode: int = 0
    entries: list[Entry] = field(default_factory=list)
    excluded: dict[bytes, Choice] = field(default_factory=dict)
    unreadable: dict[bytes, str] = field(default_factory=dict)
    closed: dict[bytes, Choice] = field(default_factory=dict)
    links: int = 0
    error: str | None = None
    errno: int = 0
    counts: list[int] = field(default_factory=list)
    unwatched: OSError | None = None
    is_first: bool = True
    is_last: bool = True

    @property
    def identity(self) -> tuple[int, int] | None:
        """Which directory was listed; None where it could not be opened."""
        return (self.device, self.inode) if self.inode else None

    @property
    def is_whole(self) -> bool:
        """Whether this is all that its directory holds."""
        return self.is_first and self.is_last

    def names(self) -> list[bytes]:
        """Every file in it."""
        return [*(entry.name for entry in self.entries), *self.excluded, *self.unreadable]


def read_files(
    found: Iterator[os.DirEntry[str]],
    relative: bytes,
    selection: Selection,
    listing: Listing,
    below: list[bytes],
) -> None:
    """Sort a directory's names into `listing` and `below`.

    The one hot loop of the project: 100,000 files pass here at each rescan, so it calls little
    and looks up less.
    """
    prefix = relative + b"/" if relative else b""
    verdict = selection.verdict if selection.has_patterns else None
    add, counts = listing.entries.append, listing.counts
    take, plain, tail, odd = Choice.TAKE, PLAIN_TAILS, -PLAIN_TAIL, ODD_FIRSTS
    for item in found:
        name = item.name.encode(_ENCODING, _ERRORS)
        try:
            if item.is_file(follow_symlinks=False):
                if verdict is not None:
                    choice = verdict(prefix + name, name, counts)
                elif name[tail:] in plain and name[0] not in odd and ODD_MIDDLE not in name:
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


def read_directories(
    found: Iterator[os.DirEntry[str]],
    relative: bytes,
    selection: Selection,
    listing: Listing,
    below: list[bytes],
) -> None:
    """The same for the directories alone."""
    prefix = relative + b"/" if relative else b""
    for item in found:
        with suppress(OSError):
            if item.is_dir(follow_symlinks=False):
                name = item.name.encode(_ENCODING, _ERRORS)
                _take_directory(name, prefix + name, selection, listing, below)


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
