"""The jobs, one after the other, for `uploadd jobs`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlite_utils import Database

from uploadd.model.configuration import Configuration
from uploadd.model.jobs import Job
from uploadd.model.states import State
from uploadd.operations.choosing import account_called
from uploadd.operations.show.json_values import json_job
from uploadd.store import accounts, overview
from uploadd.store.beside import reading


class Listed(NamedTuple):
    """A job with the name of its account."""

    job: Job
    account: str

    def as_json(self) -> dict[str, Any]:
        """One line of `jobs --json`."""
        return json_job(self.job, self.account)


def listing(
    configuration: Configuration, states: Sequence[State], account: str | None, code: str
) -> Iterator[Listed]:
    """Every job, or those that fit, oldest first; read as they are asked for.

    Raises `UsageError` for an account that nobody knows, `StoreError`.
    """
    with reading(configuration.state_dir) as db:
        names = account_names(db) if db else {}
        wanted = rows_of(configuration, names, account)
        if db is None or wanted == ():
            return
        for job in overview.list_jobs(db, states, wanted or (), code):
            yield Listed(job, names.get(job.account_id, ""))


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
