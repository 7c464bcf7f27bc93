"""One directory tree that is taken in: its rules, and the accounts it goes to now."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from uploadd.intake.selection import Selection
from uploadd.intake.settle import Settler
from uploadd.model.configuration import Folder, WatchMode
from uploadd.model.jobs import Lane
from uploadd.model.places import Place, Spot, is_inside, spot_of
from uploadd.model.restless import Restless


@dataclass(frozen=True)
class Roster:
    """The accounts at work, asked for by their names."""

    ids: Callable[[Sequence[str]], tuple[int, ...]]
    """Their rows now: an account's row may change when its identity is learned."""
    need_md5: Callable[[Sequence[str]], bool]
    """Whether one of them is on a service that knows contents by their MD5."""


@dataclass
class Tree:
    """A configured folder, or the directory of a backfill: by what a walk of it goes.

    What a walk finds goes by the settings of where it lies (`intake/rules.py`). `only`: no other
    accounts than these (`--account`); None: all. `is_named`: a person named the folder for a
    directory that lies outside of it (`--folder`). `is_asked`: a person named the file and its
    photo. `is_own_clock`: no other machine's clock makes the times of its files, as each walk finds
    out. `lanes` remembers in which lane a candidate of the settler was seen.
    """

    root: bytes
    folder: Folder
    roster: Roster
    is_own_clock: bool = False
    only: tuple[str, ...] | None = None
    is_named: bool = False
    is_asked: bool = False
    selection: Selection = field(init=False)
    settler: Settler = field(default_factory=Settler)
    lanes: dict[bytes, Lane] = field(default_factory=dict)
    reading: set[bytes] = field(default_factory=set)
    """Candidates that have settled and are not registered yet."""
    large: set[bytes] = field(default_factory=set)
    """Those of them that are large: each of them is read for long, or waits for that."""
    on_closed: Callable[[bytes], None] | None = None
    """Called with a directory that its candidates could not be reached in: it is walked when it is
    open again, and they are found anew. None: nobody does that."""

    def __post_init__(self) -> None:
        self.selection = Selection(self.folder.include, self.folder.exclude, self.root)

    def waiting(self) -> int:
        """How many candidates are on their way, and not yet in the store."""
        return len(self.settler) + len(self.reading) + len(self.large)

    def is_read(self, path: bytes) -> bool:
        """Whether a file is on its way behind the settler already."""
        return path in self.reading or path in self.large

    def restless(self, now: float, limit_seconds: float) -> Restless:
        """Those of them that do not come to rest. `now`: monotonic seconds."""
        return self.settler.restless(now, limit_seconds)

    def account_ids(self) -> tuple[int, ...]:
        """The accounts that a file needs a job for."""
        return self.roster.ids(self.folder.accounts)

    def accounts_for(self, place: Place) -> tuple[str, ...]:
        """The names of the accounts that a file goes to, by where it lies."""
        if place.folder is None:
            return () if self.folder.name else self.folder.accounts
        return narrow(place.folder, self.only).accounts

    def holds(self, path: bytes) -> bool:
        """Whether `path` lies in this tree."""
        return is_inside(path, self.root)

    def spot(self, path: bytes) -> Spot:
        """How what lies at `path` is reached."""
        return spot_of(path, self.root)


def plain_folder(directory: bytes) -> Folder:
    """The settings of a directory for which none are configured (design section 9)."""
    return Folder(name="", path=Path(os.fsdecode(directory)), accounts=(), watch=WatchMode.OFF)


def narrow(folder: Folder, only: Sequence[str] | None) -> Folder:
    """A folder with no other accounts than these (None: all of its own)."""
    if only is None:
        return folder
    return replace(folder, accounts=tuple(name for name in folder.accounts if name in only))
