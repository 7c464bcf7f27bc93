"""The directories on the way to a folder's root: who could put something else in its place."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Collection, Iterator
from pathlib import Path

from uploadd.files.ownership import us
from uploadd.model.roots import (
    Above,
    Exchange,
    SeenRoot,
    Us,
    trusted_users,
    who_can_exchange,
)

ACCESS_LIST = "system.posix_acl_access"
USER_MAP = Path("/proc/self/uid_map")
_EVERY_USER = ["0", "0", "4294967295"]


def exchanges(seen: SeenRoot) -> list[Exchange]:
    """Every directory in which others can exchange the way to a root, the outermost first.

    Blocks. One whose owner this user namespace does not know is passed over: nobody can tell.
    """
    asker = us()
    found = [who_can_exchange(above, seen.owner, asker) for above in _ways(seen, asker)]
    told = {one.above.path: one for one in found if one is not None}
    return [told[path] for path in sorted(told)]


def _ways(seen: SeenRoot, asker: Us) -> Iterator[Above]:
    trusted = trusted_users(seen.owner, asker)
    are_all_known = _knows_every_user()
    for place in dict.fromkeys((seen.path, *(link.path for link in seen.links))):
        for directory, entry in _steps(place):
            above = _look(directory, entry, trusted)
            if above is not None and (above.owner != asker.unknown or are_all_known):
                yield above


def _steps(place: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each directory above a real path, with what it holds on the way there."""
    while (above := os.path.dirname(place)) != place:
        yield above, place
        place = above


def _look(directory: bytes, entry: bytes, trusted: Collection[int]) -> Above | None:
    try:
        there, inside = os.lstat(directory), os.lstat(entry)
    except OSError:
        return None
    is_private = _is_private(directory, there.st_gid, trusted)
    return Above(directory, there.st_uid, there.st_mode, inside.st_uid, is_private)


def _is_private(directory: bytes, group: int, trusted: Collection[int]) -> bool:
    """Whether a directory's group is one user's own: many systems make one for each user."""
    try:
        found = grp.getgrgid(group)
        users = {pwd.getpwnam(name).pw_uid for name in (found.gr_name, *found.gr_mem)}
    except (KeyError, OverflowError):
        return False
    return users <= set(trusted) and not _has_access_list(directory)


def _has_access_list(directory: bytes) -> bool:
    """Its group bits are then the most that the list gives, to whomever."""
    try:
        return ACCESS_LIST in os.listxattr(directory)
    except OSError:
        return False


def _knows_every_user() -> bool:
    try:
        return USER_MAP.read_text().split() == _EVERY_USER
    except OSError:
        return True
