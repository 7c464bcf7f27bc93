"""A one-time rescan of any directory: walk it, deliver what it holds, and say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import structlog

from uploadd.assembly import Assembly
from uploadd.delivery.desk import Desk
from uploadd.intake.rescan import Rescan
from uploadd.intake.tree import Tree
from uploadd.model.budget import Purpose
from uploadd.model.jobs import Lane
from uploadd.model.pauses import ActivePause, PauseCause, Stops
from uploadd.model.states import State
from uploadd.operations.summary import Snapshot
from uploadd.operations.trees import Wanted, separate
from uploadd.store import overview

log = structlog.get_logger()

LOOK_SECONDS = 0.5
# Counting 200,000 rows takes a moment of the store's thread: never more than this share of it.
COUNTING_SHARE = 0.05
SHORT_WAIT_SECONDS = 60.0
MOST_EDIT_IDS = 200


class Ending(IntEnum):
    """The exit codes of a backfill (design section 7)."""

    DONE = 0
    FAILED = 1
    WOULD_WAIT = 75
    CREDENTIALS = 77
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Finished:
    """How a backfill ended, and with which numbers."""

    ending: Ending
    snapshot: Snapshot
    pauses: tuple[tuple[str, ActivePause], ...] = ()


class Backfill:
    """One backfill, over an assembly of its own."""

    def __init__(
        self,
        assembly: Assembly,
        wanted: Sequence[Wanted],
        *,
        no_wait: bool,
        stop: asyncio.Event,
        show: Callable[[Snapshot], None],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._assembly = assembly
        self._runtime = assembly.runtime
        self._wanted = wanted
        self._no_wait = no_wait
        self._stop = stop
        self._show = show
        self._look_seconds = look_seconds
        self._trees = [assembly.tree(one.root, one.folder) for one in wanted]
        self._directories = separate([one.directory for one in wanted])
        self._has_unread_directories = False
        self._snapshot = Snapshot()
        self._is_walking = True
        self._ended = asyncio.Event()
        self._heard = asyncio.Event()
        self._began = self._runtime.clock.monotonic()
        self._began_wall = self._runtime.clock.wall()
        self._count_again_at = 0.0

    async def run(self) -> Finished:
        """Walk and deliver until nothing is pending, or until there is a reason to stop."""
        async with asyncio.TaskGroup() as tasks:
            delivery = tasks.create_task(self._assembly.deliverer.run(self._heard.set))
            arrivals = tasks.create_task(self._assembly.arrivals.run(self._ended))
            walks = tasks.create_task(self._walk_all())
            ending = await self._watch_over()
            walks.cancel()
            await self._wind_up(delivery)
            self._ended.set()
            self._assembly.arrivals.woken.set()
            await arrivals
        await self._look(is_last=True)
        has_failed = self._snapshot.count(State.FAILED) or self._has_unread_directories
        if ending is Ending.DONE and has_failed:
            ending = Ending.FAILED
        return Finished(ending, self._snapshot, tuple(await self._pauses()))

    async def _walk_all(self) -> None:
        """Walk every directory, and once more where a login turned out to be another account.

        What was read meanwhile may have been meant for a row that is no more.
        """
        while True:
            self._is_walking = True
            async with asyncio.TaskGroup() as walks:
                for tree, one in zip(self._trees, self._wanted, strict=True):
                    walks.create_task(self._walk(tree, one))
            self._is_walking = False
            while not any(desk.rebound.is_set() for desk in self._desks()):
                await self._runtime.clock.sleep(self._look_seconds)
            for desk in self._desks():
                desk.rebound.clear()

    async def _walk(self, tree: Tree, one: Wanted) -> None:
        rescan = Rescan(
            tree,
            Lane.BACKFILL,
            self._assembly.arrivals,
            self._assembly.store,
            self._runtime,
            one.start,
        )
        walked = await rescan.run()
        self._has_unread_directories = self._has_unread_directories or bool(walked.errors)

    async def _watch_over(self) -> Ending:
        while True:
            if self._heard.is_set():  # another process wrote: perhaps a `retry`
                self._heard.clear()
                await self._assembly.resight_unread(Lane.BACKFILL)
            is_counted = await self._look()
            ending = await self._reason_to_end(is_counted)
            if ending is not None:
                return ending
            if await self._runtime.clock.wait(self._stop, self._look_seconds):
                return Ending.INTERRUPTED

    async def _wind_up(self, delivery: asyncio.Task[None]) -> None:
        """Finish the sends in flight, for at most `drain_seconds`, then cut them."""
        self._assembly.deliverer.drain()
        await asyncio.wait({delivery}, timeout=self._assembly.configuration.drain_seconds)
        if not delivery.done():
            self._assembly.deliverer.cut()
            await asyncio.wait({delivery})

    async def _reason_to_end(self, is_counted: bool) -> Ending | None:
        probed = {desk.account.name for desk in self._desks() if desk.was_probed}
        causes = {pause.cause for name, pause in await self._pauses() if name in probed}
        if PauseCause.CREDENTIALS in causes:
            return Ending.CREDENTIALS
        if self._snapshot.is_walking or not is_counted or self._snapshot.settling:
            return None
        if self._snapshot.pending == 0:
            return Ending.DONE
        if self._no_wait and await self._only_waits():
            return Ending.WOULD_WAIT
        return None

    async def _only_waits(self) -> bool:
        """Whether everything that is left waits: for a pause, the call budget, a long backoff."""
        for desk in self._desks():
            counts = await self._assembly.store.read(overview.open_counts, desk.id)
            stopped = await desk.stopped()
            in_flight = sum(counts.values()) - counts.get(State.QUEUED, 0)
            if in_flight and Stops.CALLS not in stopped:
                return False
            if not await self._is_queue_waiting(desk, stopped):
                return False
        return True

    async def _is_queue_waiting(self, desk: Desk, stopped: frozenset[Stops]) -> bool:
        if Stops.UPLOADS in stopped or desk.budget.seconds_to_wait(Purpose.BACKFILL) > 0:
            return True
        now = self._runtime.clock.wall()
        with_videos = Stops.VIDEOS not in stopped
        for directory in self._directories:
            due = await self._assembly.store.read(
                overview.next_due_below, directory, desk.id, with_videos=with_videos
            )
            if due is not None and due - now <= SHORT_WAIT_SECONDS:
                return False
        return not desk.needs_login

    async def _look(self, *, is_last: bool = False) -> bool:
        """Bring the snapshot up to date; True where the files were counted anew, too."""
        clock = self._runtime.clock
        snapshot = self._snapshot
        # Before the counting: what is registered meanwhile counts twice for a moment, or is looked
        # at once more, but never goes missing.
        snapshot.settling = sum(tree.waiting() for tree in self._trees)
        snapshot.is_walking = self._is_walking or any(d.rebound.is_set() for d in self._desks())
        is_due = is_last or clock.monotonic() >= self._count_again_at
        if is_due:
            await self._count()
        snapshot.bytes_sent = sum(desk.bytes_sent for desk in self._desks())
        budgets = {id(desk.budget): desk.budget for desk in self._desks()}
        snapshot.api_calls = sum(budget.granted for budget in budgets.values())
        snapshot.seconds = clock.monotonic() - self._began
        snapshot.waits_for = await self._what_it_waits_for()
        if is_last:
            snapshot.edit_url = await self._edit_url()
        self._show(snapshot)
        return is_due

    async def _count(self) -> None:
        clock = self._runtime.clock
        began = clock.monotonic()
        files: dict[State, int] = {}
        sizes: dict[State, int] = {}
        for desk in self._desks():
            for directory in self._directories_of(desk):
                counts = await self._assembly.store.read(
                    overview.counts_below, directory, (desk.id,)
                )
                for state, (number, size) in counts.items():
                    files[state] = files.get(state, 0) + number
                    sizes[state] = sizes.get(state, 0) + size
        self._snapshot.files, self._snapshot.sizes = files, sizes
        took = clock.monotonic() - began
        self._count_again_at = clock.monotonic() + took / COUNTING_SHARE

    def _directories_of(self, desk: Desk) -> list[bytes]:
        """The directories that go to an account; none holds another, so each file counts once."""
        name = desk.account.name
        return separate([one.directory for one in self._wanted if name in one.folder.accounts])

    async def _what_it_waits_for(self) -> str:
        now = self._runtime.clock.wall()
        texts = []
        for name, pause in await self._pauses():
            left = f" ({pause.delay.remaining(now):.0f} s)" if pause.delay else ""
            texts.append(f"{name}: {pause.text}{left}")
        for desk in self._desks():
            if not texts and (seconds := desk.budget.seconds_to_wait(Purpose.BACKFILL)) > 0:
                texts.append(f"{desk.account.name}: the call budget ({seconds:.0f} s)")
        if not texts and self._snapshot.settling and not self._snapshot.is_walking:
            texts.append(f"{self._snapshot.settling} files that are being written, or were lately")
        return "; ".join(texts)

    async def _pauses(self) -> list[tuple[str, ActivePause]]:
        now = self._runtime.clock.wall()
        return [
            (desk.account.name, pause)
            for desk in self._desks()
            for pause in await desk.pauses()
            if pause.holds(now)
        ]

    async def _edit_url(self) -> str | None:
        ids: list[str] = []
        desks = self._desks()
        for directory in self._directories:
            ids += await self._assembly.store.read(
                overview.newest_photos,
                directory,
                desks[0].id,
                self._began_wall,
                MOST_EDIT_IDS - len(ids),
            )
        return desks[0].service.edit_url(ids) if ids else None

    def _desks(self) -> list[Desk]:
        return list(self._assembly.desks.values())
