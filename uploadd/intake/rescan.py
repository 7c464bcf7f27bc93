"""Walking a tree and making the queue match the disk: what is new, what is gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import add

import structlog

from uploadd.files.membership import Folders
from uploadd.files.opening import printable
from uploadd.intake.arrivals import Arrivals, warn_of
from uploadd.intake.comparing import Difference, compare
from uploadd.intake.examine import nothing_on, unread_finding
from uploadd.intake.passing import PassedBy
from uploadd.intake.tree import Tree
from uploadd.intake.walk import Entry, Listing, batches
from uploadd.model.jobs import Lane
from uploadd.model.left_alone import NOTHING_LEFT_ALONE, LeftAlone
from uploadd.model.places import Spot
from uploadd.model.ports import Runtime
from uploadd.model.sightings import Finding, KnownFile, covers_of
from uploadd.model.verdicts import Reason
from uploadd.model.walks import Walk, summed
from uploadd.store import placing, sightings, walks
from uploadd.store.store import Store

log = structlog.get_logger()

TAKEN_AT_ONCE = 64


@dataclass
class Walked:
    """What a walk has seen. `found` counts every candidate, known ones included."""

    found: int = 0
    fresh: int = 0
    gone: int = 0
    errors: dict[bytes, str] = field(default_factory=dict)
    left_alone: LeftAlone = NOTHING_LEFT_ALONE


class Rescan:
    """One walk of one tree."""

    def __init__(
        self,
        tree: Tree,
        lane: Lane,
        arrivals: Arrivals,
        store: Store,
        runtime: Runtime,
        start: bytes = b"",
    ) -> None:
        self._tree = tree
        self._lane = lane
        self._arrivals = arrivals
        self._folders = arrivals.rules.folders
        self._store = store
        self._runtime = runtime
        self._start = start
        self._visited: set[bytes] = set()
        self._passed_by = PassedBy(tree.selection, start)
        self._counts = tree.selection.no_counts()
        self.walked = Walked()

    async def run(self) -> Walked:
        """Walk the tree. Its candidates are registered, or settling, when this returns."""
        await self._arrivals.admission.admit(self._tree.folder.name)  # remembered before it is read
        batched = self._batches()
        is_taken, files = bool(self._tree.folder.accounts), 0
        while (batch := await self._runtime.disk.run(_next, batched)) is not None:
            if is_taken:
                await self._take_batch(batch)
            else:
                files += sum(len(listing.entries) for listing in batch)
            for listing in batch:
                self._counts = list(map(add, self._counts, listing.counts))
        if is_taken:
            await self._find_lost_directories()
        self.walked.left_alone = self._passed_by.sum()
        if files:
            not_named = LeftAlone(not_named={self._tree.folder.name: files})
            self.walked.left_alone = self.walked.left_alone.plus(not_named)
        await self._note_walk(self.walked.found + files)
        return self.walked

    async def _note_walk(self, taken: int) -> None:
        """Write down what each pattern did, if it was a walk of the whole folder."""
        tree, selection = self._tree, self._tree.selection
        is_whole = not self._start and tree.root == tree.folder.root and tree.folder.name
        if not is_whole or not selection.has_patterns or tree.root in self.walked.errors:
            return
        left_alone = self.walked.left_alone
        files = taken + left_alone.excluded - left_alone.excluded_directories
        matches = summed(selection.patterns, self._counts)
        walk = Walk(tree.root, self._runtime.clock.wall(), files, matches)
        await self._store.write(walks.note_walk, tree.folder.name, walk)

    async def name_folder(self) -> None:
        """Let a folder that a person named hold for what is on its way already.

        To be awaited before the walk, which passes by what is known, and before anything is sent.
        """
        if self._tree.is_named:
            directories = await self._store.read(placing.on_the_way_in, self._directory())
            at_home = self._arrivals.rules.at_home
            await self._name_in(await self._runtime.disk.run(at_home, self._tree, directories))

    async def _name_in(self, directories: list[bytes]) -> None:
        tree = self._tree
        named = (tree.folder.name, tree.root, directories, tree.account_ids())
        await self._store.write(placing.name_folder, *named)

    def _directory(self) -> bytes:
        """Where the walk begins."""
        return Spot(self._tree.root, self._start).path

    def _batches(self) -> Iterator[list[Listing]]:
        """Blocks."""
        folders, start = self._folders, Spot(self._tree.root, self._start)
        yield from batches(folders.roots, start, self._tree.selection, folders.borders())

    async def _take_batch(self, batch: list[Listing]) -> None:
        directories = [listing.directory for listing in batch]
        if self._tree.is_named:  # what another walk has found since
            await self._name_in(directories)
        known = await self._store.read(sightings.known_files, directories)
        wanted = covers_of(self._tree.account_ids())
        differences = await self._runtime.disk.run(_compare_all, batch, known, wanted)
        for listing, difference in zip(batch, differences, strict=True):
            self._count(listing, difference)
            await self._forget_missing(listing, difference)
        await self._take_fresh(batch, differences)
        await self._take_unreadable(batch, known)

    def _count(self, listing: Listing, difference: Difference) -> None:
        self._visited.add(listing.directory)
        self._passed_by.take(listing)
        self.walked.found += len(listing.entries) + len(listing.unreadable)
        self.walked.fresh += len(difference.fresh)
        self.walked.gone += len(difference.gone)
        if listing.error is not None:
            self.walked.errors[listing.directory] = listing.error
            log.warning(
                "directory.unreadable", path=printable(listing.directory), text=listing.error
            )

    async def _forget_missing(self, listing: Listing, difference: Difference) -> None:
        now = self._runtime.clock.wall()
        if difference.device_moved:
            await self._store.write(sightings.moved_device, listing.directory, listing.device)
        missing = [(name, sightings.VANISHED) for name in difference.gone]
        missing += [(name, sightings.EXCLUDED) for name in difference.left_out]
        if missing:
            await self._store.write(sightings.forget_all, listing.directory, missing, now)

    async def _take_fresh(self, batch: list[Listing], differences: list[Difference]) -> None:
        fresh = [
            (listing.directory, entry)
            for listing, difference in zip(batch, differences, strict=True)
            for entry in difference.fresh
        ]
        for begin in range(0, len(fresh), TAKEN_AT_ONCE):
            some = fresh[begin : begin + TAKEN_AT_ONCE]
            found = await asyncio.gather(
                *(self._take(directory, entry) for directory, entry in some)
            )
            findings = [finding for finding in found if finding is not None]
            if findings:
                await self._arrivals.register(findings)

    async def _take_unreadable(
        self, batch: list[Listing], known: list[dict[bytes, KnownFile]]
    ) -> None:
        """Register files that even a stat fails on; warn of each once, not at every walk."""
        findings = []
        for listing, before in zip(batch, known, strict=True):
            for name, why in listing.unreadable.items():
                finding = await self._unreadable(listing, name, why)
                if finding is not None:
                    findings.append(finding)
                    if name not in before:
                        warn_of(finding)
        if findings:
            await self._arrivals.register(findings)

    async def _take(self, directory: bytes, entry: Entry) -> Finding | None:
        path = os.path.join(directory, entry.name)
        return await self._arrivals.take(self._tree, path, entry.stat, self._lane)

    async def _unreadable(self, listing: Listing, name: bytes, why: str) -> Finding | None:
        path = os.path.join(listing.directory, name)
        sighting = await self._runtime.disk.run(self._arrivals.rules.sight, self._tree, path)
        if sighting is None:
            return None
        reason = Reason(
            "unreadable",
            f"{printable(os.path.basename(path))} cannot be looked at: {why}",
            "let the user that uploadd runs as read it, then `uploadd retry` the job",
        )
        return unread_finding(sighting, self._lane, reason, nothing_on(listing.device))

    async def _find_lost_directories(self) -> None:
        """Known directories that the walk did not come to: removed, closed, or on a lost disk."""
        if self._tree.root in self.walked.errors:
            return
        for directory in await self._store.read(sightings.known_directories, self._directory()):
            if directory in self._visited:
                continue
            known = (await self._store.read(sightings.known_files, [directory]))[0]
            reason = await self._runtime.disk.run(
                _why_lost, self._tree, self._folders, directory, known
            )
            if reason is not None:
                missing = [(name, reason) for name in known]
                now = self._runtime.clock.wall()
                await self._store.write(sightings.forget_all, directory, missing, now)
                self.walked.gone += len(missing)


def _next(batched: Iterator[list[Listing]]) -> list[Listing] | None:
    return next(batched, None)


def _compare_all(
    batch: list[Listing], known: list[dict[bytes, KnownFile]], wanted: str
) -> list[Difference]:
    return [compare(listing, there, wanted) for listing, there in zip(batch, known, strict=True)]


def _why_lost(
    tree: Tree, folders: Folders, directory: bytes, known: dict[bytes, KnownFile]
) -> Reason | None:
    """Why a known directory was not walked (blocking). None: its disk may only be away.

    None also where another folder holds it: that one's walk comes to it.
    """
    home = folders.place_of_directory(tree.root).folder
    if folders.place_of_directory(directory).folder is not home:
        return None
    spot = tree.spot(directory)
    if folders.roots.has_directory(spot):
        return None if tree.selection.reaches(spot.relative) else sightings.EXCLUDED
    devices = {file.device for file in known.values()}
    is_gone = len(devices) == 1 and folders.roots.is_on_device(spot, *devices)
    return sightings.VANISHED if is_gone else None
