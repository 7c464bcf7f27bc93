"""The directories on the way to a folder's root: who could put something else in its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from uploadd.files.ownership import us
from uploadd.files.standing import standing_of
from uploadd.model.roots import Above, SeenRoot, is_exchangeable

USER_MAP = Path("/proc/self/uid_map")
_EVERY_USER = ["0", "0", "4294967295"]


def exchangeable_above(seen: SeenRoot) -> list[Above]:
    """Every directory in which others can exchange the way to a root, the outermost first.

    Blocks. One whose owner this user namespace does not know is passed over: nobody can tell.
    """
    asker, are_all_known = us(), _knows_every_user()
    told = {
        above.path: above
        for above in _ways(seen)
        if is_exchangeable(above, seen.owner, asker)
        and (above.standing.owner != asker.unknown or are_all_known)
    }
    return [told[path] for path in sorted(told)]


def _ways(seen: SeenRoot) -> Iterator[Above]:
    for place in dict.fromkeys((seen.path, *(link.path for link in seen.links))):
        for directory, entry in _steps(place):
            above = _look(directory, entry)
            if above is not None:
                yield above


def _steps(place: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each directory above a real path, with what it holds on the way there."""
    while (above := os.path.dirname(place)) != place:
        yield above, place
        place = above


def _look(directory: bytes, entry: bytes) -> Above | None:
    try:
        descriptor = _open(directory)
    except OSError:
        return None
    try:
        owner = os.lstat(entry).st_uid
        return Above(directory, standing_of(descriptor), owner)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _open(directory: bytes) -> int:
    """Its access list can be read where it may be listed."""
    try:
        return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        return os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _knows_every_user() -> bool:
    try:
        return USER_MAP.read_text().split() == _EVERY_USER
    except OSError:
        return True
