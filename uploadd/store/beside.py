"""A command beside a running deliverer: it reads, or writes once, and is gone."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from uploadd.store.connection import (
    DATABASE_NAME,
    RESTORING_NAME,
    open_database,
    open_for_reading,
    store_error,
)

JOBS_PER_COMMIT = 500


def is_there(state_dir: Path) -> bool:
    """Whether anything was ever written down here, or is being restored."""
    return any((state_dir / name).exists() for name in (DATABASE_NAME, RESTORING_NAME))


@contextmanager
def reading(state_dir: Path) -> Iterator[Database | None]:
    """The database as it stands at one moment; None where there is none yet.

    Raises `StoreError` where it cannot be read. Makes no file.
    """
    db = open_for_reading(state_dir)
    if db is None:
        yield None
        return
    with closing(db), _clear(state_dir):
        db.execute("BEGIN")
        yield db
        db.execute("ROLLBACK")


@contextmanager
def writing(state_dir: Path) -> Iterator[Database]:
    """The database (made, if need be) within one transaction, which commits at the end.

    An error undoes everything. A running deliverer notices the commit. Raises `StoreError`.
    """
    with closing(open_database(state_dir)) as db, _clear(state_dir):
        # IMMEDIATE: a transaction that reads first and then writes could fail half-way.
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def in_turns(ids: Sequence[int], most: int = JOBS_PER_COMMIT) -> Iterator[Sequence[int]]:
    """Some jobs at a time, for a commit each; in between a deliverer gets its turn.

    It looks for the lock a few times a second, so the rest is as long as the work was (blocking).
    """
    for begin in range(0, len(ids), most):
        began = time.monotonic()
        yield ids[begin : begin + most]
        if begin + most < len(ids):
            time.sleep(time.monotonic() - began)


@contextmanager
def _clear(state_dir: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(error, state_dir / DATABASE_NAME) from None
