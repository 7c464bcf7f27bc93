"""What the store knows of files and their contents, in portions of a bounded size."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from sqlite_utils import Database

from uploadd.model.contents import Content
from uploadd.model.pixels import pixels_of
from uploadd.model.sightings import KnownFile
from uploadd.store import statements
from uploadd.store.rows import value


class Asked(NamedTuple):
    """Files of a directory: those called `names`, or all of them (None)."""

    directory: bytes
    names: Sequence[bytes] | None = None


def known_files(db: Database, several: Sequence[Asked]) -> list[dict[bytes, KnownFile]]:
    """For each of these, the files that are known, by name."""
    return [_known(db, asked) for asked in several]


def known_files_after(db: Database, directory: bytes, name: bytes, most: int) -> list[bytes]:
    """The names of some known files of a directory, from the one that comes after `name`."""
    found = db.execute(statements.KNOWN_AFTER, {"directory": directory, "name": name, "most": most})
    return [row[0] for row in found]


def count_known(db: Database, directory: bytes) -> int:
    """How many files of a directory are known."""
    number: int = value(db, statements.COUNT_KNOWN, {"directory": directory})
    return number


def devices_of(db: Database, directory: bytes) -> set[int]:
    """The devices on which the known files of a directory were seen."""
    return {row[0] for row in db.execute(statements.KNOWN_DEVICES, {"directory": directory})}


def known_directories_after(db: Database, after: bytes, beyond: bytes, most: int) -> list[bytes]:
    """Some directories between the two, neither included, in which files are known."""
    asked = {"after": after, "beyond": beyond, "most": most}
    return [row[0] for row in db.execute(statements.KNOWN_DIRECTORIES_AFTER, asked)]


def _known(db: Database, asked: Asked) -> dict[bytes, KnownFile]:
    if asked.names is not None and not asked.names:
        return {}  # SQLite has no plan for an empty list beside INDEXED BY
    # A named tuple is made from its row as it is: this is what a restart over a known tree costs.
    if asked.names is None:
        found = db.execute(statements.KNOWN_FILES, {"directory": asked.directory})
    else:
        marks = ", ".join("?" * len(asked.names))
        statement = statements.KNOWN_NAMES.format(marks=marks)
        found = db.execute(statement, (asked.directory, *asked.names) * 2)
    return {row[0]: KnownFile(*row[1:]) for row in found}


Mark = tuple[int, int, int, int, bytes, bytes]
"""By what a file is known: inode, size in bytes, mtime_ns, device; directory, name."""


class KnownContent(NamedTuple):
    """What a file held when it was fingerprinted.

    `needs_birth`: it was read under another path; if this file was made in another nanosecond, it
    only has the inode of that one. None: it was read under the same path.
    """

    content: Content
    media_type: str
    needs_birth: int | None


def known_contents(db: Database, marks: list[Mark]) -> list[KnownContent | None]:
    """For each file, if it has not changed since it was fingerprinted.

    Also under another path: the same device, inode, size, time and birth are the same content.
    """
    return [_known_content(db, mark) for mark in marks]


def _known_content(db: Database, mark: Mark) -> KnownContent | None:
    # Its name tells a RAW file from a TIFF picture: only what is called alike is known by another.
    path, extension = mark[-2:], os.path.splitext(mark[-1])[1]
    found = db.execute(statements.KNOWN_CONTENT, (*path, *mark))
    for name, sha256, md5, pixels, *others in found:
        if os.path.splitext(name)[1] == extension:
            return KnownContent(Content(sha256, md5, pixels_of(pixels)), *others)
    return None
