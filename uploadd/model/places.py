"""Where a file lies: whose settings hold for it, and by which path it is known."""

from __future__ import annotations

import os
from dataclasses import dataclass

from uploadd.model.configuration import Folder, OnChange
from uploadd.model.verdicts import Reason


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
        return os.path.join(self.root, self.relative) if self.relative else self.root

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
