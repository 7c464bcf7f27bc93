"""The call budget: at most `calls_per_hour` requests in any 3,600 s for one api_key."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from uploadd.model.jobs import Lane

WINDOW_SECONDS = 3600.0
RESERVED_SHARE = 0.1


class Purpose(StrEnum):
    """What a request is for. A tenth of the budget is kept from backfill uploads."""

    BACKFILL = "backfill"
    LIVE = "live"
    TICKETS = "tickets"
    LOOK_UP = "look-up"
    PROBE = "probe"
    CALL = "call"


PURPOSE_OF = {Lane.LIVE: Purpose.LIVE, Lane.BACKFILL: Purpose.BACKFILL}
"""What a job's own requests are for, by its lane."""


class Budget(NamedTuple):
    """What the accounts with one api_key share. `calls_per_hour` 0 means no limit."""

    name: str
    calls_per_hour: int


def limit_for(purpose: Purpose, calls_per_hour: int) -> int:
    """How many of the hour's calls may be used up when this one is made."""
    if purpose is Purpose.BACKFILL:
        return max(1, int(calls_per_hour * (1 - RESERVED_SHARE)))
    return calls_per_hour


def wait_after(decisive: float | None, now: float) -> float:
    """Seconds until one more call fits; 0 where it fits now.

    `decisive`: when the call was made that must be an hour old first (unix seconds; None: there is
    none). A time in the future (the clock was set back) counts as made now.
    """
    return 0.0 if decisive is None else max(0.0, min(decisive, now) + WINDOW_SECONDS - now)


def wait_for_call(
    times: Sequence[float], now: float, purpose: Purpose, calls_per_hour: int
) -> float:
    """The same, by `times` when calls were made, ascending. `calls_per_hour` 0 means no limit."""
    if calls_per_hour == 0:
        return 0.0
    limit = limit_for(purpose, calls_per_hour)
    return wait_after(times[-limit] if len(times) >= limit else None, now)
