"""Reading the ledger: what an account has, or may have."""

from __future__ import annotations

from typing import NamedTuple

from sqlite_utils import Database

from uploadd.model.contents import Content
from uploadd.store import statements
from uploadd.store.rows import one, rows


class Entry(NamedTuple):
    """What the ledger says of one content: `maybe` or `there`, since when, and by which job.

    `photo_id`: the photo that holds it, or (`maybe`) that holds it or another content.
    """

    state: str
    since: float
    job_id: int
    photo_id: str | None


def entry(db: Database, account_id: int, sha256: str) -> Entry | None:
    """The ledger's row for this account and content, or None."""
    row = one(db, statements.LEDGER_ROW, (account_id, sha256))
    return (
        None if row is None else Entry(row["state"], row["since"], row["job_id"], row["photo_id"])
    )


def witnesses(db: Database, account_id: int, sha256: str, most: int) -> list[Content]:
    """Some other contents that the account is known to have, with their MD5.

    Those that come after this one, so that not all look-ups rest on the same few photos, which
    their owner may have deleted.
    """
    key = {"account_id": account_id, "sha256": sha256, "most": most}
    after = list(rows(db, statements.WITNESSES, {**key, "beyond": sha256}))
    found = after or rows(db, statements.WITNESSES, {**key, "beyond": ""})
    return [Content(row["sha256"], row["md5"]) for row in found]
