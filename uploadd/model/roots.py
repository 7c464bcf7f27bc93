"""Whether the directory at a folder's path may be read: whose it is, and whose links led there.

Whoever owns a directory above a folder can put another one, or a link, in its place. So the
directory that was read first is remembered, and one of another owner waits for a person. Pure.
"""

from __future__ import annotations

import stat
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from uploadd.model.ownership import ROOT, Standing, is_writable_by_others

NOBODY = 65534
FOREIGN_ROOT = "foreign-root"
"""The reason code of a job that waits because its folder's directory is not read."""


@dataclass(frozen=True, slots=True)
class FollowedLink:
    """A symbolic link on the way to a directory: its real path, its owner, where it points."""

    path: bytes
    owner: int
    target: bytes


@dataclass(frozen=True, slots=True)
class SeenRoot:
    """The directory that a path leads to now. `path`: its real path."""

    path: bytes
    device: int
    inode: int
    owner: int
    links: tuple[FollowedLink, ...] = ()


@dataclass(frozen=True, slots=True)
class AcceptedRoot:
    """The directory of a folder that was accepted: when it was first read, or by a person.

    `links`: those of foreign owners that a person has accepted, each as it was then.
    """

    path: bytes
    device: int
    inode: int
    owner: int
    links: frozenset[FollowedLink] = frozenset()

    def is_of(self, seen: SeenRoot) -> bool:
        """Whether nothing of what is remembered has changed."""
        known = (self.path, self.device, self.inode, self.owner)
        return known == (seen.path, seen.device, seen.inode, seen.owner)

    def is_replaced_by(self, seen: SeenRoot) -> bool:
        """Whether another directory of the same owner has its place, on the same disk."""
        known = (self.device, self.owner)
        return known == (seen.device, seen.owner) and self.inode != seen.inode


@dataclass(frozen=True, slots=True)
class Us:
    """Who asks: `user`, our effective user id.

    `unknown`: the id that the kernel shows for every user whom it cannot name (nobody: in a user
    namespace, on a network share). A link that shows it may be anybody's.
    """

    user: int
    unknown: int = NOBODY


class WhyRefused(StrEnum):
    """What is wrong with a root."""

    OWNER = "owner"
    LINK = "link"
    SWAPPED = "swapped"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A root that is not read. `link`: the foreign one on the way to it (for `WhyRefused.LINK`)."""

    why: WhyRefused
    seen: SeenRoot
    accepted: AcceptedRoot | None = None
    link: FollowedLink | None = None


def why_refused(seen: SeenRoot, accepted: AcceptedRoot | None, us: Us) -> Refusal | None:
    """Why what was seen may not be read; None where it may.

    `accepted`: None where nothing was yet, and where nothing is remembered: then it is a matter of
    the links alone. Another directory of the same owner is as good as the one before.
    """
    if accepted is not None and accepted.owner != seen.owner:
        return Refusal(WhyRefused.OWNER, seen, accepted)
    link = _refused_link(seen, accepted, us)
    return None if link is None else Refusal(WhyRefused.LINK, seen, accepted, link)


def has_foreign_link(seen: SeenRoot, accepted: AcceptedRoot | None, us: Us) -> bool:
    """Whether somebody decides where the path leads who may not, whoever owns what is there."""
    return _refused_link(seen, accepted, us) is not None


def _refused_link(seen: SeenRoot, accepted: AcceptedRoot | None, us: Us) -> FollowedLink | None:
    allowed = accepted.links if accepted is not None else frozenset[FollowedLink]()
    return next((link for link in foreign_links(seen, us) if link not in allowed), None)


def foreign_links(seen: SeenRoot, us: Us) -> list[FollowedLink]:
    """The links of anyone but root, the directory's owner and our user."""
    trusted = trusted_users(seen.owner, us)
    return [link for link in seen.links if link.owner not in trusted]


def trusted_users(owner: int, us: Us) -> Collection[int]:
    """Who may decide where a path leads to a directory of `owner`."""
    known = {ROOT, owner} - {us.unknown}
    return known | {us.user}


def accept(seen: SeenRoot, us: Us) -> AcceptedRoot:
    """What is remembered when a person accepts what is there, foreign links included."""
    links = frozenset(foreign_links(seen, us))
    return AcceptedRoot(seen.path, seen.device, seen.inode, seen.owner, links)


def renew(accepted: AcceptedRoot, seen: SeenRoot) -> AcceptedRoot:
    """What is remembered of a root that may be read, and is not the same as before."""
    return AcceptedRoot(seen.path, seen.device, seen.inode, seen.owner, accepted.links)


@dataclass(frozen=True, slots=True)
class Above:
    """A directory on the way to a root, and the owner of what stands in it on that way."""

    path: bytes
    standing: Standing
    entry_owner: int


def is_exchangeable(above: Above, owner: int, us: Us) -> bool:
    """Whether anyone but root, the root's owner and our user can change where the way leads there.

    In a directory with the sticky bit (like /tmp), everybody can exchange only what is his own.
    """
    trusted = trusted_users(owner, us)
    if above.standing.owner not in trusted:
        return True
    if above.standing.mode & stat.S_ISVTX and above.entry_owner in trusted:
        return False
    return is_writable_by_others(above.standing, trusted)
