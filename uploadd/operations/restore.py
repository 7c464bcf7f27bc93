"""The backups that there are, and putting one in the place of the database: `uploadd restore`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from uploadd.model.configuration import Configuration
from uploadd.model.errors import StoreBusyError, StoreError
from uploadd.model.states import ON_THE_ACCOUNT, TERMINAL
from uploadd.store import backups, lock, restoring
from uploadd.store.restoring import Restored


@dataclass(frozen=True, slots=True)
class Held:
    """A backup and what it holds. `flaw`: what is wrong with it; empty where it is good.

    `sent`: jobs whose content is on the account; `open`: those with a way to go; `ended`: those
    that were skipped or have failed.
    """

    path: Path
    at: float
    size: int
    flaw: str
    accounts: tuple[str, ...] = ()
    sent: int = 0
    open: int = 0
    ended: int = 0


def backups_of(configuration: Configuration) -> list[Held]:
    """Every backup of the state directory, the newest first (blocking, checks each of them)."""
    return [_held(backup) for backup in backups.listed(configuration.state_dir)]


def restore(configuration: Configuration, backup: Path, now: float) -> Restored:
    """Put `backup` in the place of the database. May be given again after it died half-way.

    Raises `StoreBusyError` while somebody delivers, `UsageError`, `StoreError`.
    """
    state_dir = configuration.state_dir
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        text = f"the state directory {state_dir} cannot be made: {error.strerror}"
        raise StoreError(text, "set state_dir to another place") from None
    try:
        held = lock.take(state_dir)
    except StoreBusyError as error:
        raise StoreBusyError(error.text, "stop it first (SIGTERM), then restore") from None
    try:
        return restoring.restore(state_dir, backup, now)
    finally:
        held.release()


def _held(backup: backups.Backup) -> Held:
    path = backup.path
    flaw = backups.flaw(path)
    try:
        size = path.stat().st_size
        if flaw:
            return Held(path, backup.at, size, flaw)
        counts, labels = backups.contents(path)
    except (OSError, sqlite3.Error) as error:
        return Held(path, backup.at, 0, str(error))
    sent = sum(counts.get(state, 0) for state in ON_THE_ACCOUNT)
    ended = sum(counts.get(state, 0) for state in TERMINAL) - sent
    return Held(path, backup.at, size, "", labels, sent, sum(counts.values()) - sent - ended, ended)
