"""The call budget: at most `calls_per_hour` requests in any 3,600 s for one api_key."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

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


def limit_for(purpose: Purpose, calls_per_hour: int) -> int:
    """How many of the hour's calls may be used up when this one is made."""
    if purpose is Purpose.BACKFILL:
        return max(1, int(calls_per_hour * (1 - RESERVED_SHARE)))
    return calls_per_hour


def wait_for_call(
    times: Sequence[float], now: float, purpose: Purpose, calls_per_hour: int
) -> float:
    """Seconds until one more call fits; 0 where it fits now.

    `times`: when calls were made (unix seconds, ascending). `calls_per_hour` 0 means no limit.
    A time in the future (the clock was set back) counts as made now.
    """
    if calls_per_hour == 0:
        return 0.0
    limit = limit_for(purpose, calls_per_hour)
    if len(times) < limit:
        return 0.0
    decisive = min(times[-limit], now)
    return max(0.0, decisive + WINDOW_SECONDS - now)
