"""A daemon that is started beside a backfill waits for its turn, and says so."""

from __future__ import annotations

import asyncio

import structlog
from sqlite_utils import Database

from uploadd.files.state_directory import check_state_dir
from uploadd.model.configuration import Configuration
from uploadd.model.ports import Runtime
from uploadd.sd_notify import Notifier
from uploadd.store import lock
from uploadd.store.lock import Holder
from uploadd.store.seat import Seat, SeatTakenError, clearly, queue_up, take_seat, try_seat

log = structlog.get_logger()

LOOK_SECONDS = 0.2
TELL_SECONDS = 10.0
EXTENSION_SECONDS = 60.0
"""How much time systemd is asked for, again and again: more than `TELL_SECONDS`."""


async def wait_for_seat(
    configuration: Configuration, runtime: Runtime, notifier: Notifier, stop: asyncio.Event
) -> Seat | None:
    """The deliverer's seat, as soon as it is free; None where `stop` came first.

    Only for a backfill it is waited: that yields as soon as it learns of the wish. Beside another
    `run` it raises `SeatTakenError`; `StoreError` where the store cannot be used.
    """
    check_state_dir(configuration)
    try:
        return await take_seat(configuration.state_dir, runtime, "run")
    except SeatTakenError as error:
        if error.holder is None or error.holder.command == "run":
            raise
        holder = error.holder
    return await _Succession(configuration, runtime, notifier, stop).wait(holder)


class _Succession:
    """The wish is a row, and a lock beside it that dies with us: a stale row means nothing."""

    def __init__(
        self,
        configuration: Configuration,
        runtime: Runtime,
        notifier: Notifier,
        stop: asyncio.Event,
    ) -> None:
        self._state_dir = configuration.state_dir
        self._runtime = runtime
        self._notifier = notifier
        self._stop = stop

    async def wait(self, holder: Holder) -> Seat | None:
        """Wait for the seat that `holder` has."""
        place, db = await queue_up(self._state_dir, self._runtime)
        log.info(
            "daemon.waiting",
            text=f"a {holder.command} delivers; it finishes what is in flight and hands over",
            pid=holder.pid,
        )
        seat = None
        try:
            seat = await self._seat_or_stop(db, holder)
            await self._runtime.disk.run(clearly, lock.remember_successor, db, None)
        finally:
            # After the seat was taken: until then somebody must see that a daemon waits.
            place.release()
            if seat is None:
                db.close()
        if seat is None:
            log.info("daemon.stopped", text="before its turn came; the backfill goes on")
        return seat

    async def _seat_or_stop(self, db: Database, holder: Holder) -> Seat | None:
        tell_at = self._runtime.clock.monotonic()
        while True:
            if self._runtime.clock.monotonic() >= tell_at:
                tell_at += TELL_SECONDS
                self._notifier.extend_timeout(EXTENSION_SECONDS)
                who = f"the {holder.command}, pid {holder.pid},"
                self._notifier.status(f"waiting for {who} to hand over")
            if not await self._runtime.disk.run(lock.is_taken, self._state_dir):
                seat = await try_seat(db, self._state_dir, self._runtime, "run")
                if seat is not None:
                    return seat
            now = await self._runtime.disk.run(clearly, lock.holder_now, db, self._state_dir)
            if now is not None and now.command == "run":
                raise SeatTakenError(self._state_dir, now)
            if await self._runtime.clock.wait(self._stop, LOOK_SECONDS):
                return None
