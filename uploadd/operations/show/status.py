"""What `uploadd status` shows: the accounts, the folders, and whether anything runs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from uploadd.files.opening import printable
from uploadd.intake import troubles
from uploadd.intake.presence import away_remedy
from uploadd.model.configuration import Account, Configuration, Folder
from uploadd.model.pauses import ActivePause, Stops, what_stops
from uploadd.model.photo import Privacy
from uploadd.model.presence import Ground
from uploadd.model.privacy import folder_privacy, privacy_texts
from uploadd.model.states import State
from uploadd.operations.show.json_values import json_path, json_pause, json_time, json_wait
from uploadd.operations.show.progress import Progress, progress_of
from uploadd.store import (
    accounts,
    backfills,
    calls,
    grounds,
    overview,
    pauses,
    quiet_time,
    roots,
)
from uploadd.store.accounts import AccountRow
from uploadd.store.activity import NOTHING, Activity, activity_of
from uploadd.store.backfills import Request
from uploadd.store.beside import reading
from uploadd.store.lock import Holder, holder_now
from uploadd.store.reads import Reading, readings
from uploadd.store.roots import RootRow
from uploadd.store.rows import Row

NO_PROGRESS = Progress(seconds_left=0.0)


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One account. `pauses`: those that hold it now, the one that lasts longest first.

    `adopt_since`: from when on it awaits its adoption (unix seconds); None: it does not.
    """

    name: str
    service: str
    user: str | None
    counts: dict[State, int]
    pauses: tuple[ActivePause, ...]
    calls_last_hour: int
    calls_per_hour: int
    uploading: int
    activity: Activity = NOTHING
    adopt_since: float | None = None
    progress: Progress = NO_PROGRESS

    def as_json(self) -> dict[str, Any]:
        """Its part of `status --json`."""
        return {
            "service": self.service,
            "user": self.user,
            "counts": {state.value: self.counts.get(state, 0) for state in State},
            "pause": json_pause(self.pauses[0]) if self.pauses else None,
            "calls_last_hour": self.calls_last_hour,
            "calls_per_hour": self.calls_per_hour,
            "uploading": self.uploading,
            "bytes_per_second": self.activity.bytes_per_second,
            "waiting": [json_wait(wait) for wait in self.activity.waits],
            **self.progress.as_json(),
        }


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """One folder. `watch`: how it is watched, where something runs; else how it is to be.

    `privacy`: who sees its photos, by account. `troubles`: the places in it that are not read, or
    not watched: path, text, remedy, since when (unix seconds). `is_quiet_time_only`: nothing
    said of some of its files that they were closed. `away`: what of it is away, with its disk.
    """

    name: str
    path: str
    watch: str
    last_rescan: float | None
    degraded: str
    paused: bool
    privacy: dict[str, Privacy]
    troubles: list[dict[str, Any]] = field(default_factory=list)
    is_quiet_time_only: bool = False
    away: tuple[Ground, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its part of `status --json`."""
        return {
            "path": self.path,
            "watch": self.watch,
            "last_rescan": json_time(self.last_rescan),
            "degraded": self.degraded or None,
            "paused": self.paused,
            "quiet_time_only": self.is_quiet_time_only,
            "privacy": dict(self.privacy),
            "troubles": [{**one, "since": json_time(one["since"])} for one in self.troubles],
            "away": [_json_away(ground) for ground in self.away],
        }


@dataclass(frozen=True, slots=True)
class Status:
    """Everything, at the moment `at` (unix seconds). `holder`: who delivers; None: nobody."""

    at: float
    holder: Holder | None
    accounts: tuple[AccountStatus, ...]
    folders: tuple[FolderStatus, ...]
    backfills: tuple[Request, ...] = ()
    privacy: tuple[str, ...] = ()
    """Who sees the photos of each folder, and everything else: a text for each."""
    has_other_settings: bool = False
    """Whether the configuration file was written after who delivers has read it."""
    reads: tuple[Reading, ...] = ()
    """The large files that are being read, before they get a job."""

    def as_json(self) -> dict[str, Any]:
        """The object that `status --json` prints (design section 9)."""
        return {
            "version": version("uploadd"),
            "daemon": {
                "running": self.holder is not None,
                "pid": self.holder.pid if self.holder else None,
                "since": json_time(self.holder.since) if self.holder else None,
                "has_other_settings": self.has_other_settings,
            },
            "accounts": {account.name: account.as_json() for account in self.accounts},
            "folders": {folder.name: folder.as_json() for folder in self.folders},
            "reads": [_json_reading(one) for one in self.reads],
        }


def status_of(configuration: Configuration, now: float) -> Status:
    """How everything stands. Reads the database, makes no file. Raises `StoreError`."""
    with reading(configuration.state_dir) as db:
        if db is None:
            return _before_first_run(configuration, now)
        holder = holder_now(db, configuration.state_dir)
        rows = {row.label: row for row in accounts.all_accounts(db) if row.label}
        found = {
            name: _account(db, account, rows.get(name), holder, now)
            for name, account in configuration.accounts.items()
        }
        watched = {row["name"]: row for row in overview.folders(db)}
        there = roots.every(db)
        quiet = {name for name in configuration.folders if quiet_time.is_noted(db, name)}
        missing = grounds.away(db)
        asked_for = tuple(backfills.everything(db))
        reads = readings(db, holder.since) if holder is not None else ()
    folders = tuple(
        replace(
            _refused(_folder(configuration, folder, watched.get(name), holder, found, now), row),
            away=tuple(ground for ground in missing if ground.folder == name),
        )
        for name, folder in configuration.folders.items()
        for row in [there.get((name, folder.root))]
    )
    folders = tuple(replace(one, is_quiet_time_only=one.name in quiet) for one in folders)
    seen_by = tuple(privacy_texts(configuration))
    is_newer = holder is not None and _is_written_after(configuration.source, holder.since)
    return Status(now, holder, tuple(found.values()), folders, asked_for, seen_by, is_newer, reads)


def _json_reading(one: Reading) -> dict[str, Any]:
    since = json_time(one.since)
    return {**json_path(one.path), "bytes_read": one.read, "size": one.size, "since": since}


def _is_written_after(source: Path | None, since: float) -> bool:
    try:
        return source is not None and os.stat(source).st_mtime > since
    except OSError:
        return False


def holding(db: Database, account_id: int, now: float) -> tuple[ActivePause, ...]:
    """The pauses that hold an account now, the one that lasts longest first."""
    held = [pause for pause in pauses.of_account(db, account_id) if pause.holds(now)]
    return tuple(sorted(held, key=_lasts, reverse=True))


def _lasts(pause: ActivePause) -> float:
    end = pause.until
    return float("inf") if end is None else end


def _account(
    db: Database, account: Account, row: AccountRow | None, holder: Holder | None, now: float
) -> AccountStatus:
    if row is None:
        return _unused(account)
    totals = overview.totals_of_account(db, row.id)
    counts = {state: total.jobs for state, total in totals.items()}
    running_since = holder.since if holder else None
    budget = calls.of_account(db, row.id, account.calls_per_hour)
    return AccountStatus(
        name=account.name,
        service=account.service,
        user=row.user_name or row.user_id,
        counts=counts,
        pauses=holding(db, row.id, now),
        calls_last_hour=calls.made_in_last_hour(db, budget, now),
        calls_per_hour=account.calls_per_hour,
        uploading=counts.get(State.UPLOADING, 0) if holder else 0,
        activity=activity_of(db, row.id, holder.since) if holder else NOTHING,
        adopt_since=row.adopt_since,
        progress=progress_of(db, account, row.id, totals, running_since, now),
    )


def _unused(account: Account) -> AccountStatus:
    return AccountStatus(account.name, account.service, None, {}, (), 0, account.calls_per_hour, 0)


def _folder(
    configuration: Configuration,
    folder: Folder,
    row: Row | None,
    holder: Holder | None,
    found: dict[str, AccountStatus],
    now: float,
) -> FolderStatus:
    if row is None or row["path"] != folder.root:  # never walked, or it was another directory
        row = {"watch": folder.watch, "last_rescan": None, "degraded": "", "troubles": ""}
    is_watched = holder is not None and holder.command == "run"
    return FolderStatus(
        name=folder.name,
        path=printable(folder.root),
        watch=row["watch"] if is_watched else folder.watch,
        last_rescan=row["last_rescan"],
        degraded=row["degraded"],
        paused=_are_stopped([found[name] for name in folder.accounts], now),
        privacy=folder_privacy(configuration, folder),
        troubles=troubles.of_text(row["troubles"]),
    )


def _refused(folder: FolderStatus, row: RootRow | None) -> FolderStatus:
    """The same where its directory is not read: that says more than how it is watched."""
    return replace(folder, degraded=row.told) if row is not None and row.refused else folder


def _json_away(ground: Ground) -> dict[str, Any]:
    return {
        "path": printable(ground.directory),
        "since": json_time(ground.since),
        "remedy": away_remedy(ground),
    }


def _are_stopped(accounts_of_it: list[AccountStatus], now: float) -> bool:
    """Whether nothing of a folder is sent: each of its accounts is paused."""
    stopped = [Stops.UPLOADS in what_stops(account.pauses, now) for account in accounts_of_it]
    return bool(stopped) and all(stopped)


def _before_first_run(configuration: Configuration, now: float) -> Status:
    unused = {name: _unused(account) for name, account in configuration.accounts.items()}
    folders = (
        _folder(configuration, folder, None, None, unused, now)
        for folder in configuration.folders.values()
    )
    seen_by = tuple(privacy_texts(configuration))
    return Status(now, None, tuple(unused.values()), tuple(folders), privacy=seen_by)
