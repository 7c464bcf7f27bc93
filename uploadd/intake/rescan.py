"""Walking a tree and making the queue match the disk: what is new, what is gone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from operator import add

from uploadd.files.membership import Folders
from uploadd.files.mounts import has_own_clock
from uploadd.files.opening import printable
from uploadd.intake.arrivals import Arrivals
from uploadd.intake.comparing import Difference, compare
from uploadd.intake.findings import nothing_on, unread_finding, warn_of
from uploadd.intake.large_directories import LargeDirectory
from uploadd.intake.listings import Listing
from uploadd.intake.passing import PassedBy
from uploadd.intake.tree import Tree
from uploadd.intake.troubles import Trouble, trouble_of
from uploadd.intake.walk import Scope, Step, batches
from uploadd.model.jobs import Lane
from uploadd.model.left_alone import NOTHING_LEFT_ALONE, LeftAlone
from uploadd.model.places import Spot
from uploadd.model.ports import Runtime
from uploadd.model.sightings import Finding, KnownFile, covers_of
from uploadd.model.verdicts import Reason
from uploadd.model.walks import Walk, summed
from uploadd.store import known, placing, sightings, walks
from uploadd.store.known import Asked
from uploadd.store.overview import range_below
from uploadd.store.store import Store

DIRECTORIES_AT_ONCE = 500
FILES_AT_ONCE = 1000


@dataclass
class Walked:
    """What a walk has seen. `found` counts every candidate, known ones included.

    `troubles`: what is wrong with a directory, by its way from the root.
    """

    found: int = 0
    fresh: int = 0
    gone: int = 0
    troubles: dict[bytes, Trouble] = field(default_factory=dict)
    left_alone: LeftAlone = NOTHING_LEFT_ALONE

    @property
    def root_trouble(self) -> Trouble | None:
        """Why nothing could be walked."""
        trouble = self.troubles.get(b"")
        return trouble if trouble is not None and not trouble.is_read else None

    @property
    def unread(self) -> int:
        """How many directories could not be read."""
        return sum(not trouble.is_read for trouble in self.troubles.values())


class Rescan:
    """One walk of one tree, or of a part of it, in small steps."""

    def __init__(
        self,
        tree: Tree,
        lane: Lane,
        arrivals: Arrivals,
        store: Store,
        runtime: Runtime,
        start: bytes = b"",
        *,
        watch: Callable[[int, bytes], None] | None = None,
        is_deep: bool = True,
    ) -> None:
        """`start`: the way from the tree's root; `watch` and `is_deep`: see `Scope`."""
        self._tree = tree
        self._lane = lane
        self._arrivals = arrivals
        self._folders = arrivals.rules.folders
        self._store = store
        self._runtime = runtime
        self.start = start
        self._watch = watch
        self.is_deep = is_deep
        self._visited: set[bytes] = set()
        self._large: LargeDirectory | None = None
        self._passed_by = PassedBy(tree.selection, start)
        self._counts = tree.selection.no_counts()
        self.walked = Walked()

    @property
    def is_whole(self) -> bool:
        """Whether it is a walk of the whole tree."""
        return self.is_deep and not self.start

    async def run(self) -> Walked:
        """Walk the tree. Its candidates are registered, or settling, when this returns."""
        async for _ in self.steps():
            pass
        return self.walked

    async def steps(self) -> AsyncIterator[None]:
        """The same, step by step: other work has its turn between two of them."""
        await self._arrivals.admission.admit(self._tree.folder.name)  # remembered before it is read
        if self.is_whole:
            own_clock = self._runtime.disk.run(has_own_clock, self._tree.root)
            self._tree.is_own_clock = await own_clock
        presence = self._arrivals.presence
        self._grounds = await presence.of_walk(self._tree, self.start, is_whole=self.is_whole)
        batched = self._batches()
        is_taken, files = bool(self._tree.folder.accounts), 0
        while (batch := await self._runtime.disk.run(_next, batched)) is not None:
            if is_taken:
                await self._take_batch(batch)
            else:
                files += sum(len(listing.entries) for listing in batch)
            for listing in batch:
                self._counts = list(map(add, self._counts, listing.counts))
            yield
        if is_taken and self.is_deep:
            async for directories in self._lost_directories():
                for directory in directories:
                    await self._forget_directory(directory)
                    yield
        if self.is_deep:
            await self._grounds.end()
        self.walked.left_alone = self._passed_by.sum()
        if files:
            not_named = LeftAlone(not_named={self._tree.folder.name: files})
            self.walked.left_alone = self.walked.left_alone.plus(not_named)
        await self._note_walk(self.walked.found + files)

    async def _note_walk(self, taken: int) -> None:
        """Write down what each pattern did, if it was a walk of the whole folder."""
        tree, selection = self._tree, self._tree.selection
        is_of_folder = self.is_whole and tree.root == tree.folder.root and bool(tree.folder.name)
        if not is_of_folder or not selection.has_patterns or self.walked.root_trouble:
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
        return Spot(self._tree.root, self.start).path

    def _batches(self) -> Iterator[list[Listing]]:
        """Blocks."""
        borders = self._folders.borders()
        scope = Scope(self._tree.selection, borders, self._watch, is_deep=self.is_deep)
        step = Step(now=self._runtime.clock.monotonic)
        yield from batches(self._folders.roots, Spot(self._tree.root, self.start), scope, step)

    async def _take_batch(self, batch: list[Listing]) -> None:
        if self._tree.is_named:  # what another walk has found since
            await self._name_in([listing.directory for listing in batch])
        asked = [asked_of(listing) for listing in batch]
        known_files = await self._store.read(known.known_files, asked)
        wanted = covers_of(self._tree.account_ids())
        differences = await self._runtime.disk.run(_compare_all, batch, known_files, wanted)
        for listing, there, difference in zip(batch, known_files, differences, strict=True):
            self._count(listing, difference)
            await self._grounds.come_to(listing)
            await self._forget_missing(listing, difference)
            if not listing.is_whole:
                await self._take_part(listing, there, difference)
        await self._take_fresh(batch, differences)
        await self._take_unreadable(batch, known_files)

    def _count(self, listing: Listing, difference: Difference) -> None:
        if listing.error is None:
            self._visited.add(listing.directory)
        self._passed_by.take(listing)
        self.walked.found += len(listing.entries) + len(listing.unreadable)
        self.walked.fresh += len(difference.fresh)
        way = self._tree.spot(listing.directory).relative
        trouble = trouble_of(listing, is_root=not way)
        if trouble is not None:
            self.walked.troubles[way] = trouble

    async def _forget_missing(self, listing: Listing, difference: Difference) -> None:
        missing = [(name, sightings.VANISHED) for name in difference.gone]
        missing += [(name, sightings.EXCLUDED) for name in difference.left_out]
        has_news = bool(missing) or difference.device_moved
        if not has_news or not await self._arrivals.presence.may_forget(listing.directory):
            return
        if difference.device_moved:
            await self._store.write(sightings.moved_device, listing.directory, listing.device)
        now = self._runtime.clock.wall()
        await self._store.write(sightings.forget_all, listing.directory, missing, now)
        self.walked.gone += len(difference.gone)

    async def _take_part(
        self, listing: Listing, there: dict[bytes, KnownFile], difference: Difference
    ) -> None:
        """A part of a large directory: what is gone is known after the last one."""
        if self._large is None or listing.is_first:
            self._large = LargeDirectory(listing.directory)
        large = self._large
        large.take(listing, there, difference)
        if not listing.is_last:
            return
        self._large = None
        number = await self._store.read(known.count_known, listing.directory)
        name = b""
        while listing.error is None and large.lacks_some_of(number):
            some = await self._store.read(
                known.known_files_after, listing.directory, name, FILES_AT_ONCE
            )
            if not some:
                break
            name = some[-1]
            await self._forget_unseen(large, some)

    async def _forget_unseen(self, large: LargeDirectory, names: list[bytes]) -> None:
        spot = self._tree.spot(large.directory)
        gone = await self._runtime.disk.run(large.gone_of, self._folders.roots, spot, names)
        missing = [(name, sightings.VANISHED) for name in gone]
        now = self._runtime.clock.wall()
        if missing and await self._arrivals.presence.may_forget(large.directory):
            await self._store.write(sightings.forget_all, large.directory, missing, now)
            self.walked.gone += len(missing)

    async def _take_fresh(self, batch: list[Listing], differences: list[Difference]) -> None:
        fresh = [
            (os.path.join(listing.directory, entry.name), entry.stat)
            for listing, difference in zip(batch, differences, strict=True)
            for entry in difference.fresh
        ]
        await self._arrivals.take(self._tree, fresh, self._lane)

    async def _take_unreadable(
        self, batch: list[Listing], known_files: list[dict[bytes, KnownFile]]
    ) -> None:
        """Register files that even a stat fails on; warn of each once, not at every walk."""
        findings = []
        for listing, before in zip(batch, known_files, strict=True):
            for name, why in listing.unreadable.items():
                finding = await self._unreadable(listing, name, why)
                if finding is not None:
                    findings.append(finding)
                    if name not in before:
                        warn_of(finding)
        if findings:
            await self._arrivals.register(findings)

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

    async def _lost_directories(self) -> AsyncIterator[list[bytes]]:
        """Known directories that the walk did not come to: removed, closed, or on a lost disk."""
        if self.walked.root_trouble:
            return
        some = [self._directory()]
        after, beyond = range_below(some[0])
        while some:
            yield [directory for directory in some if directory not in self._visited]
            some = await self._store.read(
                known.known_directories_after, after, beyond, DIRECTORIES_AT_ONCE
            )
            after = some[-1] if some else after

    async def _forget_directory(self, directory: bytes) -> None:
        devices = await self._store.read(known.devices_of, directory)
        reason = await self._runtime.disk.run(
            _why_lost, self._tree, self._folders, directory, devices
        )
        name = b""
        while reason is not None and await self._arrivals.presence.may_forget(directory):
            names = await self._store.read(known.known_files_after, directory, name, FILES_AT_ONCE)
            if not names:
                break
            name, now = names[-1], self._runtime.clock.wall()
            missing = [(one, reason) for one in names]
            await self._store.write(sightings.forget_all, directory, missing, now)
            self.walked.gone += len(missing)


def _next(batched: Iterator[list[Listing]]) -> list[Listing] | None:
    return next(batched, None)


def asked_of(listing: Listing) -> Asked:
    """What is to be known of a listing's files; nothing more where it is a part."""
    return Asked(listing.directory, None if listing.is_whole else listing.names())


def _compare_all(
    batch: list[Listing], known_files: list[dict[bytes, KnownFile]], wanted: str
) -> list[Difference]:
    return [
        compare(listing, there, wanted) for listing, there in zip(batch, known_files, strict=True)
    ]


def _why_lost(tree: Tree, folders: Folders, directory: bytes, devices: set[int]) -> Reason | None:
    """Why a known directory was not walked (blocking). None: its disk may only be away.

    None also where another folder holds it: that one's walk comes to it.
    """
    home = folders.place_of_directory(tree.root).folder
    if folders.place_of_directory(directory).folder is not home:
        return None
    spot = tree.spot(directory)
    if folders.roots.has_directory(spot):
        return None if tree.selection.reaches(spot.relative) else sightings.EXCLUDED
    is_gone = len(devices) == 1 and folders.roots.is_on_device(spot, *devices)
    return sightings.VANISHED if is_gone else None
