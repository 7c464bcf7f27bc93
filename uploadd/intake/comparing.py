"""What is new, changed or gone in a directory's listing, beside what the store knows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import NamedTuple

from uploadd.intake.listings import Entry, Listing
from uploadd.model.sightings import KnownFile

_DEVICE = attrgetter("device")


class Difference(NamedTuple):
    """What there is to do about a directory.

    `fresh`: candidates that are new, changed, or lack a job for an account, by name. `gone`:
    known names that are certainly not there any more. `left_out`: known names that are there
    but are no candidates (any more). `device_moved`: the directory is on its former device, which
    has another number now; see `compare`.
    """

    fresh: list[Entry]
    gone: list[bytes]
    left_out: list[bytes]
    device_moved: bool


def compare(listing: Listing, known: Mapping[bytes, KnownFile], wanted: str) -> Difference:
    """What is to be done about the files of `listing`, where the store has `known` for them.

    `wanted`: the accounts that each file must have a job for, separated by blanks.

    A file is unchanged where size, mtime_ns and inode are equal. A file is gone only where the
    directory was read to its end and lies on the device it lay on: an unmounted disk shows an
    empty directory too. Device numbers may change with each mount; where an unchanged file
    proves that it is the same file system, the new number is as good as the old.
    """
    fresh: list[Entry] = []
    shown = unchanged = 0
    look_up = known.get
    for entry in listing.entries:
        name, size, mtime_ns, inode, _, _ = entry
        file = look_up(name)
        if file is None:
            fresh.append(entry)
            continue
        shown += 1
        known_size, known_mtime_ns, known_inode, _, covers = file
        if mtime_ns != known_mtime_ns or size != known_size or inode != known_inode:
            stat = entry.stat  # in the numbers of the store, which a few files need
            if (stat.size, stat.mtime_ns, stat.inode) != file[:3]:
                fresh.append(entry)
                continue
        unchanged += 1
        if covers != wanted and not covers_all(covers, wanted):
            fresh.append(entry)
    fresh.sort()
    has_moved = unchanged > 0 and _has_moved(listing, known)
    if shown == len(known):
        return Difference(fresh, [], [], has_moved)
    missing = known.keys() - {entry.name for entry in listing.entries}
    left_out = sorted(missing.intersection(listing.excluded))
    gone = [] if listing.error else _gone(listing, known, missing, is_same_place=unchanged > 0)
    return Difference(fresh, gone, left_out, has_moved)


def covers_all(covers: str, wanted: str) -> bool:
    """Whether every account in `wanted` is in `covers`; both are separated by blanks."""
    return set(wanted.split()) <= set(covers.split())


def _gone(
    listing: Listing,
    known: Mapping[bytes, KnownFile],
    missing: set[bytes],
    *,
    is_same_place: bool,
) -> list[bytes]:
    there = missing.intersection(listing.excluded) | (missing & listing.unreadable.keys())
    return sorted(
        name for name in missing - there if is_same_place or known[name].device == listing.device
    )


def _has_moved(listing: Listing, known: Mapping[bytes, KnownFile]) -> bool:
    """Whether a known file lies on another device than the directory and the files in it.

    An overlay shows files on devices of their own, so those count as well.
    """
    others = set(map(_DEVICE, known.values())) - {listing.device}
    return bool(others) and bool(others - {entry.device for entry in listing.entries})
