"""One deliverer for a state directory: a lock of the system, which dies with its holder.

Two things are locked together: the file `deliverer.lock`, and the state directory itself. The
file can be deleted or replaced while it is held, and then says nothing any more; the directory
cannot, without taking the database along. Whoever delivers looks at both now and then
(`Lock.whats_wrong`).

A `run` that waits for a backfill to hand over holds a lock of its own, `successor.lock`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from sqlite_utils import Database

from uploadd.model.errors import StoreBusyError, StoreError
from uploadd.store import overview

LOCK_NAME = "deliverer.lock"
SUCCESSOR_NAME = "successor.lock"
FACT = "deliverer"
SUCCESSOR_FACT = "successor"
# A command that only looks whether somebody delivers holds the lock for an instant.
PATIENCE_SECONDS = 1.0
_STEP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Holder:
    """Who delivers: process id, what it is (`run` or `backfill`), and since when (unix seconds)."""

    pid: int
    command: str
    since: float


class Lock:
    """A lock that is held, until `release` or the end of the process."""

    def __init__(self, file: FileLock, directory: int | None, state_dir: Path) -> None:
        """`directory`: the descriptor of the locked state directory; None for a lesser lock."""
        self._file = file
        self._directory = directory
        self._state_dir = state_dir

    def whats_wrong(self) -> str:
        """Why the lock does not guard its path any more; empty where it does (blocking).

        A lock file that was deleted or replaced does no harm: the directory is locked as well.
        """
        if self._directory is None:
            return ""
        held = os.fstat(self._directory)
        try:
            there = os.stat(self._state_dir)
        except OSError as error:
            return f"the state directory {self._state_dir} is gone: {error.strerror}"
        if (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino):
            return f"the state directory {self._state_dir} is another one than at the start"
        return ""

    def release(self, force: bool = False) -> None:
        """Let go of it. A second time does nothing."""
        directory, self._directory = self._directory, None
        self._file.release(force=force)
        if directory is not None:
            os.close(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            self.release()


def take(state_dir: Path) -> Lock:
    """Become the deliverer of `state_dir`. Raises `StoreBusyError` where somebody else is it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (held := try_take(state_dir)) is None:
        if time.monotonic() >= end:
            raise StoreBusyError(
                f"another uploadd delivers for {state_dir}",
                "stop it first, or let it do the work",
            )
        time.sleep(_STEP_SECONDS)
    return held


def try_take(state_dir: Path) -> Lock | None:
    """Become the deliverer of `state_dir`; None where somebody is it, or looks at this instant."""
    directory = _locked_directory(state_dir)
    if directory is None:
        return None
    try:
        file = _locked_file(state_dir / LOCK_NAME)
    except BaseException:
        os.close(directory)
        raise
    if file is None:
        os.close(directory)
        return None
    return Lock(file, directory, state_dir)


def is_taken(state_dir: Path) -> bool:
    """Whether somebody delivers for `state_dir` now. Makes no file.

    A shared lock for an instant: it meets only a deliverer's, never that of another look.
    """
    return _is_locked(state_dir) or _is_locked(state_dir / LOCK_NAME)


def remember_holder(db: Database, holder: Holder | None) -> None:
    """Write down who delivers (None: nobody any more)."""
    overview.set_fact(db, FACT, json.dumps(asdict(holder)) if holder else None)


def holder_now(db: Database, state_dir: Path) -> Holder | None:
    """Who delivers for `state_dir` at this moment, or None."""
    return last_holder(db) if is_taken(state_dir) else None


def last_holder(db: Database) -> Holder | None:
    """Who delivered last; whether it still does is what `is_taken` tells."""
    text = overview.fact(db, FACT)
    return _holder_in(text)


def try_queue_up(state_dir: Path) -> Lock | None:
    """Become the one `run` that a backfill hands over to; None where another one waits for that."""
    file = _locked_file(state_dir / SUCCESSOR_NAME)
    return None if file is None else Lock(file, None, state_dir)


def has_successor(state_dir: Path) -> bool:
    """Whether a `run` waits for its turn now: a wish of one that died means nothing."""
    return _is_locked(state_dir / SUCCESSOR_NAME)


def remember_successor(db: Database, successor: Holder | None) -> None:
    """Write down which `run` waits (None: none any more). A deliverer notices the commit."""
    overview.set_fact(db, SUCCESSOR_FACT, json.dumps(asdict(successor)) if successor else None)


def last_successor(db: Database) -> Holder | None:
    """Which `run` waited last; whether it still does is what `has_successor` tells."""
    text = overview.fact(db, SUCCESSOR_FACT)
    return _holder_in(text)


def _holder_in(text: str | None) -> Holder | None:
    """What was written down; None where that is not what we write (a database edited by hand)."""
    try:
        known = json.loads(text or "")
        return Holder(int(known["pid"]), str(known["command"]), float(known["since"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _locked_directory(state_dir: Path) -> int | None:
    try:
        directory = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_lock(state_dir, error) from None
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(directory)
        return None
    except OSError:
        pass  # a file system that locks no directories: the lock file alone has to do
    return directory


def _locked_file(path: Path) -> FileLock | None:
    # Taken on a disk thread, released on another: it must not be a lock of one thread.
    file = FileLock(path, timeout=0, mode=0o600, thread_local=False)
    try:
        file.acquire()
    except Timeout:
        return None
    except OSError as error:
        raise _cannot_lock(path, error) from None
    return file


def _cannot_lock(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path} cannot be locked: {error.strerror}",
        "let it be a plain file or directory that belongs to this user",
    )


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
