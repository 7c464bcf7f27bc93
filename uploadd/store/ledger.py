"""Reading the ledger: what an account has, or may have."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.store import statements
from uploadd.store.rows import one


def maybe_since(db: Database, account_id: int, sha256: str) -> float | None:
    """When the send began whose outcome is unknown (unix seconds), or None."""
    row = one(db, statements.LEDGER_ROW, (account_id, sha256))
    return row["since"] if row is not None and row["state"] == "maybe" else None
