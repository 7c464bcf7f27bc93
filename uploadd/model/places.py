"""Where a file lies: whose settings hold for it, and by which path it is known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple

from uploadd.model.configuration import Folder, OnChange
from uploadd.model.verdicts import Reason


class Spot(NamedTuple):
    """Where something is reached: from the directory `root`, by the way `relative`.

    An empty way is the root itself.
    """

    root: bytes
    relative: bytes

    @property
    def path(self) -> bytes:
        """For people, and for the database."""
        return os.path.join(self.root, self.relative) if self.relative else self.root

    @property
    def name(self) -> bytes:
        """The last name of the way."""
        return os.path.basename(self.relative)

    @property
    def above(self) -> Spot:
        """The directory that holds it."""
        return Spot(self.root, os.path.dirname(self.relative))


def spot_of(path: bytes, root: bytes) -> Spot:
    """The spot of a path below a root; of one that is not spelled so, below its own directory."""
    if path == root:
        return Spot(root, b"")
    if is_inside(path, root):
        return Spot(root, path[len(root.rstrip(b"/")) + 1 :])
    return Spot(*os.path.split(path))


@dataclass(frozen=True, slots=True)
class Place:
    """A file or directory below `root`, by the way `relative` (empty: the root itself).

    `folder`: the folder whose settings hold; None: those of what lies in no folder. Its patterns
    and its templates begin at `root`. `is_named`: a person named the folder (`--folder`).
    """

    folder: Folder | None
    root: bytes
    relative: bytes
    is_named: bool = False

    @property
    def path(self) -> bytes:
        """The one path by which the store knows it."""
        return self.spot.path

    @property
    def spot(self) -> Spot:
        """How it is reached."""
        return Spot(self.root, self.relative)

    @property
    def folder_name(self) -> str:
        """The folder's name; empty where it lies in none."""
        return self.folder.name if self.folder is not None else ""

    @property
    def on_change(self) -> OnChange:
        """What new content under a known path does."""
        return self.folder.on_change if self.folder is not None else OnChange.NEW


def is_inside(path: bytes, root: bytes) -> bool:
    """Whether one spelling is `root`, or below it; never by which folder a file lies in."""
    return bool(root) and (path == root or path.startswith(root.rstrip(b"/") + b"/"))


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the settings of now say of a queued job. `why_not`: why they leave it out."""

    place: Place
    why_not: Reason | None = None
