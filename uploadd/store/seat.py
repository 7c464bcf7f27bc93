"""The deliverer's seat: the lock of a state directory, together with its open database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from uploadd.model.errors import StoreBusyError, StoreError
from uploadd.model.ports import Runtime
from uploadd.store import health, lock
from uploadd.store.connection import DATABASE_NAME, open_database, store_error
from uploadd.store.lock import Holder, Lock
from uploadd.store.mark import Mark

T = TypeVar("T")

STEP_SECONDS = 0.1


class SeatTakenError(StoreBusyError):
    """Somebody else delivers. `holder`: who, where that is known."""

    def __init__(self, state_dir: Path, holder: Holder | None) -> None:
        who = f" already: `uploadd {holder.command}`, pid {holder.pid}" if holder else ""
        super().__init__(
            f"another uploadd delivers for {state_dir}{who}",
            "stop it first, or let it do the work",
        )
        self.holder = holder


@dataclass
class Seat:
    """The right to deliver. Whoever has it ends it: first the database, then `lock`."""

    lock: Lock
    db: Database
    mark: Mark
    database: Path
    database_id: tuple[int, int]

    def whats_wrong(self) -> str:
        """Why what is held is not what lies at its path any more; empty where it is (blocking)."""
        wrong = self.lock.whats_wrong()
        if wrong:
            return wrong
        try:
            there = _id_of(self.database)
        except OSError as error:
            return f"the database {self.database} is gone: {error.strerror}"
        if there != self.database_id:
            return f"the database {self.database} was replaced by another one"
        return ""


async def take_seat(state_dir: Path, runtime: Runtime, command: str) -> Seat:
    """Become the deliverer of `state_dir`, as `command` (`run` or `backfill`).

    Waits a second, because others look at the lock for an instant. Raises `SeatTakenError` where
    somebody has it, `StoreError` where the store cannot be used.
    """
    db = await runtime.disk.run(open_database, state_dir)
    end = runtime.clock.monotonic() + lock.PATIENCE_SECONDS
    try:
        while runtime.clock.monotonic() < end:
            seat = await try_seat(db, state_dir, runtime, command)
            if seat is not None:
                return seat
            await runtime.clock.sleep(STEP_SECONDS)
        holder = await runtime.disk.run(clearly, lock.last_holder, db)
    except BaseException:
        db.close()
        raise
    db.close()
    raise SeatTakenError(state_dir, holder)


async def try_seat(db: Database, state_dir: Path, runtime: Runtime, command: str) -> Seat | None:
    """Take the seat where it is free at this instant, and write down who has it now."""
    held = await runtime.disk.run(lock.try_take, state_dir)
    if held is None:
        return None
    me = Holder(os.getpid(), command, runtime.clock.wall())
    try:
        return await runtime.disk.run(_sit_down, held, db, state_dir, me)
    except BaseException:
        held.release()
        raise


async def queue_up(state_dir: Path, runtime: Runtime) -> tuple[Lock, Database]:
    """Become the one `run` that waits for a backfill to hand over, and write that down.

    Raises `StoreBusyError` where another one waits already, `StoreError`.
    """
    db = await runtime.disk.run(open_database, state_dir)
    me = Holder(os.getpid(), "run", runtime.clock.wall())
    end = runtime.clock.monotonic() + lock.PATIENCE_SECONDS
    try:
        while runtime.clock.monotonic() < end:
            place = await runtime.disk.run(lock.try_queue_up, state_dir)
            if place is not None:
                await runtime.disk.run(clearly, lock.remember_successor, db, me)
                return place, db
            await runtime.clock.sleep(STEP_SECONDS)
        other = await runtime.disk.run(clearly, lock.last_successor, db)
    except BaseException:
        db.close()
        raise
    db.close()
    who = f", pid {other.pid}," if other else ""
    raise StoreBusyError(
        f"another `uploadd run`{who} waits already to deliver for {state_dir}",
        "nothing to do: it begins as soon as the backfill hands over",
    )


def clearly(work: Callable[..., T], db: Database, *args: Any) -> T:
    """Run `work(db, …)`; what SQLite says becomes a `StoreError` (blocking)."""
    try:
        return work(db, *args)
    except sqlite3.Error as error:
        raise store_error(error) from None


def _sit_down(held: Lock, db: Database, state_dir: Path, me: Holder) -> Seat:
    database = state_dir / DATABASE_NAME
    try:
        there = _id_of(database)
    except OSError as error:
        raise StoreError(f"the database {database} is gone: {error.strerror}") from None
    if not _is_open_here(there):  # a restore was faster than we were
        raise StoreError(f"the database {database} was replaced meanwhile", "start again")
    mark = health.examine(db, state_dir, me.since)
    clearly(lock.remember_holder, db, me)
    return Seat(held, db, mark, database, there)


def _id_of(path: Path) -> tuple[int, int]:
    there = os.stat(path)
    return there.st_dev, there.st_ino


def _is_open_here(file_id: tuple[int, int]) -> bool:
    """Whether this process has that file open; True where the system does not say."""
    try:
        descriptors = os.listdir("/proc/self/fd")
    except OSError:
        return True
    for descriptor in descriptors:
        try:
            there = os.fstat(int(descriptor))
        except OSError:
            continue  # that of the listing itself
        if (there.st_dev, there.st_ino) == file_id:
            return True
    return False
