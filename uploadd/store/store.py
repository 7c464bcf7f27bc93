"""One thread owns the database, and commits together what has gathered (group commit).

Nobody waits for the disk but that thread: the event loop and the watcher only put operations in
a list. While one group is being written the next one gathers, so a slow disk makes larger groups,
not a longer queue of commits. An operation's caller hears of it only after its group's COMMIT.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlite_utils import Database

from uploadd.model.errors import StoreError
from uploadd.store.connection import store_error
from uploadd.store.mark import Mark
from uploadd.store.older import sends_begun

P = ParamSpec("P")
T = TypeVar("T")

MOST_OPERATIONS_A_GROUP = 500
# Files are stamped by a clock that may tick a hundred times a second.
COARSE_NS = 50_000_000


class Worker(Protocol):
    """Runs the store's work, one piece after the other. A test runs it in place."""

    def submit(self, work: Callable[[], None], /) -> object:
        """Run `work` soon, never at the same time as another piece."""

    def shutdown(self) -> None:
        """Return when everything submitted has run."""


def one_thread() -> Worker:
    """The real worker: a thread of the store's own."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")


class _Operation:
    """One function to be run with the database, and the future of what it returns.

    The future belongs to the event loop; the store's thread only looks whether it was cancelled.
    """

    __slots__ = ("future", "is_write", "outcome", "work")

    def __init__(self, work: Callable[[Database], Any], is_write: bool) -> None:
        self.work = work
        self.is_write = is_write
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.outcome: tuple[Any, BaseException | None] = (None, None)


class Store:
    """The only way to the database of a running deliverer."""

    def __init__(self, db: Database, worker: Worker, mark: Mark | None = None) -> None:
        """`mark`: where the number of begun sends is noted after each commit (None: nowhere)."""
        self._db = db
        self._worker = worker
        self._mark = mark
        self._path = Path(db.execute("PRAGMA database_list").fetchone()[2])
        self._log = self._path.with_name(self._path.name + "-wal")
        self._log_mark: tuple[int, int] | None = None
        self._waiting: deque[_Operation] = deque()
        self._is_closed = False

    async def read(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(db, …)` without a transaction of its own. Raises `StoreError`."""
        return await self._enqueue(work, False, args, kwargs)

    async def write(
        self, work: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(db, …)` in the next group and return after its commit.

        Where `work` raises, only its own changes are undone. Raises `StoreError` where the
        commit failed: then nothing of the group happened.
        """
        return await self._enqueue(work, True, args, kwargs)

    def is_untouched(self) -> bool:
        """Whether nobody has committed anything since the last call. False: somebody may have.

        It costs a hundredth of a question to the database, and waits for no disk: SQLite has its
        log open, so what is asked about it here is in memory.
        """
        before, self._log_mark = self._log_mark, _mark_of(self._log)
        return before is not None and before == self._log_mark

    async def aclose(self) -> None:
        """Commit what is waiting, then close the database."""
        self._is_closed = True
        closed = _Operation(lambda db: db.close(), is_write=False)
        # Every operation has submitted a group of its own, so all of them run before this.
        self._worker.submit(lambda: self._close(closed))
        await closed.future
        self._worker.shutdown()

    def _close(self, closed: _Operation) -> None:
        closed.work(self._db)
        if self._mark is not None:
            self._mark.close()
        _tell([closed])

    def _enqueue(
        self, work: Callable[..., T], is_write: bool, args: Any, kwargs: Any
    ) -> asyncio.Future[T]:
        if self._is_closed:
            raise StoreError("the store is closed")
        operation = _Operation(lambda db: work(db, *args, **kwargs), is_write)
        self._waiting.append(operation)
        self._worker.submit(self._write_group)
        return operation.future

    def _write_group(self) -> None:
        group = self._next_group()
        if not group:
            return  # an earlier call took this one's operation along
        try:
            self._run_group(group)
        except sqlite3.Error as error:
            failure = store_error(error, self._path)
            for operation in group:
                operation.outcome = (None, failure)
        _tell(group)

    def _next_group(self) -> list[_Operation]:
        group: list[_Operation] = []
        while self._waiting and len(group) < MOST_OPERATIONS_A_GROUP:
            operation = self._waiting.popleft()
            if not operation.future.cancelled():
                group.append(operation)
        return group

    def _run_group(self, group: list[_Operation]) -> None:
        if not any(operation.is_write for operation in group):
            for operation in group:
                _run_one(operation, self._db)
            return
        # IMMEDIATE: a transaction that reads first and then writes beside another process
        # would fail at once, whatever the busy time-out.
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for operation in group:
                _run_one(operation, self._db)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.conn.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        if self._mark is not None:  # before anybody hears of the commit, and sends
            self._mark.note(sends_begun(self._db))


def _mark_of(log: Path) -> tuple[int, int] | None:
    """What each commit changes of SQLite's log; None if the next one might leave it as it is."""
    try:
        found = os.stat(log)
    except OSError:
        return None
    is_old = time.time_ns() - found.st_mtime_ns > COARSE_NS
    return (found.st_size, found.st_mtime_ns) if is_old else None


def _tell(group: list[_Operation]) -> None:
    """Let the event loop hand out what became of a group: one call for all of them."""
    loop = group[0].future.get_loop()
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_hand_out, group)


def _hand_out(group: list[_Operation]) -> None:
    for operation in group:
        value, raised = operation.outcome
        if operation.future.done():
            continue  # its caller was cancelled meanwhile
        if raised is None:
            operation.future.set_result(value)
        else:
            operation.future.set_exception(raised)


def _run_one(operation: _Operation, db: Database) -> None:
    """Run it in a savepoint, so that its failure undoes nothing of its neighbours."""
    try:
        if operation.is_write:
            with db.atomic():
                operation.outcome = (operation.work(db), None)
        else:
            operation.outcome = (operation.work(db), None)
    except sqlite3.IntegrityError as error:
        operation.outcome = (None, store_error(error))
    except sqlite3.Error:
        raise  # the disk or the database: the whole group fails
    except Exception as error:  # noqa: BLE001 - it belongs to the caller, who gets it
        operation.outcome = (None, error)
