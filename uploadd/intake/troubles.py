"""Places in trouble: the directories of a folder that are not read, or not watched, and why.

Each is tried again by itself, after growing gaps. The folder is degraded while there are any. Pure:
time is handed in.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from uploadd.files.directories import how_to_let_in
from uploadd.files.opening import printable
from uploadd.intake.listings import Listing
from uploadd.model.delays import growing
from uploadd.model.numbers import counted
from uploadd.model.places import Spot
from uploadd.model.signs import escaped

FIRST_GAP_SECONDS = 1.0
MOST_ALONE = 64
"""Where more places are in trouble, the whole folder is walked instead of each of them."""

TRIES_OF_A_COPY = 3
"""After so many tries a person is called. `rsync -a` closes each directory until it is filled."""

MOST_NAMED = 3
MOST_STORED = 100

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_SEE_KERNEL = "see what the kernel says of that disk (dmesg)"
_REMEDIES = {
    errno.EPERM: "look at its attributes (lsattr) and at the service's sandbox",
    errno.ENAMETOOLONG: "make the names of the directories above it shorter",
    errno.ESTALE: "see what was mounted or moved there",
}
_WATCH_REMEDIES = {
    errno.ENOSPC: "allow more watches: sysctl fs.inotify.max_user_watches=1048576",
    errno.EMFILE: "allow more watchers: sysctl fs.inotify.max_user_instances=1024",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a directory, and what a person can do about it.

    `is_read`: it is read all the same; only the kernel does not tell of its changes. `is_closed`:
    its remedy is a command that names it.
    """

    text: str
    remedy: str = ""
    is_read: bool = False
    is_closed: bool = False

    def __str__(self) -> str:
        return f"{self.text}; {self.remedy}" if self.remedy else self.text


@dataclass(frozen=True, slots=True)
class Place:
    """A directory in trouble, by its way from the folder's root.

    `since`: unix seconds. `tries`: how often it was tried in vain, at last at `tried_at`. `due`:
    when it is tried again; None while it is being tried. Both are monotonic seconds.
    """

    way: bytes
    trouble: Trouble
    since: float
    tries: int
    tried_at: float
    due: float | None


def trouble_of(listing: Listing, *, is_root: bool) -> Trouble | None:
    """What is wrong with a directory that a walk came to; None where nothing is.

    One that has gone meanwhile is not in trouble, unless it is the root.
    """
    if listing.error is not None:
        if listing.errno in _GONE and not is_root:
            return None
        if listing.errno == errno.EACCES:
            return Trouble(listing.error, is_closed=True)
        remedy = _REMEDIES.get(listing.errno, _SEE_KERNEL) if listing.errno else ""
        return Trouble(listing.error, remedy)
    return None if listing.unwatched is None else trouble_with_watch(listing.unwatched)


def trouble_with_watch(error: OSError) -> Trouble:
    """Why the kernel does not tell of a directory's changes."""
    text = error.strerror or str(error)
    return Trouble(text, _WATCH_REMEDIES.get(error.errno or 0, _SEE_KERNEL), is_read=True)


class Change(NamedTuple):
    """What a walk has changed in the list of places in trouble."""

    has_new: bool
    has_ended: bool


