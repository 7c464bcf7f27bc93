"""Who may write a file or a directory, judged by what its inode says.

Trusted are root and the user that uploadd runs as. Everything here is a decision about values;
`files/standing.py` makes them of what lies on the disk.
"""

from __future__ import annotations

import shlex
import stat
from collections.abc import Collection
from dataclasses import dataclass

ROOT = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom a file or a directory belongs to, and who may write it.

    `mode`: as stat(2) has it. `group_user`: the one user that the group is there for, as every
    user of Debian or Fedora has a group; None where it has others, or nobody can tell.
    `has_acl`: an access list names more users or groups, and the group's bits bound its rights.
    """

    owner: int
    group: int
    mode: int
    group_user: int | None = None
    has_acl: bool = False


@dataclass(frozen=True, slots=True)
class Objection:
    """Why something is not used (`text`, after its name), and the command that changes it."""

    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Names:
    """How a person calls an inode's owner and its group, and the user that uploadd runs as."""

    of_owner: str
    of_group: str
    of_user: str


def is_writable_by_others(standing: Standing, trusted: Collection[int]) -> bool:
    """Whether anybody but root, its owner and the users `trusted` may write it.

    A device is never: what is written to it is not what is read from it.
    """
    if stat.S_ISCHR(standing.mode) or stat.S_ISLNK(standing.mode):
        return False
    if standing.mode & stat.S_IWOTH:
        return True
    if not standing.mode & stat.S_IWGRP:
        return False
    return standing.has_acl or standing.group_user not in (ROOT, standing.owner, *trusted)


def is_trusted(standing: Standing, user: int) -> bool:
    """Whether it belongs to root or to `user`, and nobody else may write it."""
    return standing.owner in (ROOT, user) and not is_writable_by_others(standing, (user,))


def may_be_planted(links: int, owner: int, directory: Standing, user: int) -> bool:
    """Whether somebody may have linked another one's file into a directory, to have it uploaded.

    `links`, `owner`: of the file; `directory`: the one that it was found in. Not where the file
    belongs to `user` or to the directory's owner, as in archives of `cp -l`, nor where nobody but
    root, `user` and the file's owner may write in the directory.
    """
    if links == 1 or owner in (user, directory.owner):
        return False
    is_trusted_owner = directory.owner in (ROOT, user)
    return not is_trusted_owner or is_writable_by_others(directory, (user, owner))


def objection(path: str, standing: Standing, user: int, names: Names) -> Objection:
    """Why `user` does not trust what lies at `path`, and the command that changes that."""
    if standing.owner not in (ROOT, user):
        return _to_foreign(path, user, names)
    return Objection(
        f"can be written by {writers(standing, names)}",
        f"run: {command_to_close(path, standing, user)}",
    )


def writers(standing: Standing, names: Names) -> str:
    """Who may write it by its mode or access list, beside its owner."""
    if standing.mode & stat.S_IWOTH:
        return "everybody"
    if standing.has_acl:
        return "others (its access list says whom: getfacl)"
    return f"the group {names.of_group}"


def command_to_close(path: str, standing: Standing, user: int) -> str:
    """The command of `user` after which nobody but its owner may write what lies at `path`."""
    sudo = "" if user in (standing.owner, ROOT) else "sudo "
    return f"{sudo}chmod go-w {shlex.quote(path)}"


def objection_to_link(link: str, user: int, names: Names) -> Objection:
    """Why a symbolic link of neither root nor `user` is not followed."""
    owner = "" if user == ROOT else "sudo "
    return Objection(
        f"is reached by {link}, a symbolic link of {names.of_owner}",
        f"see where it leads, then: {owner}chown -h {names.of_user} {shlex.quote(link)}",
    )


def _to_foreign(path: str, user: int, names: Names) -> Objection:
    text = f"belongs to {names.of_owner}, and neither to root nor to the user that runs uploadd"
    quoted = shlex.quote(path)
    if user == ROOT:
        return Objection(
            text,
            f"run uploadd as that user (sudo -u {as_sudo_takes(names.of_owner)} uploadd …), or see"
            f" what it holds and make it root's: chown root {quoted}",
        )
    return Objection(text, f"see what it holds, then: sudo chown {names.of_user} {quoted}")


def as_sudo_takes(user: str) -> str:
    """A user's name behind `sudo -u`; a number, where there is no name, stands behind a #."""
    return shlex.quote(f"#{user}") if user.isdecimal() else user
