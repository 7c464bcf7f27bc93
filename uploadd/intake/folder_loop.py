"""Keeps one folder taken in: its events, its walks, and the places in it that are in trouble."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from uploadd.files.directories import SILENT_DISK, trouble_with_directory
from uploadd.files.mounts import has_own_clock
from uploadd.intake.agenda import Agenda
from uploadd.intake.arrivals import Arrivals
from uploadd.intake.kernel import OpenEar, open_ear
from uploadd.intake.listening import Listener
from uploadd.intake.rescan import Rescan
from uploadd.intake.tree import Tree
from uploadd.intake.troubles import Trouble, Troubles, as_text, summary, trouble_with_watch
from uploadd.model.configuration import WatchMode
from uploadd.model.jobs import Lane
from uploadd.model.ports import Runtime
from uploadd.store import overview, quiet_time
from uploadd.store.store import Store

log = structlog.get_logger()

WALKS_AT_ONCE = 8
"""So many walks go on side by side; further ones wait."""
LONGEST_NAP_SECONDS = 365 * 86400.0
SAME = (
    "it waits, because {0} and {1} are one directory now: see what was mounted or linked there, or"
    " make one folder of both, with the accounts of both"
)
SILENT_SECONDS = 10.0
"""A step that takes longer than this waits for a disk that does not answer."""

ASTRAY = "; if it was renamed, nothing reads it there: rename it back, or `uploadd forget {0}`"


@dataclass
class _Going:
    """A walk that has begun. `steps`: what is left of it."""

    rescan: Rescan
    steps: AsyncIterator[None]
    began: float


class FolderLoop:
    """Watches and walks one folder until it is told to end.

    The walk is the truth: it sets the watches, and says anew where each directory is. Events only
    name what to look at. All of it is done in small steps: a walk that an event asked for begins
    at once, and long ones go on in turn with it.
    """

    def __init__(
        self,
        tree: Tree,
        arrivals: Arrivals,
        store: Store,
        runtime: Runtime,
        open_ear: OpenEar = open_ear,
    ) -> None:
        self._tree = tree
        self._arrivals = arrivals
        self._folders = arrivals.rules.folders
        self._store = store
        self._runtime = runtime
        self._mode = tree.folder.watch
        self._agenda = Agenda()
        self._bell = asyncio.Event()
        self._listener = Listener(tree, arrivals, runtime, open_ear, self._agenda, self._bell)
        self._troubles = Troubles(tree.folder.poll_seconds)
        self._walks: deque[_Going] = deque()
        self._is_walk_wanted = True
        self._warned_of: frozenset[tuple[bytes, Trouble]] = frozenset()
        self._walk_at = 0.0
        self._is_refused = False
        self._is_first_walk = True
        self._stepping: asyncio.Task[bool] | None = None
        self._is_stopped = False
        tree.on_closed = self._walk_soon

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._tree.folder.name

    @property
    def trouble(self) -> str:
        """What is wrong with the folder or its watch; empty where nothing is."""
        wrong = self._arrivals.presence.told(self.name) or self._degraded()
        return f"folder {self.name}: {wrong}" if wrong else ""

    @property
    def is_all_queued(self) -> bool:
        """Whether every file that the first walk found is in the queue, or known."""
        return not self._is_first_walk and not self._tree.waiting()

    async def start(self) -> None:
        """Set up the watches, before the first walk, so that nothing falls between the two.

        Where the disk does not answer, `run` goes on with that.
        """
        self._stepping = asyncio.create_task(self._set_up())
        if await self._is_answered(self._stepping):
            await self._take_step()

    async def _set_up(self) -> bool:
        wanted = self._tree.folder.watch
        if wanted is WatchMode.AUTO:
            is_local = await self._runtime.disk.run(has_own_clock, self._tree.root)
            wanted = WatchMode.INOTIFY if is_local else WatchMode.POLL
        self._mode = wanted
        if wanted is WatchMode.INOTIFY and await self._is_admitted():
            await self._listener.listen()
            await self._listener.watch_all()
        await self._store.write(quiet_time.forget, self.name)
        await self._tell()
        return True

    def walk_now(self) -> None:
        """Walk again: something is known to have been missed."""
        self._is_walk_wanted = True
        self._bell.set()

    def _walk_soon(self, directory: bytes) -> None:
        """The walk says what is wrong with a directory, and tries it again until it is open."""
        way = self._tree.spot(directory).relative
        self._agenda.add_lost(way, self._runtime.clock.monotonic())
        self._bell.set()

    def look_again(self) -> None:
        """A person may have accepted what is there now."""
        if self._is_refused:
            self.walk_now()

    async def run(self, ended: asyncio.Event) -> None:
        """Take events and walk when it is time, until `ended` is set."""
        try:
            while not ended.is_set():
                self._bell.clear()
                if not await self._take_step():
                    await self._runtime.clock.wait(self._bell, self._nap())
        finally:
            await self._listener.stop()

    def stop(self) -> None:
        """Wake the loop so that it sees that it has ended. The next run walks anew."""
        self._is_stopped = True
        if self._stepping is not None:
            self._stepping.cancel()  # a disk may not answer
        self._bell.set()

    async def _take_step(self) -> bool:
        """Do one step, or end the one that has begun; whether there may be more to do."""
        if self._stepping is None:
            self._stepping = asyncio.create_task(self._step())
        await self._is_answered(self._stepping)
        try:
            return await self._stepping
        except asyncio.CancelledError:
            if not self._is_stopped:
                raise
            return False
        finally:
            self._stepping = None

    async def _is_answered(self, step: asyncio.Task[bool]) -> bool:
        """Whether a step ends in time; else it is told that the disk does not answer."""
        ended = asyncio.Event()
        step.add_done_callback(lambda _: ended.set())
        if await self._runtime.clock.wait(ended, SILENT_SECONDS):
            return True
        await self._note_troubles(b"", {b"": Trouble(*SILENT_DISK)}, is_deep=False)
        self._is_walk_wanted = True  # once it answers, the walk finds that all is well
        return False

    async def _step(self) -> bool:
        now = self._runtime.clock.monotonic()
        has_events = self._listener.take_events(now)
        if self._listener.has_missed:
            self._listener.has_missed = False
            self._is_walk_wanted = True
        self._begin_named_walks(now)
        if self._is_root_walk_due(now):
            await self._begin_root_walk(now)
        if not self._walks:
            return has_events
        going = self._walks.popleft()
        try:
            await anext(going.steps)
        except StopAsyncIteration:
            await self._end_walk(going)
        else:
            self._walks.append(going)
        return True

    def _is_root_walk_due(self, now: float) -> bool:
        is_going = any(going.rescan.is_whole for going in self._walks)
        return not is_going and (self._is_walk_wanted or now >= self._walk_at)

    def _nap(self) -> float:
        """Seconds until there is something to do, unless the bell rings."""
        dues = [self._walk_at, self._agenda.next_due(), self._troubles.next_due()]
        due = min(due for due in dues if due is not None)
        return min(LONGEST_NAP_SECONDS, max(0.0, due - self._runtime.clock.monotonic()))

    def _begin_named_walks(self, now: float) -> None:
        """What events named is walked first, then what is in trouble."""
        for way in self._troubles.take_due(now):
            if way:
                self._begin(way, is_deep=True)
            else:
                self._is_walk_wanted = True
        while len(self._walks) < WALKS_AT_ONCE and (found := self._agenda.take(now)) is not None:
            way, is_deep = found
            self._begin(way, is_deep=is_deep)

    def _begin(self, way: bytes, *, is_deep: bool) -> None:
        self._walks.appendleft(self._going(way, Lane.LIVE, is_deep=is_deep))

    def _going(self, way: bytes, lane: Lane, *, is_deep: bool = True) -> _Going:
        around = (self._arrivals, self._store, self._runtime)
        watch = self._listener.watch
        rescan = Rescan(self._tree, lane, *around, way, watch=watch, is_deep=is_deep)
        return _Going(rescan, rescan.steps(), self._runtime.clock.monotonic())

    async def _begin_root_walk(self, now: float) -> None:
        """What is missed from here on is a matter of the next one."""
        self._is_walk_wanted = False
        self._walk_at = now + self._walk_every()
        trouble = await self._why_not_walked()
        if trouble is not None:
            await self._note_troubles(b"", {b"": trouble}, is_told=self._is_refused)
            await self._arrivals.presence.look(self.name)
            return
        if self._mode is WatchMode.INOTIFY:
            await self._listener.listen()
        self._listener.begin_walk()
        self._walks.append(self._going(b"", Lane.BACKFILL if self._is_first_walk else Lane.LIVE))

    async def _end_walk(self, going: _Going) -> None:
        rescan, now = going.rescan, self._runtime.clock.monotonic()
        if not rescan.is_deep:
            self._agenda.note_duration(rescan.start, now - going.began, now)
        found = dict(rescan.walked.troubles)
        if rescan.is_whole:
            found |= self._deafness()
        await self._note_troubles(rescan.start, found, began=going.began, is_deep=rescan.is_deep)
        if rescan.is_whole and rescan.walked.root_trouble is None:
            await self._end_root_walk(rescan)

    async def _end_root_walk(self, rescan: Rescan) -> None:
        self._is_first_walk = False
        self._listener.end_walk()
        self._walk_at = self._runtime.clock.monotonic() + self._walk_every()
        now, walked = self._runtime.clock.wall(), rescan.walked
        await self._store.write(overview.set_last_rescan, self.name, now)
        log.info(
            "folder.walked",
            folder=self.name,
            found=walked.found,
            fresh=walked.fresh,
            gone=walked.gone,
            unreadable=walked.unread or None,
        )

    def _deafness(self) -> dict[bytes, Trouble]:
        """What is wrong with the root where the kernel tells of nothing."""
        error = self._listener.deaf_because
        return {} if error is None else {b"": trouble_with_watch(error)}

    def _walk_every(self) -> float:
        """Seconds between two walks of the whole folder."""
        folder = self._tree.folder
        seconds = folder.rescan_seconds or LONGEST_NAP_SECONDS
        return min(seconds, folder.poll_seconds) if self._mode is WatchMode.POLL else seconds

    async def _is_admitted(self) -> bool:
        return await self._arrivals.admission.admit(self.name) is None

    async def _why_not_walked(self) -> Trouble | None:
        """What keeps the folder from being walked now; None where nothing does."""
        refused = await self._arrivals.admission.admit(self.name)
        self._is_refused = refused is not None
        if refused is not None:
            await self._listener.stop()
            return Trouble(refused.text, refused.remedy)
        return await self._runtime.disk.run(self._root_trouble)

    def _root_trouble(self) -> Trouble | None:
        """Blocks."""
        trouble, folder = trouble_with_directory(self._tree.root), self._tree.folder
        if trouble is not None:
            astray = ASTRAY.format(folder.name) if self._folders.is_astray(folder) else ""
            return Trouble(trouble.text, trouble.remedy + astray)
        other = self._folders.holder_instead_of(folder)
        return None if other is None else Trouble(SAME.format(folder.name, other.name))

    async def _note_troubles(
        self,
        start: bytes,
        found: dict[bytes, Trouble],
        *,
        began: float | None = None,
        is_deep: bool = True,
        is_told: bool = False,
    ) -> None:
        """A walk from `start` has ended. `is_told`: the log says it already."""
        clock = self._runtime.clock
        now = (clock.wall(), clock.monotonic())
        change = self._troubles.note(start, found, *now, began=began, is_deep=is_deep)
        self._log_troubles(is_told=is_told)
        if any(change):
            await self._tell()

    def _log_troubles(self, *, is_told: bool) -> None:
        """What ends by itself within seconds, as it does while somebody copies, is no warning."""
        lasting = self._troubles.lasting()
        if not lasting <= self._warned_of and not is_told:
            log.warning("folder.degraded", folder=self.name, text=self._degraded())
        elif self._warned_of and not self._troubles:
            log.info("folder.recovered", folder=self.name)
        self._warned_of = lasting

    def _degraded(self) -> str:
        return summary(self._troubles, self._tree.root)

    async def _tell(self) -> None:
        where = (self.name, self._tree.root, self._mode)
        troubles = as_text(self._troubles, self._tree.root)
        await self._store.write(overview.set_folder, *where, self._degraded(), troubles)
