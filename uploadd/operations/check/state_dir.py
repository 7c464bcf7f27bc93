"""The state directory and the database in it."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from rich.filesize import decimal
from sqlite_utils import Database

from uploadd.files.premises import distrusted, is_own
from uploadd.files.state_directory import check_state_dir
from uploadd.model.configuration import Configuration
from uploadd.model.errors import UploaddError
from uploadd.model.numbers import counted
from uploadd.operations.check.findings import Finding, error, ok, warning
from uploadd.store import backups, older
from uploadd.store.connection import DATABASE_NAME, damaged
from uploadd.store.health import damage
from uploadd.store.lock import holder_now

SUBJECT = "state_dir"
LITTLE_BYTES = 500 * 1024 * 1024
TOO_LITTLE_BYTES = 20 * 1024 * 1024
HOUR_SECONDS = 3600.0
LATE_SECONDS = 26 * HOUR_SECONDS


def usable(configuration: Configuration, arguments: str) -> Iterator[Finding]:
    """Whether this user can use the directory at all; then nothing else makes sense."""
    path = configuration.state_dir
    planted = list(distrusted(path)) if is_own(path) else []
    for place, objection in planted:
        yield error(SUBJECT, f"{place} {objection.text}", objection.remedy)
    if planted:
        return
    try:
        check_state_dir(configuration, arguments)
    except UploaddError as refusal:
        yield error(SUBJECT, refusal.text, refusal.remedy)
        return
    existing = next(place for place in (path, *path.parents) if os.path.exists(place))
    if not existing.is_dir():
        yield error(SUBJECT, f"{existing} is not a directory", "set state_dir to another place")
    elif not os.access(existing, os.W_OK | os.X_OK):
        text = f"{path} cannot be written" if existing == path else f"{path} cannot be made"
        yield error(SUBJECT, text, "make it writable for this user, or set state_dir elsewhere")


def room(path: Path) -> Iterator[Finding]:
    """Where it is, who may look into it, and whether there is room."""
    if not path.exists():
        yield ok(SUBJECT, f"{path} is made when it is needed")
        return
    if path.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH):
        text = f"everybody on this machine may look into {path}: it knows the names of all photos"
        yield warning(SUBJECT, text, f"chmod o= {shlex.quote(str(path))}")
    free = os.statvfs(path)
    free_bytes = free.f_bavail * free.f_frsize
    text = f"{path} has {decimal(free_bytes)} of free space"
    if free_bytes < TOO_LITTLE_BYTES:
        yield error(SUBJECT, text, "free some space on that disk; nothing is lost")
    elif free_bytes < LITTLE_BYTES:
        yield warning(SUBJECT, text, "free some space on that disk before it is full")
    else:
        yield ok(SUBJECT, text)


def database(db: Database, path: Path) -> Iterator[Finding]:
    """Whether the database is whole, and who has it in use."""
    broken = damage(db)
    if broken:
        told = damaged(broken, path / DATABASE_NAME)
        yield error(SUBJECT, told.text, told.remedy)
        return
    yield ok(SUBJECT, "the database is whole")
    holder = holder_now(db, path)
    if holder is not None:
        yield ok(SUBJECT, f"`uploadd {holder.command}` is at work (pid {holder.pid})")


def backup(db: Database, path: Path, now: float) -> Iterator[Finding]:
    """How old the newest backup is."""
    known = backups.listed(path)
    if not known:
        when = "the next start makes one" if older.sends_begun(db) else "nothing was sent yet"
        yield ok(SUBJECT, f"there is no backup of the database yet: {when}")
        return
    age = now - known[0].at
    text = f"the newest backup of the database was made {how_long_ago(age)}: {known[0].path.name}"
    if holder_now(db, path) is not None and not 0 <= age <= LATE_SECONDS:
        remedy = "look for `backup.failed` in the log; each start makes one that is due"
        yield warning(SUBJECT, text, remedy)
    else:
        yield ok(SUBJECT, text)


def how_long_ago(age_seconds: float) -> str:
    """How long ago something was."""
    if age_seconds < 0:
        return "in the future"
    hours = round(age_seconds / HOUR_SECONDS)
    return f"{counted(hours, 'hour')} ago" if hours else "less than an hour ago"
