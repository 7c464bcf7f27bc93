"""One directory tree that is taken in: its rules, and the accounts it goes to now."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from uploadd.intake.selection import Selection
from uploadd.intake.settle import Settler
from uploadd.model.configuration import Folder, WatchMode
from uploadd.model.jobs import Lane


@dataclass
class Tree:
    """A configured folder, or the directory of a backfill.

    `account_ids` is asked each time, because an account's row may change when its identity is
    learned. `lanes` remembers in which lane a candidate of the settler was seen.
    """

    root: bytes
    folder: Folder
    account_ids: Callable[[], tuple[int, ...]]
    is_own_clock: bool = True
    needs_md5: bool = False
    """Whether one of the accounts is on a service that knows contents by their MD5."""
    selection: Selection = field(init=False)
    settler: Settler = field(default_factory=Settler)
    lanes: dict[bytes, Lane] = field(default_factory=dict)
    reading: int = 0
    """Candidates that have settled and are not registered yet: a large file is read for long."""

    def __post_init__(self) -> None:
        self.selection = Selection(self.folder.include, self.folder.exclude, self.root)

    def waiting(self) -> int:
        """How many candidates are on their way, and not yet in the store."""
        return len(self.settler) + self.reading

    def holds(self, path: bytes) -> bool:
        """Whether `path` lies in this tree."""
        return is_inside(path, self.root)

    def relative(self, path: bytes) -> bytes:
        """`path` from the root."""
        return b"" if path == self.root else os.path.relpath(path, self.root)


def root_of(folder: Folder) -> bytes:
    """The folder's path as the file system spells it, without a slash at its end."""
    return os.fsencode(os.path.normpath(folder.path))


def is_inside(path: bytes, root: bytes) -> bool:
    """Whether `path` is `root`, or lies in it."""
    return path == root or path.startswith(root.rstrip(b"/") + b"/")


def plain_folder(directory: bytes) -> Folder:
    """The settings of a directory for which none are configured (design section 9)."""
    return Folder(name="", path=Path(os.fsdecode(directory)), accounts=(), watch=WatchMode.OFF)


def root_for(directory: bytes, rules: Folder) -> bytes:
    """Where the patterns of `rules` start from: the folder's root, or a directory outside of it."""
    return root_of(rules) if is_inside(directory, root_of(rules)) else directory
