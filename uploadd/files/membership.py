"""Which configured folder a path lies in, by the identity of the directories above it.

However a path is spelled (a symbolic link, another name of a mount), a folder is the directory
that its `path` leads to now. Everything that asks whose settings hold asks `Folders.place`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from uploadd.files.accepted import AcceptedRoots
from uploadd.files.directories import real_path
from uploadd.files.folder_root import LOOK_SECONDS, FolderRoot, Identity, identity_of, upwards
from uploadd.files.mounts import mounts_below
from uploadd.files.opening import printable
from uploadd.files.parents import exchangeable_above
from uploadd.files.patience import within
from uploadd.files.reaching import Roots
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.errors import RootRefusedError
from uploadd.model.places import Place, is_inside
from uploadd.model.roots import AcceptedRoot, SeenRoot

_NOT_A_NAME = frozenset({b"", b".", b".."})


class Folders:
    """The configured folders as they lie on the disk now. Every method blocks.

    `remembers`: a directory is looked at once, for a command that shows many files at one moment.
    `state_dir`: uploadd's own, of which nothing is a candidate. `accepted`: the directories that
    may be read, by the paths of their folders.

    A folder that a foreign link leads away is known by its configured path alone: what lies at the
    link's end is not its own, and what lies below that path is nobody else's.

    A folder's directory that was accepted and is not at its path any more stays its own, wherever
    it was moved to: else whoever may write above a private folder could rename it, and have it
    uploaded by the settings of the folder around it.
    """

    def __init__(
        self,
        folders: Iterable[Folder],
        state_dir: bytes = b"",
        accepted: Mapping[bytes, AcceptedRoot] | None = None,
        *,
        remembers: bool = False,
    ) -> None:
        every = list(folders)
        self.accepted = AcceptedRoots({folder.root: folder.name for folder in every})
        self.accepted.learn(accepted or {})
        self.roots = Roots(self.accepted, self._others)
        self._roots = [FolderRoot(folder, self.accepted) for folder in every]
        self._state_dir = state_dir
        self._seen: dict[bytes, Place] | None = {} if remembers else None

    @classmethod
    def of(
        cls,
        configuration: Configuration,
        accepted: Mapping[bytes, AcceptedRoot] | None = None,
        *,
        remembers: bool = False,
    ) -> Folders:
        """Those of a configuration."""
        state_dir = os.fsencode(configuration.state_dir)
        return cls(configuration.folders.values(), state_dir, accepted, remembers=remembers)

    @property
    def configured(self) -> list[Folder]:
        """Each of them."""
        return [root.folder for root in self._roots]

    def place(self, path: bytes, base: bytes = b"", named: Folder | None = None) -> Place:
        """Where a file lies, and whose settings hold for it. It need not be there any more.

        `base`: the directory by which it was found, as `place_of_directory` spells it: what lies
        in no folder is told from there. `named`: the folder that a person named for `base`; it
        holds there, but not in another folder below.
        """
        directory, name = os.path.split(path)
        if name in _NOT_A_NAME:
            home = self.place_of_directory(path)
        else:
            home = _below(self.place_of_directory(directory), name)
        if named is not None and (way := self._way_at_home(home, base)) is not None:
            return Place(named, base, way, is_named=True)
        if home.folder is None and is_inside(home.path, base):
            return Place(None, base, _relative(home.path, base))
        return home

    def place_of_directory(self, directory: bytes) -> Place:
        """Where a directory lies. In no folder, its own real path is the root."""
        if self._seen is None:
            return self._look_up(directory)
        if directory not in self._seen:
            self._seen[directory] = self._on_silent_disk(directory) or self._look_up(directory)
        return self._seen[directory]

    def _on_silent_disk(self, directory: bytes) -> Place | None:
        """Where a directory lies by its spelling, where its folder's disk does not answer."""
        holding = [root for root in self._roots if is_inside(directory, root.path)]
        inner = max(holding, key=lambda root: len(root.path), default=None)
        if inner is None or not inner.is_silent():
            return None
        return Place(inner.folder, inner.path, _relative(directory, inner.path))

    def place_named(self, directory: bytes) -> Place:
        """Where a directory lies that a person named: reached by no link of a stranger.

        Outside of the folders that is judged here, once: its real path, by which it is reached from
        now on, has no links any more. Raises `RootRefusedError`, `OSError`.
        """
        place = self.place_of_directory(directory)
        if place.folder is None and self.accepted.real_path(directory) != place.path:
            raise RootRefusedError(
                f"{printable(directory)} led to {printable(place.path)}, and leads elsewhere now",
                f"see whose links are on the way: namei -l {shlex.quote(printable(directory))}",
                folder="",
            )
        return place

    def _look_up(self, directory: bytes) -> Place:
        real = real_path(directory or b".")
        holders = self._holders() if self._roots else {}
        spelled = os.path.abspath(directory or b".")
        for above in upwards(spelled) if any(root.is_led_away for root in self._roots) else ():
            away = next((one for one in self._roots if one.is_led_away_from(above)), None)
            if away is not None:
                return Place(away.folder, away.path, _relative(spelled, above))
        for above in upwards(real) if holders else ():
            identity = identity_of(above)
            folder = (holders.get(identity) if identity else None) or holders.get(above)
            if folder is not None:
                return Place(folder, folder.root, _relative(real, above))
        return Place(None, real, b"")

    def borders(self) -> frozenset[Identity]:
        """Where a walk ends: at the roots of all folders, and at uploadd's own state directory."""
        ends = (*self._holders(), self._own())
        return frozenset(one for one in ends if isinstance(one, tuple))

    def is_own(self, directory: bytes) -> bool:
        """Whether a directory is uploadd's own state directory, or lies in it, but in no folder.

        One on a disk that does not answer is none: uploadd's own has answered.
        """
        with suppress(TimeoutError):
            return within(LOOK_SECONDS, lambda: self._is_own(directory))
        return False

    def _is_own(self, directory: bytes) -> bool:
        holders, own = self._holders(), self._own()
        for above in upwards(real_path(directory)):
            identity = identity_of(above) or above
            if identity == own or identity in holders:
                return identity == own
        return False

    def below(self, directory: bytes) -> list[Folder]:
        """The folders whose roots lie in `directory`, by whatever way, but not at it."""
        real = real_path(directory)
        own = identity_of(real)
        entries = {own, *map(identity_of, mounts_below(real))} - {None}
        return [
            root.folder
            for root in self._roots
            if root.look() not in (own, real)
            and not entries.isdisjoint(map(identity_of, upwards(root.where())))
        ]

    def other_roots(self, name: str) -> list[bytes]:
        """The real paths of the folders that are not called so."""
        return [root.real() for root in self._roots if root.folder.name != name]

    def same(self) -> list[tuple[Folder, Folder]]:
        """Pairs of folders that are one directory: the one that holds, and the one that does not.

        That is the later one, or the one that has become the other's directory since the start.
        """
        holders = self._holders()
        found = ((holders.get(root.look(), root.folder), root.folder) for root in self._roots)
        return [(holder, folder) for holder, folder in found if holder is not folder]

    def is_astray(self, folder: Folder) -> bool:
        """Whether the directory that was accepted for it is not at its path any more."""
        return any(root.look() and root.stray for root in self._roots if root.folder is folder)

    def is_swappable(self, seen: SeenRoot) -> bool:
        """Whether a folder's directory lies in another folder, and not only its owner can move it.

        What is renamed there must not go by the settings of the other one.
        """
        around = self.place_of_directory(os.path.dirname(seen.path)).folder
        return around is not None and bool(exchangeable_above(seen.path, seen.links, seen.owner))

    def holder_instead_of(self, folder: Folder) -> Folder | None:
        """The folder that holds the directory of `folder` now; None where that is itself."""
        return next((holder for holder, one in self.same() if one.name == folder.name), None)

    def _own(self) -> Identity | bytes:
        """The state directory as it is now; its real path where it cannot be looked at."""
        path = self._state_dir
        return identity_of(path) or (real_path(path) if path else path)

    def _way_at_home(self, home: Place, base: bytes) -> bytes | None:
        """The way from `base` to a file in no folder, or in the one that `base` lies in; else None.

        Both as they are spelled now: a folder may be configured above them since.
        """
        start = self.place_of_directory(base)
        if not is_inside(home.path, start.path) or home.folder not in (None, start.folder):
            return None
        return _relative(home.path, start.path)

    def _others(self, root: bytes) -> frozenset[Identity]:
        """The directories of the folders that are not at `root`."""
        held = self._holders().items()
        return frozenset(
            one for one, folder in held if isinstance(one, tuple) and folder.root != root
        )

    def _holders(self) -> dict[Identity | bytes, Folder]:
        """The folders by their roots as they are now, as they were accepted, and by their paths.

        A root that was exchanged since it was looked at, or that hangs, is known by its path.
        """
        seen = [(root.look(), root) for root in self._roots]
        holders: dict[Identity | bytes, Folder] = {}
        for now, root in sorted(seen, key=lambda one: one[0] != one[1].first):
            holders.setdefault(now, root.folder)
        for root in self._roots:
            if root.stray is not None:
                holders.setdefault(root.stray, root.folder)
            holders.setdefault(root.path, root.folder)
        return holders


def _relative(path: bytes, root: bytes) -> bytes:
    return b"" if path == root else path[len(root.rstrip(b"/")) + 1 :]


def _below(place: Place, name: bytes) -> Place:
    relative = os.path.join(place.relative, name) if place.relative else name
    return replace(place, relative=relative)
