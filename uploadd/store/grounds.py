"""The directories that files were seen in, and which of them are away (`model/presence.py`)."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from sqlite_utils import Database

from uploadd.model.places import is_inside
from uploadd.model.presence import Ground, Identity, around, missed, returned
from uploadd.model.sightings import Finding
from uploadd.store import statements
from uploadd.store.overview import range_below
from uploadd.store.rows import Row, rows, value

Traits = tuple[int, int]
"""Size and mtime_ns of a file: what it still has after a copy or on a file system made anew."""


def every(db: Database) -> list[Ground]:
    """All that is remembered. A handful of rows."""
    return [_ground_of(row) for row in rows(db, statements.GROUNDS)]


def away(db: Database) -> list[Ground]:
    """Those that are away."""
    return [ground for ground in every(db) if ground.is_away]


def holding(db: Database, directory: bytes) -> list[Ground]:
    """Those that a directory lies in, the innermost one first."""
    return around(directory, every(db))


def see(
    db: Database, ground: Ground, now: Identity | None, others: Collection[bytes], at: float
) -> Ground:
    """Note which directory is at a ground now (None: none), at the time `at`; what it is then.

    `others`: roots of other folders: what lies there is none of this ground's. Where no file is
    known in it, nothing can be away. Where another directory has its place, it is away until one
    of its files is found there (`found`).
    """
    before = next((one for one in every(db) if one.directory == ground.directory), None)
    if before is None and (ground.is_away or ground.identity is not None):
        return replace(ground, since=None)  # a person has had it forgotten since the caller read it
    known = ground if before is None else replace(before, folder=ground.folder)
    if now is not None and now == known.identity:
        after: Ground | None = returned(known, now)
    elif _has_files(db, ground.directory, others):
        after = missed(known, at, newest(db))
    else:
        after = None if now is None else returned(known, now)
    if after != before:
        _put(db, ground.directory, after)
    return after or ground


def newest(db: Database) -> int:
    """The newest line of the history."""
    return value(db, statements.LAST_STORY) or 0


def found(db: Database, ground: Ground, now: Identity | None, *, is_kept: bool) -> None:
    """One of its files is there: it is here again, as the directory `now`.

    `is_kept` False: it is neither a root nor a mount point any more, so nothing is remembered.
    """
    _put(db, ground.directory, returned(ground, now) if is_kept and now is not None else None)


def elders_in(db: Database, directory: bytes, ground: Ground) -> Mapping[bytes, Traits]:
    """The files of one directory that were known before its ground was missed, by name."""
    found = db.execute(statements.ELDERS_IN, (directory, ground.known_to))
    return {name: (size, mtime_ns) for name, size, mtime_ns in found}


def every_elder(
    db: Database, ground: Ground, others: Collection[bytes]
) -> Iterator[tuple[bytes, Traits]]:
    """Each file that was known before the ground was missed, with its path, as it is asked for."""
    for directory in directories_in(db, ground.directory, others):
        for name, traits in elders_in(db, directory, ground).items():
            yield os.path.join(directory, name), traits


def some_elders(
    db: Database, ground: Ground, others: Collection[bytes], most: int
) -> list[tuple[bytes, Traits]]:
    """At most so many of them."""
    return list(islice(every_elder(db, ground, others), most))


def part_with_absent(db: Database, findings: Iterable[Finding]) -> None:
    """What was found in the place of a ground that is away is another file than the one known.

    Else it would take that one's photo (`on_change = "replace"`), and be a sign that the ground
    is back.
    """
    missing = away(db)
    for finding in findings if missing else ():
        for ground in around(finding.directory, missing)[:1]:
            which = (finding.directory, finding.name, ground.known_to, finding.sha256)
            db.execute(statements.FORGET_ELDER, which)


def drop(db: Database, directories: Iterable[bytes]) -> None:
    """Remember these grounds no longer."""
    for directory in directories:
        _put(db, directory, None)


def names_in(db: Database, directory: bytes) -> list[bytes]:
    """The names of the files that are known in a directory."""
    return [row[0] for row in db.execute(statements.NAMES_IN, (directory,))]


def directories_in(db: Database, ground: bytes, others: Collection[bytes]) -> Iterator[bytes]:
    """The directories of a ground in which files are known.

    Not those in `others`, the roots of other folders, nor in another ground below.
    """
    inner = [one.directory for one in every(db) if one.directory != ground]
    deeper = [one for one in {*inner, *others} if one != ground and is_inside(one, ground)]
    yield from _known_between(db, ground, _right_after(ground), deeper)
    yield from _known_between(db, *range_below(ground), deeper)


def _known_between(
    db: Database, first: bytes, beyond: bytes, deeper: Collection[bytes]
) -> Iterator[bytes]:
    """From one to the next: a tree may have many, and whoever asks seldom needs them all."""
    while directory := value(
        db, statements.NEXT_KNOWN_DIRECTORY, {"first": first, "beyond": beyond}
    ):
        inner = next((one for one in deeper if is_inside(directory, one)), None)
        if inner is None:
            yield directory
        first = range_below(inner)[1] if inner and inner != directory else _right_after(directory)


def _right_after(directory: bytes) -> bytes:
    """The next one in the order of bytes."""
    return directory + b"\0"


def _has_files(db: Database, ground: bytes, others: Collection[bytes]) -> bool:
    return next(directories_in(db, ground, others), None) is not None


def _put(db: Database, directory: bytes, ground: Ground | None) -> None:
    if ground is None:
        db.execute(statements.DROP_GROUND, (directory,))
        return
    place = None if ground.identity is None else "{}:{}".format(*ground.identity)
    row = {"directory": directory, "folder": ground.folder, "place": place}
    db.execute(statements.SET_GROUND, {**row, "since": ground.since, "known_to": ground.known_to})


def _ground_of(row: Row) -> Ground:
    identity = _identity_of(row["place"])
    return Ground(row["directory"], row["folder"], identity, row["since"], row["known_to"])


def _identity_of(place: str | None) -> Identity | None:
    """What cannot be read (the table can be edited by hand) is not known."""
    device, _, inode = (place or "").partition(":")
    try:
        return int(device), int(inode)
    except ValueError:
        return None
