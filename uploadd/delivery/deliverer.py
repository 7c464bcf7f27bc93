"""Delivery as a whole: the loops of every account, and how they start, drain and end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping

import structlog

from uploadd.delivery.activity import ActivityLoop
from uploadd.delivery.backup_loop import BackupLoop
from uploadd.delivery.bell import Bell
from uploadd.delivery.desk import Desk
from uploadd.delivery.dispatch import Dispatcher
from uploadd.delivery.filing_loop import FilingLoop
from uploadd.delivery.look_up_loop import LookUpLoop
from uploadd.delivery.probe_loop import ProbeLoop
from uploadd.delivery.settling import tell
from uploadd.delivery.shelter import keep_running
from uploadd.delivery.ticket_loop import TicketLoop
from uploadd.model.ports import Runtime
from uploadd.store import clocks, moves, overview
from uploadd.store.store import Store

log = structlog.get_logger()

LISTEN_SECONDS = 0.5
LAST_QUESTIONS_SECONDS = 5.0
CUT_SECONDS = 2.0


class Deliverer:
    """Brings queued jobs to their accounts until it is told to drain."""

    def __init__(
        self,
        desks: Mapping[str, Desk],
        store: Store,
        runtime: Runtime,
        bell: Bell,
        labels: frozenset[str],
        backup: BackupLoop,
    ) -> None:
        """`labels`: every account name of the configuration, whether it has a desk here or not."""
        self._backup = backup
        self.desks = dict(desks)
        self._labels = labels
        self._store = store
        self._runtime = runtime
        self._bell = bell
        self._ended = asyncio.Event()
        self._clock_offset = clocks.offset_of(runtime.clock)
        self._clock_seen = runtime.clock.monotonic()
        self._dispatching: asyncio.Task[None] | None = None

    async def recover(self) -> None:
        """What was `uploading` when the last deliverer ended is uncertain (design section 4)."""
        for desk in self.desks.values():
            interrupted = await self._store.write(moves.recover_interrupted, desk.id, desk.around())
            for job in interrupted:
                tell(desk, job)
        await self._keep_waits()

    async def run(self, heard: Callable[[], None]) -> None:
        """Run every loop; returns when all sends have ended after `drain`.

        `heard` is called when another process has written to the database.
        """
        async with asyncio.TaskGroup() as loops:
            tasks = [loops.create_task(loop) for loop in self._loops(heard)]
            self._dispatching = loops.create_task(self._run_dispatchers())
            await asyncio.wait({self._dispatching})
            self._ended.set()
            self._bell.ring()
            # A question that waits for the call budget, or for a slow server, holds nobody up:
            # it is asked again by the next deliverer.
            await asyncio.wait(tasks, timeout=LAST_QUESTIONS_SECONDS)
            for task in tasks:
                task.cancel()

    def _loops(self, heard: Callable[[], None]) -> Iterator[Coroutine[None, None, None]]:
        for desk in self.desks.values():
            for loop in (TicketLoop(desk), LookUpLoop(desk), FilingLoop(desk)):
                yield keep_running(desk, loop.run, loop.state, self._ended)
            probing = ProbeLoop(desk, self._labels)
            yield keep_running(desk, probing.run, "probe", self._ended)
        yield self._listen(heard)
        yield ActivityLoop(self.desks.values(), self._store, self._runtime).run(self._ended)
        yield self._backup.run(self._ended)

    def drain(self) -> None:
        """Take no more jobs; `run` returns when what is in flight has ended."""
        for desk in self.desks.values():
            desk.draining.set()
        self._bell.ring()

    def cut(self) -> None:
        """Cut the bodies that are still being sent; their jobs go back to the queue.

        What cannot be cut so (a reply that does not come, a chunk that waits for its turn under
        `bytes_per_second`) is left: the next deliverer finds it in `uploading` and looks it up.
        """
        for desk in self.desks.values():
            desk.cut.set()
        if self._dispatching is not None:
            asyncio.get_running_loop().call_later(CUT_SECONDS, self._dispatching.cancel)

    async def _run_dispatchers(self) -> None:
        async with asyncio.TaskGroup() as dispatchers:
            for desk in self.desks.values():
                dispatchers.create_task(Dispatcher(desk).run())

    async def _listen(self, heard: Callable[[], None]) -> None:
        """Notice commands of other processes, and a wall clock that was set."""
        seen = await self._store.read(overview.data_version)
        while not self._ended.is_set():
            await self._runtime.clock.wait(self._ended, LISTEN_SECONDS)
            if not self._store.is_untouched():
                version = await self._store.read(overview.data_version)
                if version != seen:
                    seen = version
                    heard()
                    self._bell.ring()
            await self._check_clock()

    async def _check_clock(self) -> None:
        clock = self._runtime.clock
        step = clocks.offset_of(clock) - self._clock_offset
        if abs(step) >= clocks.STEP_SECONDS:
            log.warning("clock.stepped", seconds=round(step, 1))
            await self._keep_waits()
            self._bell.ring()
        self._clock_seen = clock.monotonic()

    async def _keep_waits(self) -> None:
        clock = self._runtime.clock
        self._clock_offset = clocks.offset_of(clock)
        unseen_seconds = clock.monotonic() - self._clock_seen
        await self._store.write(
            clocks.keep_waits, clock.boot(), self._clock_offset, clock.wall(), unseen_seconds
        )
