"""A one-time rescan of any directory, by the one who delivers: walk it, and send what it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from uploadd.assembly import Assembly
from uploadd.delivery.desk import Desk
from uploadd.delivery.private_places import PrivatePlaces
from uploadd.intake.rescan import Rescan
from uploadd.intake.tree import Tree
from uploadd.model.budget import Purpose
from uploadd.model.jobs import Lane
from uploadd.model.left_alone import LeftAlone
from uploadd.model.restless import sum_restless
from uploadd.operations.backfill.asking import asked_of_those_there
from uploadd.operations.backfill.endings import Ending, Finished
from uploadd.operations.backfill.oversight import Oversight, Show, Tally
from uploadd.operations.backfill.trees import Wanted, sum_of_walks
from uploadd.operations.backfill.views import AccountView, IntakeView, Spent
from uploadd.store import backfills, lock
from uploadd.store.lock import Holder
from uploadd.store.store import Store

__all__ = ["Backfill", "Ending", "Finished"]

log = structlog.get_logger()

LOOK_SECONDS = 0.5


class Backfill:
    """One backfill, over an assembly of its own."""

    def __init__(
        self,
        assembly: Assembly,
        wanted: Sequence[Wanted],
        *,
        no_wait: bool,
        stop: asyncio.Event,
        show: Show,
        look_seconds: float = LOOK_SECONDS,
        tally: Tally | None = None,
        deaf_to: Holder | None = None,
    ) -> None:
        """`deaf_to`: a `run` that was given way to already, and did not take its turn."""
        self._assembly = assembly
        self._runtime = assembly.runtime
        self._wanted = wanted
        self._no_wait = no_wait
        self._stop = stop
        self._look_seconds = look_seconds
        self._deaf_to = deaf_to
        self._intake = _Intake(assembly, wanted, look_seconds)
        tally = tally or Tally.begun_at(self._runtime.clock)
        view = _OwnView(assembly, self._intake)
        self._oversight = Oversight(view, wanted, self._runtime.clock, tally, show)
        self._ended = asyncio.Event()
        self._heard = asyncio.Event()
        self._heard.set()  # an earlier run may have left what was never read

    async def run(self) -> Finished:
        """Walk and deliver until nothing is pending, or until there is a reason to stop.

        Where a daemon waits for its turn, the directories are handed over to it: `requests`.
        """
        await self._intake.name_folders()
        async with asyncio.TaskGroup() as tasks:
            guard = tasks.create_task(self._assembly.guard(self._ended))
            delivery = tasks.create_task(self._assembly.deliverer.run(self._heard.set))
            arrivals = tasks.create_task(self._assembly.arrivals.run(self._ended))
            walks = tasks.create_task(self._intake.walk_all())
            places = tasks.create_task(self._tell_private_places())
            ending = await self._watch_over()
            requests = await self._ask_successor() if ending is None else ()
            walks.cancel()
            places.cancel()
            await self._wind_up(delivery)
            self._ended.set()
            self._assembly.arrivals.woken.set()
            await asyncio.wait({arrivals, guard})
        finished = await self._oversight.finished(Ending.INTERRUPTED if ending is None else ending)
        await self._oversight.close()
        return replace(finished, requests=tuple(requests))

    async def _tell_private_places(self) -> None:
        assembly = self._assembly
        desks, is_all_queued = assembly.desks.values(), self._intake.is_all_queued
        places = PrivatePlaces(assembly.configuration, desks, is_all_queued)
        await places.run(assembly.bell.listener(), self._runtime.clock)

    async def _watch_over(self) -> Ending | None:
        """The reason to end; None where a daemon waits for its turn."""
        while True:
            if await self._has_successor():
                return None
            if self._heard.is_set():  # another process wrote: perhaps a `retry`
                self._heard.clear()
                await self._assembly.resight_unread(Lane.BACKFILL)
            is_counted = await self._oversight.look()
            ending = await self._oversight.reason_to_end(is_counted, no_wait=self._no_wait)
            if ending is not None:
                return ending
            if await self._runtime.clock.wait(self._stop, self._look_seconds):
                return Ending.INTERRUPTED

    async def _has_successor(self) -> bool:
        successor = await self._assembly.store.read(lock.last_successor)
        if successor is None or successor == self._deaf_to:
            return False
        state_dir = self._assembly.configuration.state_dir
        return await self._runtime.disk.run(lock.has_successor, state_dir)

    async def _ask_successor(self) -> list[int]:
        """Before the lock is let go of: whatever becomes of us, the directories are asked for."""
        asked = await self._runtime.disk.run(
            asked_of_those_there, self._assembly.configuration, self._wanted
        )
        log.info("backfill.yields", directories=len(asked))
        now = self._runtime.clock.wall()
        return await self._assembly.store.write(backfills.ask, asked, now)

    async def _wind_up(self, delivery: asyncio.Task[None]) -> None:
        """Finish the sends in flight, for at most `drain_seconds`, then cut them."""
        self._assembly.deliverer.drain()
        await asyncio.wait({delivery}, timeout=self._assembly.configuration.drain_seconds)
        if not delivery.done():
            self._assembly.deliverer.cut()
            await asyncio.wait({delivery})


class _Intake:
    """The walks of the backfill's own trees."""

    def __init__(self, assembly: Assembly, wanted: Sequence[Wanted], look_seconds: float) -> None:
        self._assembly = assembly
        self._wanted = wanted
        self._look_seconds = look_seconds
        self._trees = [_tree_of(assembly, one) for one in wanted]
        self._is_walking = True
        self._left_alone: dict[Wanted, LeftAlone] = {}

    def view(self) -> IntakeView:
        """How far the walks are."""
        is_walking = self._is_walking or any(desk.rebound.is_set() for desk in self._desks())
        settling = sum(tree.waiting() for tree in self._trees)
        found = ((one.folder.name, one.directory, left) for one, left in self._left_alone.items())
        now = self._assembly.runtime.clock.monotonic()
        limit = self._assembly.configuration.settle_limit_seconds
        restless = sum_restless(tree.restless(now, limit) for tree in self._trees)
        return IntakeView(settling, is_walking, sum_of_walks(found), restless)

    def is_all_queued(self) -> bool:
        """Whether every file that was found is in the queue, or known."""
        return not self._is_walking and not any(tree.waiting() for tree in self._trees)

    async def name_folders(self) -> None:
        """Before anything is sent."""
        for tree, one in zip(self._trees, self._wanted, strict=True):
            await self._rescan(tree, one).name_folder()

    async def walk_all(self) -> None:
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
                await self._assembly.runtime.clock.sleep(self._look_seconds)
            for desk in self._desks():
                desk.rebound.clear()

    async def _walk(self, tree: Tree, one: Wanted) -> None:
        walked = await self._rescan(tree, one).run()
        self._left_alone[one] = walked.left_alone

    def _rescan(self, tree: Tree, one: Wanted) -> Rescan:
        assembly = self._assembly
        around = (assembly.arrivals, assembly.store, assembly.runtime)
        return Rescan(tree, Lane.BACKFILL, *around, one.start)

    def _desks(self) -> list[Desk]:
        return list(self._assembly.desks.values())


