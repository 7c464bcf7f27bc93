"""A pause by a person's hand, and its end: `uploadd pause`, `uploadd resume`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.delivery.logins import credentials_digest
from uploadd.model.configuration import Account, Configuration
from uploadd.model.pauses import ActivePause, EndsBy, PauseCause
from uploadd.model.verdicts import Pause, Reason
from uploadd.operations.choosing import account_called
from uploadd.operations.show.status import holding
from uploadd.services.registry import host_of
from uploadd.store import accounts, lock, pauses
from uploadd.store.beside import reading, writing

# A wait that the service named is a promise; no person here can give it back.
KEPT = frozenset({PauseCause.WAIT, PauseCause.RATE})


@dataclass(frozen=True, slots=True)
class Paused:
    """`pause`: the pause by hand. `was_paused`: it stood already."""

    pause: ActivePause
    was_paused: bool
    is_delivering: bool


@dataclass(frozen=True, slots=True)
class Resumed:
    """`ended`: the pauses that are over now; `kept`: those that the service asked for."""

    ended: tuple[ActivePause, ...]
    kept: tuple[ActivePause, ...]
    is_delivering: bool


def pause(configuration: Configuration, name: str, now: float) -> Paused:
    """Begin no more uploads to this account. Raises `UsageError`, `StoreError`."""
    account = account_called(configuration, name)
    with writing(configuration.state_dir) as db:
        account_id = _row_of(db, account)
        before = [one for one in holding(db, account_id, now) if one.cause is PauseCause.HAND]
        remedy = f"`uploadd resume {name}`"
        by_hand = Pause(PauseCause.HAND, Reason("hand", "paused by hand", remedy))
        standing = before[0] if before else pauses.begin(db, account_id, by_hand, now, 1.0)
        is_delivering = lock.is_taken(configuration.state_dir)
    return Paused(standing, bool(before), is_delivering)


def resume(configuration: Configuration, name: str, now: float) -> Resumed:
    """End every pause of this account but those that the service asked for.

    Raises `UsageError`, `StoreError`.
    """
    account = account_called(configuration, name)
    with reading(configuration.state_dir) as there:
        if there is None:
            return Resumed((), (), is_delivering=False)
    with writing(configuration.state_dir) as db:
        account_id = _row_of(db, account)
        standing = holding(db, account_id, now)
        ended = tuple(one for one in standing if one.cause not in KEPT)
        for one in ended:
            pauses.end(db, account_id, one.cause)
            if one.rule.ends_by is EndsBy.QUOTA:
                accounts.doubt_limits(db, account_id)
        is_delivering = lock.is_taken(configuration.state_dir)
    kept = tuple(one for one in standing if one.cause in KEPT)
    return Resumed(ended, kept, is_delivering)


def _row_of(db: Database, account: Account) -> int:
    """The account's row; made where nothing was ever sent to it."""
    host = host_of(account)
    row, _ = accounts.bind(db, account.name, account.service, host, credentials_digest(account))
    return row.id
