"""Delivery as a whole: the loops of every account, and how they start, drain and end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from uploadd.delivery.activity import ActivityLoop
from uploadd.delivery.bell import Bell
from uploadd.delivery.desk import Desk
from uploadd.delivery.dispatch import Dispatcher
from uploadd.delivery.look_up_loop import LookUpLoop
from uploadd.delivery.probe_loop import ProbeLoop
from uploadd.delivery.settling import tell
from uploadd.delivery.ticket_loop import TicketLoop
from uploadd.model.ports import Runtime
from uploadd.store import moves, overview
from uploadd.store.store import Store

log = structlog.get_logger()

LISTEN_SECONDS = 0.5
CLOCK_STEP_SECONDS = 2.0


class Deliverer:
    """Brings queued jobs to their accounts until it is told to drain."""

    def __init__(
        self, desks: Mapping[str, Desk], store: Store, runtime: Runtime, bell: Bell
    ) -> None:
        self.desks = dict(desks)
        self._store = store
        self._runtime = runtime
        self._bell = bell
        self._ended = asyncio.Event()

    async def recover(self) -> None:
        """What was `uploading` when the last deliverer ended is uncertain (design section 4)."""
        for desk in self.desks.values():
            interrupted = await self._store.write(moves.recover_interrupted, desk.id, desk.around())
            for job in interrupted:
                tell(desk, job)
        await self._store.write(moves.rebase_waits, self._runtime.clock.wall())

    async def run(self, heard: Callable[[], None]) -> None:
        """Run every loop; returns when all sends have ended after `drain`.

        `heard` is called when another process has written to the database.
        """
        labels = frozenset(self.desks)
        async with asyncio.TaskGroup() as loops:
            for desk in self.desks.values():
                loops.create_task(TicketLoop(desk).run(self._ended))
                loops.create_task(LookUpLoop(desk).run(self._ended))
                loops.create_task(ProbeLoop(desk, labels).run(self._ended))
            loops.create_task(self._listen(heard))
            activity = ActivityLoop(self.desks.values(), self._store, self._runtime)
            loops.create_task(activity.run(self._ended))
            await self._run_dispatchers()
            self._ended.set()
            self._bell.ring()

    def drain(self) -> None:
        """Take no more jobs; `run` returns when what is in flight has ended."""
        for desk in self.desks.values():
            desk.draining.set()
        self._bell.ring()

    def cut(self) -> None:
        """Cut the bodies that are still being sent; their jobs go back to the queue."""
        for desk in self.desks.values():
            desk.cut.set()

    async def _run_dispatchers(self) -> None:
        async with asyncio.TaskGroup() as dispatchers:
            for desk in self.desks.values():
                dispatchers.create_task(Dispatcher(desk).run())

    async def _listen(self, heard: Callable[[], None]) -> None:
        """Notice commands of other processes, and a wall clock that was set back."""
        seen = await self._store.read(overview.data_version)
        last_wall = self._runtime.clock.wall()
        while not self._ended.is_set():
            await self._runtime.clock.wait(self._ended, LISTEN_SECONDS)
            version = await self._store.read(overview.data_version)
            if version != seen:
                seen = version
                heard()
                self._bell.ring()
            last_wall = await self._check_clock(last_wall)

    async def _check_clock(self, last_wall: float) -> float:
        now = self._runtime.clock.wall()
        if now < last_wall - CLOCK_STEP_SECONDS:
            log.warning("clock.stepped_back", seconds=round(last_wall - now, 1))
            await self._store.write(moves.rebase_waits, now)
            self._bell.ring()
        return now
