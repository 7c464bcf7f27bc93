"""One deliverer for a state directory: a lock of the system, which dies with its holder."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from sqlite_utils import Database

from uploadd.model.errors import StoreBusyError
from uploadd.store import overview

LOCK_NAME = "deliverer.lock"
FACT = "deliverer"
# A command that only looks whether somebody delivers holds the lock for an instant.
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Holder:
    """Who delivers: process id, what it is (`run` or `backfill`), and since when (unix seconds)."""

    pid: int
    command: str
    since: float


def take(state_dir: Path) -> FileLock:
    """Become the deliverer of `state_dir`. Raises `StoreBusyError` where somebody else is it."""
    lock = FileLock(state_dir / LOCK_NAME, timeout=PATIENCE_SECONDS, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise StoreBusyError(
            f"another uploadd delivers for {state_dir}",
            "stop it first, or let it do the work",
        ) from None
    return lock


def is_taken(state_dir: Path) -> bool:
    """Whether somebody delivers for `state_dir` now. Makes no file.

    A shared lock for an instant: it meets only a deliverer's, never that of another look.
    """
    try:
        descriptor = os.open(state_dir / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def remember_holder(db: Database, holder: Holder | None) -> None:
    """Write down who delivers (None: nobody any more)."""
    overview.set_fact(db, FACT, json.dumps(asdict(holder)) if holder else None)


def holder_now(db: Database, state_dir: Path) -> Holder | None:
    """Who delivers for `state_dir` at this moment, or None."""
    return last_holder(db) if is_taken(state_dir) else None


def last_holder(db: Database) -> Holder | None:
    """Who delivered last; whether it still does is what `is_taken` tells."""
    text = overview.fact(db, FACT)
    return Holder(**json.loads(text)) if text else None
