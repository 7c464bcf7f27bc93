"""From seen files to findings: many small ones in one hop to a disk thread, each opened once."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from math import inf
from typing import NamedTuple, NoReturn, TypeVar

from uploadd.files.birth import birth_of
from uploadd.files.fingerprint import Fingerprint, OnRead, Stat, fingerprint_open, stat_of
from uploadd.files.kind import Kind, lacking_by_sizes
from uploadd.files.opening import look_in, trouble
from uploadd.files.openness import has_writer, is_open_in
from uploadd.files.reaching import Roots, open_unplanted, unreached
from uploadd.intake.findings import finding_of, linked_finding, nothing_on, unread_finding
from uploadd.intake.rules import Rules, Sighting
from uploadd.intake.tree import Tree
from uploadd.model.configuration import Folder
from uploadd.model.errors import (
    FileLinkedError,
    FileTooLargeError,
    FileTrouble,
    FileUnreadableError,
    RootRefusedError,
)
from uploadd.model.jobs import Lane
from uploadd.model.limits import TOO_LARGE
from uploadd.model.places import Spot
from uploadd.model.sightings import Finding
from uploadd.model.verdicts import Reason

T = TypeVar("T")

LARGE_BYTES = 16_000_000
"""A larger file is not read among others: it would hold them up."""

MOST_AT_ONCE = 256
HOP_BYTES = 32_000_000
HOP_SECONDS = 0.05
"""A hop ends when it has read or lasted so much: what is left waits for the next one."""


class Rested(NamedTuple):
    """A file that has come to rest, and is to be read.

    `stat`: as it was seen last; None where it can only be seen that it is there. `seconds`: for
    how long it has rested as such. `is_proven`: something else than that says that nobody writes.
    """

    path: bytes
    lane: Lane
    stat: Stat | None = None
    seconds: float = inf
    is_proven: bool = False


class ToRead(NamedTuple):
    """A rested file, with what it holds if it is as it was when it was read (`known`).

    `needs_birth`: see `KnownContent`.
    """

    rested: Rested
    known: Fingerprint | None = None
    needs_birth: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """It is no finding yet.

    `is_open`: somebody writes it, as far as can be told. `unfinished`: how it looks, where it
    lacks its end. Else it changed, or went, meanwhile.
    """

    text: str = ""
    is_open: bool = False
    unfinished: Stat | None = None


@dataclass(frozen=True, slots=True)
class Large:
    """It is to be read apart from the others."""

    stat: Stat


@dataclass(frozen=True, slots=True)
class Closed:
    """Not even a look at it is possible, as where its directory may not be entered now.

    `finding`: for a tree that is not walked again.
    """

    finding: Finding


Outcome = Finding | Wait | Large | Closed | RootRefusedError | None
"""What became of a candidate. None: the settings leave it out."""

Look = tuple[Stat | None, bool | None] | FileUnreadableError | RootRefusedError
"""A file from outside (None: it is not there), and whether somebody has it open for writing."""


class Meter:
    """Says when a hop has read enough, or lasted long enough. `now`: monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._end = now() + HOP_SECONDS
        self._read = 0

    def add(self, more: int) -> None:
        """So many bytes were read."""
        self._read += more

    def take(self, found: Generator[T]) -> list[T]:
        """The first of `found`; at least one."""
        taken = list[T]()
        with closing(found):
            for one in found:
                taken.append(one)
                if self._read >= HOP_BYTES or self._now() >= self._end:
                    break
        return taken


def look_at_all(roots: Roots, spots: Sequence[Spot], now: Callable[[], float]) -> list[Look]:
    """Look at the first of the files, as many as a hop may last. Blocks."""
    return Meter(now).take(_looks(roots, spots))


def examine(
    rules: Rules, tree: Tree, candidates: Sequence[ToRead], now: Callable[[], float]
) -> list[Outcome]:
    """Read the first of the files, as many as a hop may read. Blocks."""
    meter = Meter(now)
    terms = _Terms(tree.folder, meter.add, LARGE_BYTES)
    return meter.take(_outcomes(rules, tree, candidates, terms))


def examine_large(rules: Rules, tree: Tree, candidate: ToRead, on_read: OnRead) -> Outcome:
    """Read one file, however large. Blocks. Raises what `on_read` raises."""
    terms = _Terms(tree.folder, on_read)
    with closing(_outcomes(rules, tree, [candidate], terms)) as found:
        return next(found)


def judge(rested: Rested, stat: Stat, is_open: bool | None, folder: Folder) -> Wait | None:
    """Whether a file that was opened waits before it is read. None: it does not."""
    is_proven = rested.is_proven or is_open is not None
    if is_open or not (is_proven or rested.seconds >= folder.settle_unproven_seconds):
        return Wait(is_open=True)
    if rested.stat is not None and not stat.same_content_as(rested.stat):
        return Wait("it has changed since it was looked at")
    return None


def judge_end(rested: Rested, stat: Stat, lacking: str, folder: Folder) -> Wait | None:
    """Whether a file waits that lacks its end (`Kind.lacking`). None: it does not, or it is whole.

    An old one does not wait: no more of it will come.
    """
    is_believed = not lacking or rested.seconds >= folder.settle_unfinished_seconds
    return None if is_believed else Wait(lacking, unfinished=stat)


@dataclass(frozen=True, slots=True)
class _Terms:
    """How files are read.

    `folder`: whose times of rest hold. `on_read`: told of each chunk. `largest`: what is larger
    is not read now; None: everything is.
    """

    folder: Folder
    on_read: OnRead
    largest: int | None = None


