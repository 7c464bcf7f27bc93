"""How fast the deliverer sends, kept for commands that look from another process."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlite_utils import Database

from uploadd.store import overview


def remember(db: Database, rates: Mapping[int, int], now: float) -> None:
    """Keep the bytes a second of some accounts (by their rows)."""
    for account_id, rate in rates.items():
        text = json.dumps({"bytes_per_second": rate, "at": now})
        overview.set_fact(db, _fact(account_id), text)


def bytes_per_second(db: Database, account_id: int, since: float) -> int:
    """What was remembered last; 0 where that is older than `since`, the deliverer's begin."""
    text = overview.fact(db, _fact(account_id))
    try:
        known = json.loads(text or "")
        return int(known["bytes_per_second"]) if known["at"] >= since else 0
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return 0  # nothing yet, or a database that was edited by hand


def _fact(account_id: int) -> str:
    return f"activity:{account_id}"
