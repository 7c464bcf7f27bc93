"""Whom something on the disk belongs to and who may write it, seen on the open descriptor.

What is judged by its descriptor and read from it cannot be exchanged in between.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from functools import cache
from pathlib import Path

from uploadd.files.mounts import file_system_of, keeps_modes
from uploadd.files.way import follow
from uploadd.model.ownership import (
    ROOT,
    Names,
    Objection,
    Standing,
    is_trusted,
    objection,
    objection_to_link,
)
from uploadd.model.roots import NOBODY, FollowedLink, Us

_ACCESS_LIST = "system.posix_acl_access"
# Four bytes, then eight for each entry: owner, group and others alone say no more than the mode.
_PLAIN_LIST_BYTES = 4 + 3 * 8
_PROC = "/proc"
OVERFLOW_USER = Path("/proc/sys/kernel/overflowuid")


class ForeignLinkError(OSError):
    """A symbolic link of somebody else stands in the way. `filename`: which one."""

    owner: int = ROOT

    @property
    def objection(self) -> Objection:
        """What to say of it (blocking: it asks for names)."""
        user = os.geteuid()
        names = Names(user_name(self.owner), "", user_name(user))
        return objection_to_link(str(self.filename), user, names)


def standing_of(descriptor: int) -> Standing:
    """What the inode of an open descriptor says (blocking)."""
    return _standing(os.fstat(descriptor), has_acl=_has_acl(descriptor))


def standing_at(name: str, directory: int) -> Standing:
    """The same of a name in an open directory, without following a link. Raises `OSError`."""
    return _standing(os.stat(name, dir_fd=directory, follow_symlinks=False), has_acl=False)


def look_at_standing(path: str | bytes | os.PathLike[str]) -> Standing:
    """The same of what `path` leads to (blocking). Raises `OSError`."""
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return standing_of(descriptor)
    finally:
        os.close(descriptor)


def names_of(standing: Standing) -> Names:
    """How the system calls whom it belongs to, and this process's user (blocking)."""
    return Names(user_name(standing.owner), group_name(standing.group), user_name(os.geteuid()))


def objection_at(path: str, standing: Standing) -> Objection | None:
    """Why `path`, which stands so, is not to be believed by this process; None where it is."""
    user = os.geteuid()
    if is_trusted(standing, user):
        return None
    found = objection(path, standing, user, names_of(standing))
    if keeps_modes(kind := file_system_of(os.fsencode(path))):
        return found
    more = f"if that changes nothing, its file system ({kind}) keeps no modes: mount it with"
    return Objection(found.text, f"{found.remedy} ({more} umask=022, or put it on another one)")


def open_by_own_links(path: str | os.PathLike[str], flags: int) -> int:
    """A descriptor of `path`, reached by no symbolic link but root's and this user's own.

    Raises `ForeignLinkError` for one of somebody else, `OSError`, `ValueError` for a NUL in it.
    """
    if "\0" in os.fspath(path):
        raise ValueError("embedded null byte")
    return follow(os.fsencode(path), flags, _refuse_foreign).descriptor


def _refuse_foreign(link: FollowedLink) -> None:
    if link.owner not in (ROOT, os.geteuid()):
        foreign = ForeignLinkError(
            errno.ELOOP, "a symbolic link of somebody else", os.fsdecode(link.path)
        )
        foreign.owner = link.owner
        raise foreign


def us() -> Us:
    """Who this process is."""
    return Us(os.geteuid(), _overflow_user())


@cache
def _overflow_user() -> int:
    try:
        return int(OVERFLOW_USER.read_text())
    except (OSError, ValueError):
        return NOBODY


def user_name(user: int) -> str:
    """How the system calls a user; the number where it does not know it."""
    try:
        return pwd.getpwuid(user).pw_name
    except (KeyError, OSError, OverflowError):
        return str(user)


def group_name(group: int) -> str:
    """How the system calls a group; the number where it does not know it."""
    try:
        return grp.getgrgid(group).gr_name
    except (KeyError, OSError):
        return str(group)


def user_of_group(group: int) -> int | None:
    """The one user that a group is there for; None where it has others, or nobody can tell.

    Such a group has its user's name, is that user's first group and nobody else's, and no member.
    (The name has to be the same because a directory service may not list all its users.)
    """
    try:
        named = grp.getgrgid(group)
        user = pwd.getpwnam(named.gr_name)
        first = {one.pw_uid for one in pwd.getpwall() if one.pw_gid == group}
    except (KeyError, OSError):
        return None
    is_own = user.pw_gid == group and first <= {user.pw_uid}
    return user.pw_uid if is_own and set(named.gr_mem) <= {user.pw_name} else None


def _standing(seen: os.stat_result, *, has_acl: bool) -> Standing:
    # The question for the group may go over the network: only where it matters.
    is_group_asked = seen.st_mode & stat.S_IWGRP and not has_acl
    user = user_of_group(seen.st_gid) if is_group_asked else None
    return Standing(seen.st_uid, seen.st_gid, seen.st_mode, user, has_acl)


def _has_acl(descriptor: int) -> bool:
    # By its name in /proc, because one of O_PATH answers no such question itself.
    for way in (descriptor, f"{_PROC}/self/fd/{descriptor}"):
        try:
            return len(os.getxattr(way, _ACCESS_LIST)) > _PLAIN_LIST_BYTES
        except OSError as error:
            if error.errno != errno.EBADF:  # there is none, or the file system has no such lists
                return False
    return False
