"""The directories on the way to a path: who could put something else in its place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from uploadd.files.standing import look_at_standing, us
from uploadd.model.roots import Above, FollowedLink, is_exchangeable

USER_MAP = Path("/proc/self/uid_map")
_EVERY_USER = ["0", "0", "4294967295"]


def exchangeable_above(path: bytes, links: Iterable[FollowedLink], owner: int) -> list[Above]:
    """Every directory in which others than `owner` can exchange what is at `path`, outermost first.

    `path`: the real one; `links`: those that led there. Blocks. A directory whose owner this user
    namespace does not know is passed over: nobody can tell.
    """
    asker, are_all_known = us(), _knows_every_user()
    told = {
        above.path: above
        for above in _ways((path, *(link.path for link in links)), owner)
        if is_exchangeable(above, owner, asker)
        and (above.standing.owner != asker.unknown or are_all_known)
    }
    return [told[path] for path in sorted(told)]


def _ways(places: Iterable[bytes], owner: int) -> Iterator[Above]:
    for place in dict.fromkeys(places):
        for directory, entry in _steps(place):
            above = _look(directory, entry, owner)
            if above is not None:
                yield above


def _steps(place: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each directory above a real path, with what it holds on the way there."""
    while (above := os.path.dirname(place)) != place:
        yield above, place
        place = above


def _look(directory: bytes, entry: bytes, owner: int) -> Above | None:
    """None where it cannot be looked at. What is not there yet will be `owner`'s."""
    try:
        standing = look_at_standing(directory)
        with suppress(FileNotFoundError):
            owner = os.lstat(entry).st_uid
    except OSError:
        return None
    return Above(directory, standing, owner)


def _knows_every_user() -> bool:
    try:
        return USER_MAP.read_text().split() == _EVERY_USER
    except OSError:
        return True
