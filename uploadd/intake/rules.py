"""Whose settings hold for a file, and whether they take it: asked anew for each file.

A walk or an event only says that a file may be there. Which folder it lies in, by which path it is
known, and which accounts it goes to is decided here, by the configuration and the disk of now, at
the sighting and again when its send begins.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from uploadd.files.membership import Folders
from uploadd.files.reaching import Roots, Route
from uploadd.intake.selection import Choice, Selection
from uploadd.intake.tree import Tree
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.jobs import Job
from uploadd.model.places import Place, Ruling, Spot
from uploadd.model.roots import AcceptedRoot
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store.sightings import EXCLUDED


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file that a tree came by, and what the settings say of it: where it lies and goes.

    `route`: how it is reached, by the tree and by its place alike. `account_ids`: the rows of the
    accounts. `with_md5`: whether one of them knows contents by it.
    """

    route: Route
    place: Place
    account_ids: tuple[int, ...]
    with_md5: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    """What the settings say of the files of one directory that a tree came by.

    `at`: the directory as the tree reached it; `place`: where it lies. `is_closed`: they leave out
    all of it; `selection`: what they take of it, None: everything.
    """

    roots: Roots
    at: Spot
    place: Place
    account_ids: tuple[int, ...]
    with_md5: bool
    selection: Selection | None = None
    is_closed: bool = False

    def sighting(self, name: bytes) -> Sighting | None:
        """What they say of one of its files; None where they leave it out."""
        place = _below(self.place, name)
        selection = self.selection
        if self.is_closed or (
            selection is not None and selection.verdict(place.relative, name) is not Choice.TAKE
        ):
            return None
        route = self.roots.route(_in(self.at, name), place.spot)
        return Sighting(route, place, self.account_ids, self.with_md5)


class Rules:
    """The settings of one configuration. What looks at the disk blocks."""

    def __init__(
        self,
        configuration: Configuration,
        accepted: Mapping[bytes, AcceptedRoot] | None = None,
        *,
        remembers: bool = False,
    ) -> None:
        """`accepted` and `remembers`: see `Folders`."""
        self._named = configuration.folders
        self.folders = Folders.of(configuration, accepted, remembers=remembers)

    def sight(self, tree: Tree, path: bytes) -> Sighting | None:
        """What the settings say of a file that `tree` came by; None where they leave it out."""
        home = self.home(tree, path)
        return home.sighting(os.path.basename(path)) if home is not None else None

    def home(self, tree: Tree, path: bytes) -> Home | None:
        """The same for all files that lie beside this one; None where they leave all of them out.

        To be asked once for many files of a directory: it looks at every folder's root.
        """
        if tree.is_named and tree.folder.name not in self._named:
            return None
        selection, is_closed = None, False
        if tree.is_asked:
            file, accounts = self.place_for(path, tree.folder.accounts), tree.folder.accounts
            place = _above(file)
        else:
            file = self._place(path, tree.root, tree.folder.name if tree.is_named else "")
            accounts, place = tree.accounts_for(file), _above(file)
            selection = _selection_of(file.folder, file.root)
            is_closed = not selection.reaches(place.relative)
        roster, at = tree.roster, tree.spot(path).above
        ids, with_md5 = roster.ids(accounts), roster.need_md5(accounts)
        return Home(self.folders.roots, at, place, ids, with_md5, selection, is_closed)

    def at_home(self, tree: Tree, directories: Sequence[bytes]) -> list[bytes]:
        """Those of the directories in which the folder holds that a person named for `tree`."""
        name = tree.folder.name if tree.is_named else ""
        files = [(directory, os.path.join(directory, b"a file")) for directory in directories]
        return [at for at, file in files if self._place(file, tree.root, name).is_named]

    def ruling_on(self, job: Job, account: str) -> Ruling:
        """Where a job's file lies by the settings of now, and whether they send it to its account.

        What a person gave a photo by name (`uploadd replace`) goes there wherever it lies.
        """
        if job.is_asked:
            return Ruling(self.place_for(job.path, (account,)))
        is_lost = job.is_folder_named and job.folder not in self._named
        place = self._place(job.path, job.root, job.folder if job.is_folder_named else "")
        if is_lost:
            return Ruling(place, _not_configured(job.folder))
        if place.folder is not None and account not in place.folder.accounts:
            return Ruling(place, _not_named(place.folder, account))
        return Ruling(place, None if _takes(place) else EXCLUDED)

    def job_now(self, job: Job, account: str) -> Job:
        """A queued job by the settings of now; any other went by what it has noted."""
        if job.state is not State.QUEUED:
            return job
        place = self.ruling_on(job, account).place
        return replace(
            job, folder=place.folder_name, root=place.root, is_folder_named=place.is_named
        )

    def place_for(self, path: bytes, accounts: Sequence[str]) -> Place:
        """Where a file lies that a person sends to these accounts by name.

        It goes by no folder's settings where that one does not name them.
        """
        place = self.folders.place(path)
        if place.folder is None or set(accounts) <= set(place.folder.accounts):
            return place
        return replace(place, folder=None)

    def _place(self, path: bytes, base: bytes, named: str) -> Place:
        return self.folders.place(path, base, self._named.get(named))


def _not_named(folder: Folder, account: str) -> Reason:
    text = f"folder {folder.name}, in which it lies, does not name account {account}"
    return Reason("excluded", text, f"add it to folders.{folder.name}.accounts if it is wanted")


def _not_configured(name: str) -> Reason:
    text = f"folder {name}, which a person named for it, is not configured any more"
    return Reason(
        "excluded", text, "back up its directory again, by the settings that it shall have"
    )


def _takes(place: Place) -> bool:
    return _selection_of(place.folder, place.root).verdict_below(place.relative) is Choice.TAKE


def _above(file: Place) -> Place:
    return replace(file, relative=os.path.dirname(file.relative))


def _below(directory: Place, name: bytes) -> Place:
    relative = _joined(directory.relative, name)
    return Place(directory.folder, directory.root, relative, directory.is_named)


def _in(directory: Spot, name: bytes) -> Spot:
    return Spot(directory.root, _joined(directory.relative, name))


def _joined(relative: bytes, name: bytes) -> bytes:
    return relative + b"/" + name if relative else name


@lru_cache(maxsize=256)
def _selection_of(folder: Folder | None, root: bytes) -> Selection:
    if folder is None:
        return Selection(root=root)
    return Selection(folder.include, folder.exclude, root)
