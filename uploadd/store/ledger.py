"""Reading the ledger: what an account has, or may have."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.contents import Content
from uploadd.model.ledger import Entry
from uploadd.model.pixels import pixels_of
from uploadd.model.trail import Doubt
from uploadd.store import statements
from uploadd.store.rows import one, rows


def entry(db: Database, account_id: int, sha256: str) -> Entry | None:
    """The ledger's row for this account and content, or None."""
    row = one(db, statements.LEDGER_ROW, (account_id, sha256))
    if row is None:
        return None
    said = (row["state"], row["since"], row["job_id"], row["photo_id"])
    return Entry(*said, Doubt(row["doubt"]), pixels_of(row["pixels"]))


def witnesses(db: Database, account_id: int, sha256: str, most: int) -> list[Content]:
    """Some other contents that the account is known to have, with their MD5.

    Those that come after this one, so that not all look-ups rest on the same few photos, which
    their owner may have deleted.
    """
    key = {"account_id": account_id, "sha256": sha256, "most": most}
    after = list(rows(db, statements.WITNESSES, {**key, "beyond": sha256}))
    found = after or rows(db, statements.WITNESSES, {**key, "beyond": ""})
    return [Content(row["sha256"], row["md5"]) for row in found]
