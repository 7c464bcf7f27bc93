"""When to ask for a ticket: soon at first, then ever more rarely, but never giving up.

One call asks for up to `TICKETS_PER_CALL` tickets, so a backfill gathers tickets before it asks;
that keeps the calls per photo near one. A photo that has just arrived is asked for at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from uploadd.model.delays import growing
from uploadd.model.jobs import Lane

TICKETS_PER_CALL = 50
FIRST_SECONDS = {Lane.LIVE: 2.0, Lane.BACKFILL: 30.0}
IDLE_SECONDS = 1.0
MOST_SECONDS = 3600.0
GATHER_SECONDS = 15.0
MOST_ETA_SECONDS = 24 * 3600.0


class TicketState(StrEnum):
    """What the service says of a ticket (Flickr: `complete` 0, 1, 2, or `invalid`)."""

    PENDING = "pending"
    COMPLETE = "complete"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TicketReply:
    """The answer for one ticket; `photo_id` only with COMPLETE.

    `eta_seconds`: how long the service wants not to be asked for it again, where it says so.
    """

    state: TicketState
    photo_id: str | None = None
    eta_seconds: float | None = None


def poll_delay(lane: Lane, polls: int) -> float:
    """Seconds until the next question, after `polls` answers of `pending`."""
    if polls == 0:
        return FIRST_SECONDS[lane]
    return growing(2 * FIRST_SECONDS[Lane.LIVE], MOST_SECONDS, polls)


def named_wait(eta_seconds: float | None) -> float:
    """How long a service is left in peace that named `eta_seconds`; 0 where it named nothing.

    `patience` does not touch it. Nonsense counts as nothing, and a day is enough of anything.
    """
    if eta_seconds is None or not eta_seconds > 0:
        return 0.0
    return min(eta_seconds, MOST_ETA_SECONDS)


def gathered(now: float, delay: float, patience: float) -> float:
    """`delay` (seconds from `now`) made longer, so that tickets fall due together."""
    step = GATHER_SECONDS * patience
    return math.ceil((now + delay) / step) * step - now


def should_ask(*, due: int, waiting: int, is_idle: bool) -> bool:
    """Whether a call is worth its place in the budget.

    `due`: tickets whose time has come; `waiting`: those never asked for yet; `is_idle`: nothing
    is left to send, so nothing is gained by gathering more.
    """
    return due > 0 or waiting >= TICKETS_PER_CALL or (is_idle and waiting > 0)
