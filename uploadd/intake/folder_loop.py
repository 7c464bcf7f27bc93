"""Keeps one folder taken in: its watch, its walks, and what is wrong with it."""

from __future__ import annotations

import asyncio
import os
from collections import deque

import structlog

from uploadd.files.directories import trouble_with_directory
from uploadd.files.folder_root import Identity, identity_of
from uploadd.files.mounts import file_system_of, is_network
from uploadd.intake.arrivals import Arrivals
from uploadd.intake.rescan import Rescan, Walked
from uploadd.intake.selection import Choice
from uploadd.intake.tree import Tree
from uploadd.intake.watch import FolderWatch
from uploadd.model.configuration import WatchMode
from uploadd.model.errors import UploaddError
from uploadd.model.jobs import Lane
from uploadd.model.ports import Runtime
from uploadd.store import overview
from uploadd.store.store import Store

log = structlog.get_logger()

SIGHTINGS_AT_ONCE = 2000
SAME = (
    "it waits, because {0} and {1} are one directory now: see what was mounted or linked there, or"
    " make one folder of both, with the accounts of both"
)
ASTRAY = "; where it was renamed to, no other folder reads it: put it back, or `uploadd forget {0}`"


class FolderLoop:
    """Watches and walks one folder until it is told to end.

    The walk is the truth, events are hints: whatever the watch misses, the next walk finds.
    """

    def __init__(self, tree: Tree, arrivals: Arrivals, store: Store, runtime: Runtime) -> None:
        self._tree = tree
        self._arrivals = arrivals
        self._folders = arrivals.rules.folders
        self._store = store
        self._runtime = runtime
        self._watch: FolderWatch | None = None
        self._mode = WatchMode.OFF
        self._degraded = ""
        self._is_refused = False
        self._borders: frozenset[Identity] = frozenset()
        self._sightings: deque[bytes] = deque()
        self._bell = asyncio.Event()
        self._walk_wanted = True
        self._is_first_walk = True
        self._walking: asyncio.Task[Walked] | None = None
        self._is_stopped = False
        self._loop = asyncio.get_running_loop()

    async def start(self) -> None:
        """Set up the watch, before the first walk, so that nothing falls between the two."""
        wanted = self._tree.folder.watch
        if wanted is WatchMode.AUTO:
            network = await self._runtime.disk.run(_is_on_network, self._tree.root)
            wanted = WatchMode.POLL if network else WatchMode.INOTIFY
        self._mode = wanted
        if wanted is WatchMode.INOTIFY and await self._is_admitted():
            await self._start_watch()
        await self._tell()

    @property
    def trouble(self) -> str:
        """What is wrong with the folder or its watch; empty where nothing is."""
        return f"folder {self._tree.folder.name}: {self._degraded}" if self._degraded else ""

    def walk_now(self) -> None:
        """Walk again: something is known to have been missed."""
        self._walk_wanted = True
        self._bell.set()

    def look_again(self) -> None:
        """A person may have accepted what is there now."""
        if self._is_refused:
            self.walk_now()

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._tree.folder.name

    @property
    def is_all_queued(self) -> bool:
        """Whether every file that the first walk found is in the queue, or known."""
        return not self._is_first_walk and not self._tree.waiting()

    async def run(self, ended: asyncio.Event) -> None:
        """Take sightings and walk when it is time, until `ended` is set."""
        walked_at = self._runtime.clock.monotonic()
        try:
            while not ended.is_set():
                self._bell.clear()
                since = self._runtime.clock.monotonic() - walked_at
                if self._walk_wanted or since >= self._walk_every():
                    self._walk_wanted = False
                    await self._walk()
                    walked_at = self._runtime.clock.monotonic()
                await self._take_sightings()
                since = self._runtime.clock.monotonic() - walked_at
                await self._runtime.clock.wait(self._bell, max(0.0, self._walk_every() - since))
        finally:
            await self._stop_watch()

    def stop(self) -> None:
        """Wake the loop so that it sees that it has ended.

        The next run walks anew: a walk may take hours where all is new.
        """
        self._is_stopped = True
        if self._walking is not None:
            self._walking.cancel()
        self._bell.set()

    def _walk_every(self) -> float:
        """Seconds between two walks in the present circumstances."""
        folder = self._tree.folder
        seconds = folder.rescan_seconds or float("inf")
        if self._mode is WatchMode.POLL:
            seconds = min(seconds, folder.poll_seconds)
        if self._degraded:
            seconds = min(seconds, folder.poll_seconds)
        return min(seconds, 365 * 86400.0)

    async def _walk(self) -> None:
        refused = await self._arrivals.admission.admit(self._tree.folder.name)
        self._is_refused = refused is not None
        if refused is not None:
            await self._stop_watch()
            await self._set_degraded(str(refused), is_told=True)
            return
        wrong = await self._runtime.disk.run(self._why_not_walked)
        if wrong:
            await self._set_degraded(wrong)
            return
        await self._renew_watch()
        lane = Lane.BACKFILL if self._is_first_walk else Lane.LIVE
        rescan = Rescan(self._tree, lane, self._arrivals, self._store, self._runtime)
        walked = await self._walked(rescan)
        if walked is None:
            return
        if self._tree.root in walked.errors:
            await self._set_degraded(walked.errors[self._tree.root])
            return
        self._is_first_walk = False
        now = self._runtime.clock.wall()
        await self._store.write(overview.set_last_rescan, self._tree.folder.name, now)
        await self._check_watch()
        log.info(
            "folder.walked",
            folder=self._tree.folder.name,
            found=walked.found,
            fresh=walked.fresh,
            gone=walked.gone,
            unreadable=len(walked.errors) or None,
        )

    async def _walked(self, rescan: Rescan) -> Walked | None:
        """What came of a walk; None where the loop was stopped meanwhile."""
        if self._is_stopped:
            return None
        self._walking = asyncio.create_task(rescan.run())
        try:
            return await self._walking
        except asyncio.CancelledError:
            if not self._is_stopped:
                raise
            return None
        finally:
            self._walking = None

    async def _is_admitted(self) -> bool:
        return await self._arrivals.admission.admit(self._tree.folder.name) is None

    def _why_not_walked(self) -> str:
        """What keeps the folder from being walked now; empty where nothing does. Blocks."""
        trouble, folder = trouble_with_directory(self._tree.root), self._tree.folder
        if trouble is not None:
            text = f"{trouble.text}; {trouble.remedy}"
            return text + ASTRAY.format(folder.name) if self._folders.is_astray(folder) else text
        other = self._folders.holder_instead_of(folder)
        return "" if other is None else SAME.format(folder.name, other.name)

    async def _check_watch(self) -> None:
        is_complete = self._watch is None or await self._runtime.disk.run(self._watch.is_complete)
        if self._mode is WatchMode.INOTIFY and (self._watch is None or not is_complete):
            await self._set_degraded(
                "not every directory is watched; raise fs.inotify.max_user_watches"
            )
        else:
            await self._set_degraded("")

    async def _take_sightings(self) -> None:
        while self._sightings and not self._is_stopped:
            some = [
                self._sightings.popleft()
                for _ in range(min(len(self._sightings), SIGHTINGS_AT_ONCE))
            ]
            for path, is_directory in await self._runtime.disk.run(self._own, some):
                await self._sight(path, is_directory=is_directory)

    def _own(self, paths: list[bytes]) -> list[tuple[bytes, bool]]:
        """The paths that lie in this folder, not in another one below it, and which is a directory.

        Blocks.
        """
        name, own = self._tree.folder.name, list[tuple[bytes, bool]]()
        for path in dict.fromkeys(paths):
            is_directory = self._folders.roots.has_directory(self._tree.spot(path))
            look = self._folders.place_of_directory if is_directory else self._folders.place
            if look(path).folder_name == name:
                own.append((path, is_directory))
        return own

    async def _sight(self, path: bytes, *, is_directory: bool) -> None:
        relative = self._tree.spot(path).relative
        if is_directory:
            rescan = Rescan(
                self._tree, Lane.LIVE, self._arrivals, self._store, self._runtime, relative
            )
            await self._walked(rescan)
        elif self._tree.selection.verdict_below(relative) is Choice.TAKE:
            self._arrivals.saw(self._tree, path, Lane.LIVE)

    async def _renew_watch(self) -> None:
        """Watch the directory that is at the path now: it may have been mounted or made anew."""
        if self._watch is not None and not await self._runtime.disk.run(self._watch.has_root):
            await self._stop_watch()
        if self._mode is WatchMode.INOTIFY and self._watch is None:
            await self._start_watch()

    async def _start_watch(self) -> None:
        root = self._tree.root
        watch = FolderWatch(root, self._saw_from_thread, self._lost_from_thread, self._enters)
        try:
            self._borders = await self._runtime.disk.run(self._folders.borders)
            await self._runtime.disk.run(watch.start)
        except UploaddError as error:
            await self._set_degraded(str(error))
            return
        self._watch = watch

    def _enters(self, relative: bytes) -> bool:
        """Whether a directory is watched; not where another folder begins. Blocks for a stat."""
        if not self._tree.selection.enters(relative):
            return False
        directory = os.path.join(self._tree.root, relative)
        return not relative or identity_of(directory) not in self._borders

    async def _stop_watch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            await self._runtime.disk.run(watch.stop)

    def _saw_from_thread(self, path: bytes) -> None:
        """Only puts the path in a list: a slow callback would let the kernel's queue overflow."""
        is_first = not self._sightings
        self._sightings.append(path)
        if is_first:
            self._loop.call_soon_threadsafe(self._bell.set)

    def _lost_from_thread(self) -> None:
        self._loop.call_soon_threadsafe(self.walk_now)

    async def _set_degraded(self, text: str, *, is_told: bool = False) -> None:
        """Note what is wrong with the folder. `is_told`: the log says it already."""
        if text == self._degraded:
            return
        self._degraded = text
        event = "folder.degraded" if text else "folder.recovered"
        if not is_told:
            level = log.warning if text else log.info
            level(event, folder=self._tree.folder.name, text=text or None)
        await self._tell()

    async def _tell(self) -> None:
        await self._store.write(
            overview.set_folder,
            self._tree.folder.name,
            self._tree.root,
            self._mode,
            self._degraded,
        )


def _is_on_network(root: bytes) -> bool:
    return is_network(file_system_of(root))