class Troubles:
    """The places in trouble of one folder. `longest_gap`: seconds between two tries at most."""

    def __init__(self, longest_gap: float) -> None:
        self._longest_gap = longest_gap
        self._places: dict[bytes, Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places.values())

    def note(
        self,
        start: bytes,
        found: Mapping[bytes, Trouble],
        wall_now: float,
        now: float,
        *,
        began: float | None = None,
        is_deep: bool = True,
    ) -> Change:
        """A walk from `start` has ended, and found these. What has changed by that.

        What lies below a place in trouble is tried with it. `now`, and when the walk `began` (None:
        now): monotonic seconds. What another walk has found since then stays in trouble.
        """
        began = now if began is None else began
        before = {way: place.trouble for way, place in self._places.items()}
        covered = self._covered(start, began, is_deep=is_deep)
        tried = {way: self._places.pop(way) for way in covered}
        for way in sorted(found):
            if _has_above(way, found):
                continue
            former = tried.get(way) or self._places.get(way)
            tries = former.tries + 1 if former is not None else 1
            since = former.since if former is not None else wall_now
            due = now + growing(FIRST_GAP_SECONDS, self._longest_gap, tries)
            self._places[way] = Place(way, found[way], since, tries, now, due)
        after = {way: place.trouble for way, place in self._places.items()}
        has_new = any(before.get(way) != trouble for way, trouble in after.items())
        return Change(has_new, has_ended=not before.keys() <= after.keys())

    def take_due(self, now: float) -> list[bytes]:
        """The places to try now; each is told of by `note` later. The root stands for too many."""
        due = [place for place in self if place.due is not None and place.due <= now]
        if not due:
            return []
        for place in due:
            self._places[place.way] = replace(place, due=None)
        return [place.way for place in due] if len(self) <= MOST_ALONE else [b""]

    def lasting(self) -> frozenset[tuple[bytes, Trouble]]:
        """What has been tried so often in vain that it hardly ends by itself; and the root."""
        lasting = (one for one in self if not one.way or one.tries >= TRIES_OF_A_COPY)
        return frozenset((one.way, one.trouble) for one in lasting)

    def next_due(self) -> float | None:
        """When `take_due` has something next; None where nothing is in trouble."""
        return min((place.due for place in self if place.due is not None), default=None)

    def _covered(self, start: bytes, began: float, *, is_deep: bool) -> list[bytes]:
        """What a walk that began then has tried."""
        below = start + b"/" if start else b""
        older = (place.way for place in self if place.tried_at <= began)
        return [way for way in older if way == start or (is_deep and way.startswith(below))]


def _has_above(way: bytes, found: Mapping[bytes, Trouble]) -> bool:
    """Whether a directory above it is in trouble, too, and was found so by the same walk.

    By another walk is not enough: one that came by here before may end that trouble.
    """
    while way:
        way = way.rpartition(b"/")[0]
        if way in found:
            return True
    return False


def summary(places: Iterable[Place], root: bytes) -> str:
    """What is wrong with a folder, in one line; empty where nothing is."""
    alike: dict[Trouble, list[bytes]] = {}
    for place in places:
        alike.setdefault(place.trouble, []).append(place.way)
    return "; ".join(_told(trouble, ways, root) for trouble, ways in alike.items())


def as_text(places: Iterable[Place], root: bytes) -> str:
    """Some places for a row of the database; `of_text` reads them."""
    rows = [
        {
            "path": printable(Spot(root, place.way).path),
            "text": place.trouble.text,
            "remedy": _remedy(place.trouble, [place.way], root),
            "since": place.since,
        }
        for place in sorted(places, key=lambda place: place.since)[:MOST_STORED]
    ]
    return json.dumps(rows) if rows else ""


def of_text(text: str) -> list[dict[str, Any]]:
    """What `as_text` wrote; nothing where it cannot be read (the table can be edited by hand)."""
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        return [_row(told) for told in json.loads(text or "[]")]
    return []


def _row(told: dict[str, Any]) -> dict[str, Any]:
    words = {key: escaped(str(told[key])) for key in ("path", "text", "remedy")}
    return {**words, "since": float(told["since"])}


def _told(trouble: Trouble, ways: list[bytes], root: bytes) -> str:
    remedy = _remedy(trouble, ways, root)
    if ways == [b""] and not trouble.is_read:
        return f"{trouble.text}; {remedy}" if remedy else trouble.text
    named = ", ".join(printable(Spot(root, way).path) for way in ways[:MOST_NAMED])
    more = ", …" if len(ways) > MOST_NAMED else ""
    what = "not watched" if trouble.is_read else "not read"
    number = counted(len(ways), "directory", "directories")
    return f"{number} {what} ({trouble.text}): {named}{more}; {remedy}"


def _remedy(trouble: Trouble, ways: list[bytes], root: bytes) -> str:
    """Where more are closed than are named, the whole folder is to be opened."""
    if not trouble.is_closed:
        return trouble.remedy
    return how_to_let_in(
        Spot(root, way).path for way in (ways if len(ways) <= MOST_NAMED else [b""])
    )
