"""One replacement from the command to its end, whoever delivers meanwhile (docs/replacing.md).

The job is in the queue before anything is waited for. Where nobody delivers, the command does so
itself, for this account; beside another deliverer it looks on. It changes sides when a daemon
wants its turn, and when the deliverer is gone. Killed at any point, it leaves the job to whoever
delivers next; given again, it goes on with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from uploadd.assembly import Assembly, ServiceMaker, assembled
from uploadd.files.state_directory import check_state_dir
from uploadd.model.configuration import Configuration
from uploadd.model.jobs import Job
from uploadd.model.ports import Runtime
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.operations.backfill.endings import Ending
from uploadd.operations.replace.following import Following, Look
from uploadd.operations.replace.ordering import Order, Placing
from uploadd.operations.turns import seconds_left_free
from uploadd.services.registry import open_service
from uploadd.store import lock
from uploadd.store.asked import Answer
from uploadd.store.lock import Holder
from uploadd.store.seat import Seat, SeatTakenError, take_seat
from uploadd.store.store import Worker, one_thread

LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Replaced:
    """How it ended. `job`: the job as it stands (None: there was nothing to do, or it was refused).

    `reason`: why it is not done. `left_to`: the daemon's process that goes on with it.
    """

    ending: Ending
    job: Job | None = None
    reason: Reason | None = None
    left_to: int | None = None


class Replacing:
    """One `uploadd replace`."""

    def __init__(
        self,
        configuration: Configuration,
        runtime: Runtime,
        order: Order,
        *,
        no_wait: bool,
        stop: asyncio.Event,
        show: Callable[[Look], None],
        make_service: ServiceMaker = open_service,
        make_worker: Callable[[], Worker] = one_thread,
    ) -> None:
        """`stop` ends it; the job stays in the queue. `show` is called at each look."""
        self._configuration = configuration
        self._state_dir = configuration.state_dir
        self._runtime = runtime
        self._order = order
        self._no_wait = no_wait
        self._stop = stop
        self._show = show
        self._make_service = make_service
        self._make_worker = make_worker
        self._following = Following(configuration, runtime, order)
        self._deaf_to: Holder | None = None
        self._holder: Holder | None = None

    async def run(self) -> Replaced:
        """Place the job and see it through.

        Raises `UsageError`, `StoreError`, and `ServiceRefusedError` where the login is refused.
        """
        check_state_dir(self._configuration)
        placing = Placing(self._configuration, self._runtime, self._order, self._make_service)
        placed = await placing.place()
        if placed.answer is Answer.THERE:
            return Replaced(Ending.DONE)
        if placed.answer is Answer.REFUSED:
            reason = Reason("refused", placed.text, placed.remedy)
            return Replaced(Ending.FAILED, reason=reason)
        assert placed.job_id is not None  # noqa: S101 - it was placed
        self._following.begin(placed.job_id)
        while True:
            found = await self._take_part()
            if found is not None:
                return found

    async def _take_part(self) -> Replaced | None:
        """Look on while somebody delivers, then deliver; None where all begins anew."""
        found = await self._look_on()
        if found is not None:
            return found
        try:
            seat = await take_seat(self._state_dir, self._runtime, "replace")
        except SeatTakenError:
            return None
        return await self._deliver(seat)

    # --- as the deliverer -------------------------------------------------------------------

    async def _deliver(self, seat: Seat) -> Replaced | None:
        """Deliver until it has ended; None where a daemon wants its turn."""
        async with assembled(
            self._configuration,
            self._runtime,
            "replace",
            names=[self._order.account.name],
            make_service=self._make_service,
            make_worker=self._make_worker,
            seat=seat,
        ) as assembly:
            ended = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                guard = tasks.create_task(assembly.guard(ended))
                delivery = tasks.create_task(assembly.deliverer.run(_nobody))
                arrivals = tasks.create_task(assembly.arrivals.run(ended))
                found = await self._watch_over(assembly)
                await self._wind_up(assembly, delivery)
                ended.set()
                assembly.arrivals.woken.set()
                await asyncio.wait({guard, arrivals})
        if found is not None and found.ending is Ending.INTERRUPTED:
            return await self._last_look(found)  # it may have ended while the sends drained
        return found

    async def _watch_over(self, assembly: Assembly) -> Replaced | None:
        desk = assembly.desks[self._order.account.name]
        while True:
            if await self._has_successor(assembly):
                self._deaf_to = await assembly.store.read(lock.last_successor)
                return None
            found = await self._judged(are_probed=desk.was_probed)
            if found is not None:
                return found
            if await self._runtime.clock.wait(self._stop, LOOK_SECONDS):
                return Replaced(Ending.INTERRUPTED)

    async def _has_successor(self, assembly: Assembly) -> bool:
        successor = await assembly.store.read(lock.last_successor)
        if successor is None or successor == self._deaf_to:
            return False
        return await self._runtime.disk.run(lock.has_successor, self._state_dir)

    async def _wind_up(self, assembly: Assembly, delivery: asyncio.Task[None]) -> None:
        """Finish the sends in flight, for at most `drain_seconds`, then cut them."""
        assembly.deliverer.drain()
        await asyncio.wait({delivery}, timeout=self._configuration.drain_seconds)
        if not delivery.done():
            assembly.deliverer.cut()
            await asyncio.wait({delivery})

    # --- beside another one -----------------------------------------------------------------

    async def _look_on(self) -> Replaced | None:
        """See what becomes of it; None where nobody delivers (any more)."""
        free_since: float | None = None
        is_first = self._deaf_to is None and self._holder is None
        while True:
            is_taken = await self._runtime.disk.run(lock.is_taken, self._state_dir)
            now = self._runtime.clock.monotonic()
            free_since = None if is_taken else now if free_since is None else free_since
            if is_taken:
                self._holder = await self._following.holder()
            elif is_first or now - (free_since or now) >= await self._left_free():
                return None
            found = await self._judged(are_probed=None)
            if found is not None:
                return found
            if await self._runtime.clock.wait(self._stop, LOOK_SECONDS):
                is_daemon = is_taken and self._holder is not None and self._holder.command == "run"
                left_to = self._holder.pid if is_daemon and self._holder else None
                return await self._last_look(Replaced(Ending.INTERRUPTED, left_to=left_to))

    async def _left_free(self) -> float:
        is_awaited = await self._runtime.disk.run(lock.has_successor, self._state_dir)
        patience = self._configuration.hand_over_patience
        return seconds_left_free(patience, is_awaited=is_awaited)

    # --- where it stands --------------------------------------------------------------------

    async def _judged(self, *, are_probed: bool | None) -> Replaced | None:
        """How it ended; None while it goes on. `are_probed` None: only who delivers knows."""
        look = await self._following.look()
        self._show(look)
        if look.job.state is State.DONE:
            return Replaced(Ending.DONE, look.job)
        if look.is_over:
            return Replaced(Ending.FAILED, look.job, look.job.reason)
        if look.is_refused(are_probed=are_probed):
            return Replaced(Ending.CREDENTIALS, look.job, self._left(look))
        if self._no_wait and look.only_waits and not look.is_undecided(are_probed=are_probed):
            return Replaced(Ending.WOULD_WAIT, look.job, self._left(look))
        return None

    async def _last_look(self, found: Replaced) -> Replaced:
        ended = await self._judged(are_probed=None)
        return found if ended is None or ended.ending is Ending.WOULD_WAIT else ended

    def _left(self, look: Look) -> Reason | None:
        return look.waits_for or look.job.reason


def _nobody() -> None:
    """Nobody else is told that another process has written."""
