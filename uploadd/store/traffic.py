"""What a deliverer has sent and asked since a moment, as another process can tell from the rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.store import statements
from uploadd.store.overview import at_or_below, last_story
from uploadd.store.rows import value


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in the rows: what comes after it is new."""

    call: int
    story: int


def mark_now(db: Database) -> Mark:
    """The newest rows there are."""
    return Mark(value(db, statements.LAST_CALL) or 0, last_story(db))


def calls_after(db: Database, call: int, account_ids: Sequence[int]) -> tuple[int, int]:
    """How many requests were counted for these accounts after row `call`, and the newest row now.

    Rows older than an hour are forgotten, so this must be asked more often than that. Where all
    were forgotten, the rows begin anew.
    """
    newest: int = value(db, statements.LAST_CALL) or 0
    after = call if newest >= call else 0
    number: int = value(db, statements.CALLS_AFTER, (after, json.dumps(list(account_ids))))
    return number, newest


def bytes_sent_after(db: Database, story: int, root: bytes, account_id: int) -> int:
    """The sizes of the files below `root` whose send began after `story`, and that arrived."""
    which = {"after": story, "account_id": account_id, **at_or_below(root)}
    found: int | None = value(db, statements.BYTES_SENT_AFTER, which)
    return found or 0
