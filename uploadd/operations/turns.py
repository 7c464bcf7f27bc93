"""How long a process that only looks on waits for the deliverer before it acts by itself.

Each delay is multiplied by `Configuration.hand_over_patience`.
"""

from __future__ import annotations

FREE_SECONDS = 3.0
"""A daemon that is restarted is back sooner than this; then nobody needs to take over."""
TURN_SECONDS = 10.0
"""How long a daemon that waits for its turn is left to take it."""
FRESH_SECONDS = 3.0
"""A pause for refused credentials is tried by the deliverer before it is believed."""


def seconds_left_free(patience: float, *, is_awaited: bool) -> float:
    """How long the deliverer's seat stays free before it is taken over.

    `is_awaited`: a daemon waits for its turn.
    """
    return patience * (TURN_SECONDS if is_awaited else FREE_SECONDS)


def is_fresh(since: float, now: float, patience: float) -> bool:
    """Whether a pause that began at `since` may not have been tried yet (both unix seconds)."""
    return now - since < patience * FRESH_SECONDS
