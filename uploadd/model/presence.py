"""Whether the files that are known in a directory may be called gone, or are away with their disk.

A **ground** is a directory whose files come and go together: a folder's root, or a mount point
below one. An unmounted disk leaves an empty directory behind, so that no listing tells it from a
folder that was emptied. What tells them apart is which directory it is. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from uploadd.model.places import is_inside

Identity = tuple[int, int]
"""A directory's device and inode."""


class Presence(Enum):
    """What has become of a ground."""

    HERE = auto()  # it is what it was, or shows a file that was known in it
    EMPTIED = auto()  # it is what it was, and its files are gone
    AWAY = auto()  # another directory, or none, is in its place, with no file that was known


@dataclass(frozen=True, slots=True)
class Ground:
    """What is remembered of a ground. `directory`: its path, as the store knows files in it.

    `folder`: the name of the folder that holds it; empty: none does. `identity`: which directory
    it was when files were seen in it; None: that is not known. `since`: when another one, or none,
    was found in its place (unix seconds); None: it is here. `known_to`: the newest line of the
    history at that moment: files that were born later lie on what is there instead.
    """

    directory: bytes
    folder: str
    identity: Identity | None
    since: float | None = None
    known_to: int = 0

    @property
    def is_away(self) -> bool:
        """Whether nothing in it may be called gone."""
        return self.since is not None


def presence(remembered: Identity | None, now: Identity | None, *, has_known: bool) -> Presence:
    """What has become of a ground in which files are known.

    `remembered`: which directory it was (None: nobody has noted it); `now`: which one is there
    (None: none is); `has_known`: whether one of the known files is there.
    """
    if has_known:
        return Presence.HERE
    is_same = remembered is not None and remembered == now
    return Presence.EMPTIED if is_same else Presence.AWAY


def returned(ground: Ground, now: Identity) -> Ground:
    """The same, here: it is the directory `now` from now on."""
    return replace(ground, identity=now, since=None, known_to=0)


def missed(ground: Ground, now: float, newest: int) -> Ground:
    """The same, away, since `now` at the latest. `newest`: the newest line of the history."""
    return ground if ground.is_away else replace(ground, since=now, known_to=newest)


def around(directory: bytes, grounds: Iterable[Ground]) -> list[Ground]:
    """The grounds that a directory lies in, the innermost one first."""
    holding = [one for one in grounds if is_inside(directory, one.directory)]
    return sorted(holding, key=lambda one: -len(one.directory))
