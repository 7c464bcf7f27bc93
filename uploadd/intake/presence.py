"""Which disks of the folders are away: nothing of those is called gone (`model/presence.py`).

Every change is committed before anything is taken from what is there instead, so that whoever dies
in between takes none of that for a file of the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from uploadd.files.directories import real_path
from uploadd.files.folder_root import identity_of
from uploadd.files.membership import Folders
from uploadd.files.mounts import mounts_below
from uploadd.files.opening import printable
from uploadd.intake.listings import Listing
from uploadd.intake.tree import Tree
from uploadd.model.places import Spot, is_inside
from uploadd.model.ports import Runtime
from uploadd.model.presence import Ground, Identity, around
from uploadd.store import grounds
from uploadd.store.store import Store

log = structlog.get_logger()

WITNESSES = 64


class Presence:
    """Knows the grounds of every folder, and looks at them."""

    def __init__(self, folders: Folders, store: Store, runtime: Runtime) -> None:
        self._roots = {folder.name: folder.root for folder in folders.configured}
        self.folders = folders
        self._store = store
        self._runtime = runtime
        self._away: dict[bytes, Ground] = {}
        self.on_change: Callable[[str], None] = _nobody
        """Called with the name of a folder where something went away, or came back."""

    async def may_forget(self, directory: bytes) -> bool:
        """Whether a file that is missing in this directory is gone; else its disk may be away.

        Asked after the disk was seen to lack the file, so it looks once more.
        """
        holding = await self._store.read(grounds.holding, directory)
        if any(ground.is_away for ground in holding):
            return False
        return not holding or await self._runtime.disk.run(are_as_known, holding)

    async def look(self, folder: str) -> None:
        """Look at the grounds of a folder that is not walked now."""
        own = await self.grounds_of(folder)
        root = Ground(self._roots[folder], folder, None)
        for ground in {root.directory: root, **own}.values():
            now = await self._runtime.disk.run(identity_of, ground.directory)
            await self.see(ground, now)
        await self.tell(folder)

    async def is_back(self, folder: str) -> bool:
        """Whether one of a folder's files that were away is there; only some are looked for."""
        own = await self.grounds_of(folder)
        for ground in own.values():
            if ground.is_away:
                which = (ground, self.others(folder), WITNESSES)
                elders = await self._store.read(grounds.some_elders, *which)
                if await self._runtime.disk.run(is_one_there, elders):
                    return True
        return False

    async def grounds_of(self, folder: str) -> dict[bytes, Ground]:
        """What is remembered of a folder, by the directory. Empty name: of what is in none."""
        every = await self._store.read(grounds.every)
        return {one.directory: one for one in every if one.folder == folder}

    async def see(self, ground: Ground, now: Identity | None) -> Ground:
        """Note which directory is at a ground now."""
        others, at = self.others(ground.folder), self._runtime.clock.wall()
        return await self._store.write(grounds.see, ground, now, others, at)

    def others(self, folder: str) -> list[bytes]:
        """The roots of the other folders."""
        return [root for name, root in self._roots.items() if name != folder]

    async def tell(self, folder: str) -> None:
        """Log what has gone away or come back since this was asked last."""
        own = await self.grounds_of(folder)
        before = {at: one for at, one in self._away.items() if one.folder == folder}
        now = {at: one for at, one in own.items() if one.is_away}
        for directory in sorted(before.keys() - now.keys()):
            log.info("disk.returned", folder=folder or None, path=printable(directory))
            del self._away[directory]
        for directory in sorted(now.keys() - before.keys()):
            log.warning("disk.missed", folder=folder or None, text=away_text(now[directory]))
        self._away |= now
        if before.keys() != now.keys():
            self.on_change(folder)

    def told(self, folder: str) -> str:
        """What of a folder is away, in one line; empty where all is there."""
        return "; ".join(away_text(one) for one in self._away.values() if one.folder == folder)

    async def of_walk(self, tree: Tree, start: bytes, *, is_whole: bool) -> WalkedGrounds:
        """What a walk of a tree has to know, from `start` on; asked before it begins."""
        home = await self._runtime.disk.run(self.folders.place_of_directory, tree.root)
        name = home.folder_name
        walked = WalkedGrounds(self, self._store, self._runtime, tree, name)
        await walked.begin(self._roots.get(name), Spot(tree.root, start).path, is_whole=is_whole)
        return walked


