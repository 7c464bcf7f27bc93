"""What the deliverer does right now, kept for commands that look from another process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from uploadd.model.waits import Awaited, Wait
from uploadd.store import overview


@dataclass(frozen=True, slots=True)
class Activity:
    """How fast an account sends, and what it has waited for longer than a moment."""

    bytes_per_second: int = 0
    waits: tuple[Wait, ...] = ()


NOTHING = Activity()


def remember(db: Database, news: Mapping[int, Activity], now: float) -> None:
    """Keep what some accounts (by their rows) do."""
    for account_id, activity in news.items():
        overview.set_fact(db, _fact(account_id), json.dumps({**asdict(activity), "at": now}))


def activity_of(db: Database, account_id: int, since: float) -> Activity:
    """What was remembered last; nothing if that is older than `since`, the deliverer's begin."""
    text = overview.fact(db, _fact(account_id))
    try:
        known = json.loads(text or "")
        if known["at"] < since:
            return NOTHING
        waits = tuple(_wait(one) for one in known["waits"])
        return Activity(int(known["bytes_per_second"]), waits)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return NOTHING  # nothing yet, or a database that was edited by hand


def _wait(told: Mapping[str, Any]) -> Wait:
    return Wait(Awaited(told["what"]), float(told["since"]), str(told["name"]))


def _fact(account_id: int) -> str:
    return f"activity:{account_id}"
