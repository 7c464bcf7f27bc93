"""Which trees a backfill's directories mean: by whose rules, and to which accounts.

A directory is one tree for what lies in no other folder, and one for each configured folder below
it: each is walked by its own folder's rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from uploadd.files.directories import trouble_with_directory
from uploadd.files.opening import printable
from uploadd.intake.tree import narrow, plain_folder
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.errors import RootRefusedError, UsageError
from uploadd.model.left_alone import LeftAlone
from uploadd.model.places import Place, Spot, is_inside
from uploadd.operations.accepted import folders_of
from uploadd.operations.choosing import account_asked_for, account_called, folder_called


@dataclass(frozen=True, slots=True)
class Wanted:
    """A directory to be walked: `start` is where the walk begins, from `root` (empty: there).

    `folder`: its rules, with the accounts that it goes to; where these are none, its files are
    only counted. `is_named`: the rules are those of a folder that a person named for it.
    """

    root: bytes
    start: bytes
    folder: Folder
    is_named: bool = False

    @property
    def spot(self) -> Spot:
        """How it is reached."""
        return Spot(self.root, self.start)

    @property
    def directory(self) -> bytes:
        """The directory itself."""
        return self.spot.path


def wanted_trees(
    configuration: Configuration,
    directories: Sequence[str],
    account: str | None,
    folder: str | None,
) -> list[Wanted]:
    """The trees of these directories (blocking). Raises `UsageError` for what is not known."""
    wishes = _Wishes(configuration, account, folder)
    wanted = [one for directory in directories for one in wishes.trees(directory)]
    return list(dict.fromkeys(wanted))


def separate(directories: Sequence[bytes]) -> list[bytes]:
    """The directories without those that lie in another of them."""
    found: list[bytes] = []
    for directory in sorted(set(directories)):
        if not any(is_inside(directory, above) for above in found):
            found.append(directory)
    return found


def sum_of_walks(walks: Iterable[tuple[str, bytes, LeftAlone]]) -> LeftAlone:
    """What was left alone in all, by the folder and the directory of each walk.

    No name is counted twice where one directory lies in another; a folder in another one is walked
    by itself. A directory that could not be read always counts: the walk from above may not have
    come to it.
    """
    found, known = LeftAlone(), {(folder, directory): left for folder, directory, left in walks}
    for (folder, directory), left in known.items():
        apart = separate([there for name, there in known if name == folder])
        found = found.plus(left if directory in apart else left.unread())
    return found


class _Wishes:
    """What the options of one backfill say."""

    def __init__(
        self, configuration: Configuration, account: str | None, folder: str | None
    ) -> None:
        self._configuration = configuration
        self._folders = folders_of(configuration)
        self._only: tuple[str, ...] | None = None
        if account is not None:
            self._only = (account_called(configuration, account, f"--account {account}").name,)
        self._named = None if folder is None else folder_called(configuration, folder)

    def trees(self, directory: str) -> Iterator[Wanted]:
        """The directory itself, and each configured folder below it."""
        path = os.fsencode(directory)
        trouble = trouble_with_directory(path)
        if trouble is not None:
            raise UsageError(*trouble)
        if self._folders.is_own(path):
            raise UsageError(
                f"{printable(path)} lies in uploadd's own state directory",
                "name a directory with photos",
            )
        yield self._own(self._place(path))
        for folder in self._folders.below(path):
            if os.path.lexists(folder.root):  # else there is nothing to be taken in
                yield Wanted(folder.root, b"", narrow(folder, self._only))

    def _place(self, path: bytes) -> Place:
        """Nothing is read by way of a foreign link, or of a folder that waits for a person."""
        try:
            place = self._folders.place_named(path)
            refused = self._folders.accepted.why_not(place.root)
        except RootRefusedError as error:
            refused = error
        except OSError as error:
            raise UsageError(f"{printable(path)} cannot be read: {error.strerror}") from None
        if refused is not None:
            raise UsageError(refused.text, refused.remedy)
        return place

    def _own(self, place: Place) -> Wanted:
        named = self._named
        if named is not None:
            start = place.relative if named is place.folder else b""
            root = place.root if named is place.folder else place.path
            return Wanted(root, start, self._narrow_named(named), is_named=True)
        if place.folder is not None:
            return Wanted(place.root, place.relative, narrow(place.folder, self._only))
        only = self._only or (account_asked_for(self._configuration, None).name,)
        return Wanted(place.root, b"", replace(plain_folder(place.root), accounts=only))

    def _narrow_named(self, named: Folder) -> Folder:
        rules = narrow(named, self._only)
        if rules.accounts:
            return rules
        raise UsageError(
            f"folder {named.name} does not name account {' '.join(self._only or ())}",
            f"leave --account out, or name another folder: it goes to {', '.join(named.accounts)}",
        )
