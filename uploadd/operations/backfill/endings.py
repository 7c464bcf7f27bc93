"""How a backfill ends: its exit code, its numbers, and who goes on with what is left."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from uploadd.model.pauses import ActivePause
from uploadd.operations.backfill.summary import Snapshot


class Ending(IntEnum):
    """The exit codes of a backfill (design section 7)."""

    DONE = 0
    FAILED = 1
    WOULD_WAIT = 75
    CREDENTIALS = 77
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Finished:
    """How a backfill ended, and with which numbers.

    `left_to`: the process that goes on with what is left; None: none does now. `requests`: the
    rows by which it was handed over.
    """

    ending: Ending
    snapshot: Snapshot
    pauses: tuple[tuple[str, ActivePause], ...] = ()
    left_to: int | None = None
    requests: tuple[int, ...] = ()