@dataclass
class WalkedGrounds:
    """The grounds of one walk."""

    presence: Presence
    store: Store
    runtime: Runtime
    tree: Tree
    folder: str

    def __post_init__(self) -> None:
        self._known: dict[bytes, Ground] = {}
        self._kept: set[bytes] = set()
        self._start = b""

    async def begin(self, root: bytes | None, start: bytes, *, is_whole: bool) -> None:
        """Look at what lies above the walk. `root`: that of the folder that holds it."""
        self._start = start
        self._known = await self.presence.grounds_of(self.folder)
        points: list[bytes] = []
        if is_whole:
            where = (self.tree.root, self.folder, self.presence.folders)
            points = await self.runtime.disk.run(_points_in, *where)
        self._kept = {*points, *([root] if root else [])}
        for directory in self._kept:
            self._known.setdefault(directory, Ground(directory, self.folder, None))
        above = [one for one in around(start, self._known.values()) if one.directory != start]
        for ground in above:
            await self._see(ground, await self.runtime.disk.run(identity_of, ground.directory))

    async def come_to(self, listing: Listing) -> None:
        """The walk has listed a directory; asked before anything of it is taken or forgotten."""
        ground = self._known.get(listing.directory)
        if ground is not None and listing.identity is not None:
            await self._see(ground, listing.identity)
        for missing in around(listing.directory, self._known.values())[:1]:
            if missing.is_away and listing.entries:
                await self._look_for_elders(missing, listing)

    async def end(self) -> None:
        """The walk has come by all that is there."""
        for ground in list(self._known.values()):
            relative = self.tree.spot(ground.directory).relative
            is_walked = is_inside(ground.directory, self._start)
            if is_walked and self.tree.selection.reaches(relative):
                now = await self.runtime.disk.run(identity_of, ground.directory)
                await self._see(ground, now)
        await self.presence.tell(self.folder)

    async def _see(self, ground: Ground, now: Identity | None) -> None:
        if ground.is_away or now is None or now != ground.identity:
            self._known[ground.directory] = await self.presence.see(ground, now)

    async def _look_for_elders(self, ground: Ground, listing: Listing) -> None:
        elders = await self.store.read(grounds.elders_in, listing.directory, ground)
        if any((one.size, one.mtime_ns) == elders.get(one.name) for one in listing.entries):
            now = await self.runtime.disk.run(identity_of, ground.directory)
            is_kept = ground.directory in self._kept
            await self.store.write(grounds.found, ground, now, is_kept=is_kept)
            self._known = await self.presence.grounds_of(self.folder)


def away_text(ground: Ground) -> str:
    """What is away, with the remedy."""
    return f"{away_reason(ground)}; {away_remedy(ground)}"


def away_reason(ground: Ground) -> str:
    """What is away, and how that is known."""
    return f"{printable(ground.directory)} is away: none of its known files is there"


def away_remedy(ground: Ground) -> str:
    """What a person can do."""
    if not ground.folder:
        return "mount it again"
    return f"mount it again; if it will not come back: `uploadd forget {ground.folder}`"


def _points_in(root: bytes, folder: str, folders: Folders) -> list[bytes]:
    """The mount points below a directory, spelled as it is; not those in other folders. Blocks."""
    real, skipped = real_path(root), len(real_path(root).rstrip(b"/")) + 1
    others = folders.other_roots(folder)
    deeper = [one for one in others if one != real and is_inside(one, real)]
    return [
        os.path.join(root, point[skipped:])
        for point in mounts_below(real)
        if not any(is_inside(point, one) for one in deeper)
    ]


def are_as_known(holding: Iterable[Ground]) -> bool:
    """Whether each of these is the directory that it was. Blocks."""
    return all(identity_of(ground.directory) == ground.identity for ground in holding)


def is_one_there(elders: Iterable[tuple[bytes, grounds.Traits]]) -> bool:
    """Whether one of these files is there as it was. Blocks."""
    for path, traits in elders:
        try:
            seen = os.lstat(path)
        except OSError:
            continue
        if (seen.st_size, seen.st_mtime_ns) == traits:
            return True
    return False


def _nobody(_folder: str) -> None:
    """Where nobody looks at disks."""
