"""The jobs, one after the other and summed, for `uploadd jobs`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlite_utils import Database

from uploadd.model.configuration import Configuration
from uploadd.model.jobs import Job
from uploadd.model.places import is_inside
from uploadd.model.states import State
from uploadd.operations.accepted import rules_of
from uploadd.operations.choosing import account_called, folder_called
from uploadd.operations.show.json_values import json_job
from uploadd.store import accounts
from uploadd.store.beside import reading
from uploadd.store.listing import Choice, Sum, choose_jobs, sum_jobs


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs are asked for; what is empty or None says nothing.

    `since`: only those that moved at that time or later (unix seconds). `most`: no more of them.
    """

    states: Sequence[State] = ()
    account: str | None = None
    folder: str = ""
    code: str = ""
    since: float | None = None
    most: int | None = None


class Listed(NamedTuple):
    """A job with the name of its account, and its path from its folder where it lies in one."""

    job: Job
    account: str
    relative: bytes

    def as_json(self) -> dict[str, Any]:
        """One line of `jobs --json`."""
        return json_job(self.job, self.account)


class Summed(NamedTuple):
    """A sum of jobs with the name of its account."""

    sum: Sum
    account: str

    def as_json(self) -> dict[str, Any]:
        """Its part of `why --json`, for a directory."""
        return {
            "account": self.account,
            "state": self.sum.state,
            "code": self.sum.code or None,
            "jobs": self.sum.jobs,
            "size": self.sum.size_bytes,
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """The jobs that fit, newest first, read as they are asked for; and all of them summed."""

    sums: tuple[Summed, ...]
    jobs: Iterator[Listed]


@contextmanager
def listing(
    configuration: Configuration, wanted: Wanted, *, with_sums: bool = False
) -> Iterator[Listing]:
    """The jobs that are asked for, as they stand at this moment.

    Raises `UsageError` for an account or a folder that nobody knows, `StoreError`.
    """
    with reading(configuration.state_dir) as db:
        names = account_names(db) if db else {}
        rows = rows_of(configuration, names, wanted.account)
        _check_folder(configuration, db, wanted.folder)
        if db is None or rows == ():
            yield Listing((), iter(()))
            return
        rules = rules_of(configuration, remembers=True)
        choice = Choice(wanted.states, rows or (), wanted.folder, wanted.code, wanted.since)
        found = (
            (rules.job_now(job, names.get(job.account_id, "")), names.get(job.account_id, ""))
            for job in choose_jobs(db, choice, wanted.most)
        )
        jobs = (Listed(job, name, relative_path(configuration, job)) for job, name in found)
        yield Listing(sum_by_reason(db, choice) if with_sums else (), jobs)


def sum_by_reason(db: Database, choice: Choice) -> tuple[Summed, ...]:
    """The jobs that fit by account, state and reason, the largest number first."""
    names = account_names(db)
    return tuple(Summed(one, names.get(one.account_id, "")) for one in sum_jobs(db, choice))


def relative_path(configuration: Configuration, job: Job) -> bytes:
    """A job's path from its folder; whole where it lies in no folder that is configured."""
    folder = configuration.folders.get(job.folder)
    if folder is None or not is_inside(job.path, folder.root):
        return job.path
    return os.path.relpath(job.path, folder.root)


def account_names(db: Database) -> dict[int, str]:
    """What each account is called: its name, or its identity where it has no name any more."""
    return {row.id: row.label or row.identity for row in accounts.all_accounts(db)}


def rows_of(
    configuration: Configuration, names: dict[int, str], account: str | None
) -> tuple[int, ...] | None:
    """The rows of the account that is asked for; empty where it has none; None: every account.

    Raises `UsageError` for an account that nobody knows.
    """
    if account is None:
        return None
    wanted = tuple(row_id for row_id, name in names.items() if name == account)
    if not wanted:
        account_called(configuration, account, f"--account {account}")
    return wanted


def _check_folder(configuration: Configuration, db: Database | None, name: str) -> None:
    """A folder that left the configuration still has jobs."""
    if name and (db is None or not any(choose_jobs(db, Choice(folder=name), 1))):
        folder_called(configuration, name)
