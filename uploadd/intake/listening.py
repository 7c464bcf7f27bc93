"""What the kernel tells of one folder, and what is to be looked at because of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from uploadd.intake.agenda import Agenda
from uploadd.intake.arrivals import Arrivals
from uploadd.intake.kernel import Event, OpenEar
from uploadd.intake.selection import Choice
from uploadd.intake.tree import Tree
from uploadd.intake.walk import Scope, Step, batches
from uploadd.intake.watches import Watches
from uploadd.model.events import Sign
from uploadd.model.jobs import Lane
from uploadd.model.places import Spot
from uploadd.model.ports import Runtime

log = structlog.get_logger()

EVENTS_AT_ONCE = 2000


class Listener:
    """Hands files that events named to `arrivals`, and puts directories on the agenda.

    `bell` is set when there is something to take. An event is a hint: where its directory has been
    moved since, the path that it names leads nowhere, and a walk finds out.
    """

    def __init__(
        self,
        tree: Tree,
        arrivals: Arrivals,
        runtime: Runtime,
        open_ear: OpenEar,
        agenda: Agenda,
        bell: asyncio.Event,
    ) -> None:
        self._tree = tree
        self._arrivals = arrivals
        self._runtime = runtime
        self._open_ear = open_ear
        self._agenda = agenda
        self._bell = bell
        self._watches: Watches | None = None
        self._loop = asyncio.get_running_loop()
        self.deaf_because: OSError | None = None
        """Why the kernel cannot be listened to."""
        self.has_missed = False
        """Whether the whole folder is to be walked, because something was missed."""

    @property
    def watch(self) -> Callable[[int, bytes], None] | None:
        """For a walk (`Scope.watch`); None where nothing is listened to."""
        return self._watches.watch if self._watches is not None else None

    async def listen(self) -> None:
        """Begin to listen, if that is possible; see `deaf_because`."""
        if self._watches is not None:
            return
        try:
            ear = await self._runtime.disk.run(self._open_ear, self._heard_from_thread)
        except OSError as error:
            self.deaf_because = error
        else:
            self.deaf_because, self._watches = None, Watches(ear)

    async def watch_all(self) -> None:
        """Watch every directory; what cannot be watched the first walk says."""
        if self._watches is None:
            return
        folders = self._arrivals.rules.folders
        borders = await self._runtime.disk.run(folders.borders)
        scope = Scope(self._tree.selection, borders, self._watches.watch, has_files=False)
        step = Step(now=self._runtime.clock.monotonic)
        listed = batches(folders.roots, Spot(self._tree.root, b""), scope, step)
        while await self._runtime.disk.run(next, listed, None) is not None:
            pass

    async def stop(self) -> None:
        """Listen no more."""
        watches, self._watches = self._watches, None
        self.deaf_because = None
        self._agenda.clear()
        if watches is not None:
            await self._runtime.disk.run(watches.ear.end)

    def begin_walk(self) -> None:
        """A walk of the whole folder begins."""
        if self._watches is not None:
            self._watches.begin_walk()

    def end_walk(self) -> None:
        """It has ended, and came to every directory."""
        if self._watches is not None:
            self._watches.end_walk()

    def take_events(self, now: float) -> bool:
        """Take what the kernel has told since; whether there was anything. `now`: monotonic."""
        if self._watches is None:
            return False
        events = self._watches.ear.take(EVENTS_AT_ONCE)
        for event in events:
            self._take(self._watches, event, now)
        return bool(events)

    def _take(self, watches: Watches, event: Event, now: float) -> None:
        way = watches.way_of(event.watch)
        if event.sign is Sign.OVERFLOW:
            log.info("folder.overflowed", folder=self._tree.folder.name)
            self._agenda.clear()
            self._tree.settler.doubt_closes(now)
            self.has_missed = True
        elif event.sign is Sign.ENDED:
            watches.drop(event.watch)
            if way is not None:  # unmounted, or removed
                self._look_at_moved(way, now)
        elif way is not None and not event.name:
            self._look_at_moved(way, now)
        elif way is not None:
            self._look_at_named(way, event, now)

    def _look_at_moved(self, way: bytes, now: float) -> None:
        """A watched directory has gone, or was moved; of the root nobody else tells."""
        if way:
            self._agenda.add_lost(way, now)
        else:
            self.has_missed = True

    def _look_at_named(self, directory: bytes, event: Event, now: float) -> None:
        way = directory + b"/" + event.name if directory else event.name
        if event.is_directory:
            if event.sign is Sign.LEFT:
                self._agenda.add_lost(way, now)
            elif self._tree.selection.enters(way):
                self._agenda.add(way, now)
        elif self._tree.selection.verdict(way, event.name) is Choice.TAKE:
            if event.sign is Sign.LEFT:
                self._agenda.add_left(directory, now)
            else:
                path = Spot(self._tree.root, way).path
                self._arrivals.saw(self._tree, path, Lane.LIVE, event.sign)

    def _heard_from_thread(self) -> None:
        """Only wakes the loop."""
        self._loop.call_soon_threadsafe(self._bell.set)
