"""Which row an account of the configuration is: by identity, once that has been learned."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.model.errors import ConfigurationError
from uploadd.store import statements
from uploadd.store.rows import Row, one, rows, value


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the database knows it. `user_id` is None until its login was seen.

    `adopt_since`: it may have photos from then on (unix seconds) of which the database knows
    nothing, and awaits its adoption; None: nothing to do. `doubted_at`: when that was found out.
    `limits_doubted`: how often a person had reason to think that its known limits are old.
    """

    id: int
    identity: str
    label: str
    service: str
    host: str
    user_id: str | None
    user_name: str
    credentials_digest: str
    adopt_since: float | None = None
    doubted_at: float | None = None
    limits_doubted: int = 0


def all_accounts(db: Database) -> list[AccountRow]:
    """Every account that was ever used from this state directory."""
    return [AccountRow(**row) for row in rows(db, statements.ACCOUNTS)]


def bind(
    db: Database, label: str, service: str, host: str, credentials_digest: str
) -> tuple[AccountRow, bool]:
    """The row for a configured account, and whether its identity still has to be learned.

    A known login with the same credentials needs no question. New credentials, or another host,
    may mean another person's account.
    """
    row = one(db, statements.ACCOUNT_BY_LABEL, (label,))
    if row is not None and (row["service"], row["host"]) != (service, host):
        db.execute(statements.SET_LABEL, ("", row["id"]))
        row = None
    if row is None:
        row = _never_logged_in(db, label, service, host) or _insert(
            db, label, service, host, None, "", credentials_digest
        )
    is_known = row["user_id"] is not None and row["credentials_digest"] == credentials_digest
    # The database keeps the old digest until the new login has shown whose it is.
    return AccountRow(**{**row, "credentials_digest": credentials_digest}), not is_known


def doubt_limits(db: Database, account_id: int) -> None:
    """What is known of the account's limits may be old: they are asked for before the next send."""
    db.execute(statements.DOUBT_LIMITS, (account_id,))


def count_limit_doubts(db: Database, account_id: int) -> int:
    """How often that was said. Whoever has asked since knows the same number."""
    number: int = value(db, statements.LIMITS_DOUBTED, (account_id,))
    return number


def learn(
    db: Database,
    account_id: int,
    user_id: str,
    user_name: str,
    credentials_digest: str,
    labels: frozenset[str],
) -> AccountRow:
    """Keep whose account it is. `labels`: every account name of the configuration.

    Raises `ConfigurationError` where another configured account has the same identity.
    """
    row = one(db, statements.ACCOUNT_BY_ID, (account_id,))
    assert row is not None  # noqa: S101 - bound a moment ago, and rows are never deleted before
    identity = f"{row['service']}:{row['host']}:{user_id}"
    other = one(db, statements.ACCOUNT_BY_IDENTITY, (identity,))
    if other is not None and other["id"] != account_id:
        row = _become(db, row, other, labels)
    elif row["user_id"] not in (None, user_id):
        db.execute(statements.SET_LABEL, ("", account_id))
        row = _insert(
            db, row["label"], row["service"], row["host"], user_id, user_name, credentials_digest
        )
    login = {
        "id": row["id"],
        "identity": identity,
        "user_id": user_id,
        "user_name": user_name,
        "credentials_digest": credentials_digest,
    }
    db.execute(statements.UPDATE_LOGIN, login)
    return AccountRow(**{**row, **login})


def _become(db: Database, row: Row, other: Row, labels: frozenset[str]) -> Row:
    """The login behind `row` is known as `other`: from now on the label means that one."""
    label = row["label"]
    if other["label"] in labels:
        raise ConfigurationError(
            f"accounts.{label} and accounts.{other['label']} are the same login on the service",
            "keep one of the two, and name it in the folders of both",
        )
    db.execute(statements.SET_LABEL, ("", row["id"]))
    db.execute(statements.SET_LABEL, (label, other["id"]))
    if row["user_id"] is None:  # never sent anything: what waited goes over
        db.execute(statements.GIVE_JOBS, (other["id"], row["id"]))
        db.execute(statements.DROP_JOBS_OF, (row["id"],))
        db.execute(statements.GIVE_PAUSES, (other["id"], row["id"]))
        db.execute(statements.DROP_PAUSES_OF, (row["id"],))
        db.execute(statements.RETIRE_ACCOUNT, (row["id"],))
    return {**other, "label": label}


def _never_logged_in(db: Database, label: str, service: str, host: str) -> Row | None:
    """The row that this label had on this host before, where its login was never learned."""
    row = one(db, statements.ACCOUNT_BY_IDENTITY, (f"{service}:{host}:?{label}",))
    if row is None:
        return None
    db.execute(statements.SET_LABEL, (label, row["id"]))
    return {**row, "label": label}


def _insert(
    db: Database,
    label: str,
    service: str,
    host: str,
    user_id: str | None,
    user_name: str,
    credentials_digest: str,
) -> Row:
    row: Row = {
        "identity": f"{service}:{host}:{user_id or '?' + label}",
        "label": label,
        "service": service,
        "host": host,
        "user_id": user_id,
        "user_name": user_name,
        "credentials_digest": credentials_digest,
    }
    return {"id": value(db, statements.INSERT_ACCOUNT, row), **row}