def _tree_of(assembly: Assembly, one: Wanted) -> Tree:
    only = one.folder.accounts
    return assembly.tree(one.root, one.folder, only=only, is_named=one.is_named)


class _OwnView:
    """The backfill as its own deliverer sees it."""

    def __init__(self, assembly: Assembly, intake: _Intake) -> None:
        self._assembly = assembly
        self._intake = intake

    @property
    def store(self) -> Store:
        return self._assembly.store

    async def accounts(self) -> list[AccountView]:
        return [
            AccountView(
                desk.account.name,
                desk.id,
                tuple(await desk.pauses()),
                desk.budget.seconds_to_wait(Purpose.BACKFILL),
                desk.budget.seconds_to_wait(Purpose.TICKETS),
                desk.needs_login,
                desk.was_probed,
                desk.is_unanswered,
                desk.uploading > 0,
            )
            for desk in self._desks()
        ]

    async def intake(self) -> IntakeView:
        return self._intake.view()

    async def spent(self, *, is_last: bool) -> Spent:
        del is_last  # what the desks have counted is always up to date
        desks = self._desks()
        return Spent(sum(desk.bytes_sent for desk in desks), sum(desk.calls_made for desk in desks))

    async def edit_url(self, photo_ids: Sequence[str]) -> str | None:
        return self._desks()[0].service.edit_url(photo_ids)

    def _desks(self) -> list[Desk]:
        return list(self._assembly.desks.values())