def _looks(roots: Roots, spots: Sequence[Spot]) -> Generator[Look]:
    for above, some in groupby(spots, lambda spot: spot.above):
        with _open_directory(roots, above) as directory:
            for spot in some:
                yield _look(directory, spot)


def _look(directory: _Opened, spot: Spot) -> Look:
    try:
        if not isinstance(directory, int):
            _raise(directory, spot.path)
        stat = stat_of(look_in(directory, spot.name, spot.path))
        return stat, is_open_in(directory, spot.name, spot.path)
    except (FileUnreadableError, RootRefusedError) as error:
        return error
    except FileTrouble:
        return None, None


_Opened = int | OSError | RootRefusedError


@contextmanager
def _open_directory(roots: Roots, at: Spot, home: Spot | None = None) -> Iterator[_Opened]:
    """The directory, once for all its files; or what kept it from being reached."""
    with ExitStack() as held:
        directory: _Opened
        try:
            directory = held.enter_context(roots.reached(at, home))
        except (OSError, RootRefusedError) as error:
            directory = error
        yield directory


def _outcomes(
    rules: Rules,
    tree: Tree,
    candidates: Sequence[ToRead],
    terms: _Terms,
) -> Generator[Outcome]:
    for _, beside in groupby(candidates, lambda one: os.path.dirname(one.rested.path)):
        some = list(beside)
        home = rules.home(tree, some[0].rested.path)
        if home is None:
            yield from (None for _ in some)
            continue
        with _open_directory(home.roots, home.at, home.place.spot) as directory:
            for one in some:
                sighting = home.sighting(os.path.basename(one.rested.path))
                if sighting is None:
                    yield None
                else:
                    yield _outcome(directory, sighting, one, terms)


def _outcome(directory: _Opened, sighting: Sighting, candidate: ToRead, terms: _Terms) -> Outcome:
    lane = candidate.rested.lane
    try:
        return _read(directory, sighting, candidate, terms)
    except RootRefusedError as refused:
        return refused
    except FileLinkedError as linked:
        stat, known = _stat_or_nothing(directory, sighting), candidate.known
        is_moved = candidate.needs_birth is not None  # and its birth cannot be asked
        if known is None or is_moved or not _is_still(known, stat, sighting):
            known = Fingerprint(stat, "", Kind(""))
        return linked_finding(sighting, lane, known, linked)
    except FileUnreadableError as error:
        code = TOO_LARGE if isinstance(error, FileTooLargeError) else "unreadable"
        reason = Reason(code, error.text, error.remedy)
        stat = _stat_or_nothing(directory, sighting)
        finding = unread_finding(sighting, lane, reason, stat)
        return finding if stat.inode else Closed(finding)
    except FileTrouble as error:
        return Wait(error.text)


def _read(
    directory: _Opened, sighting: Sighting, candidate: ToRead, terms: _Terms
) -> Finding | Wait | Large:
    rested, path = candidate.rested, sighting.route.path
    if not isinstance(directory, int):
        _raise(directory, path)
    descriptor, seen = open_unplanted(directory, sighting.route.name, path)
    try:
        is_open, stat = has_writer(descriptor, path), stat_of(seen)
        wait = judge(rested, stat, is_open, terms.folder)
        found = wait or _content(descriptor, stat, sighting, candidate, terms)
    finally:
        os.close(descriptor)
    if not isinstance(found, Fingerprint):
        return found
    finding = finding_of(sighting, rested.lane, found)
    return replace(finding, is_proven=rested.is_proven or is_open is not None)


def _content(
    descriptor: int, stat: Stat, sighting: Sighting, candidate: ToRead, terms: _Terms
) -> Fingerprint | Wait | Large:
    known, rested, path = candidate.known, candidate.rested, sighting.route.path
    birth_ns, needed = birth_of(descriptor), candidate.needs_birth
    is_same = needed is None or 0 != needed == birth_ns
    if known is not None and is_same and _is_still(known, stat, sighting):
        return replace(known, stat=stat, birth_ns=birth_ns)
    if terms.largest is not None and stat.size > terms.largest:
        lacking = _lacking(descriptor, stat, path)
        return judge_end(rested, stat, lacking, terms.folder) or Large(stat)
    with_md5, on_read = sighting.with_md5, terms.on_read
    found = fingerprint_open(descriptor, path, with_md5=with_md5, on_read=on_read)
    return judge_end(rested, found.stat, found.kind.lacking, terms.folder) or found


def _lacking(descriptor: int, stat: Stat, path: bytes) -> str:
    try:
        return lacking_by_sizes(descriptor, os.path.basename(path), stat.size)
    except OSError as error:
        raise trouble(error, path) from None


def _is_still(known: Fingerprint, stat: Stat, sighting: Sighting) -> bool:
    return stat.same_content_as(known.stat) and bool(known.md5 or not sighting.with_md5)


def _raise(error: OSError | RootRefusedError, path: bytes) -> NoReturn:
    raise error if isinstance(error, RootRefusedError) else unreached(error, path)


def _stat_or_nothing(directory: _Opened, sighting: Sighting) -> Stat:
    if not isinstance(directory, int):
        return nothing_on(0)
    try:
        return stat_of(look_in(directory, sighting.route.name, sighting.route.path))
    except FileTrouble:
        return nothing_on(os.fstat(directory).st_dev)
