"""What a backfill tells a person while it runs: who delivers has changed, or does not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Turn(StrEnum):
    """What has happened."""

    JOINED = "joined"  # a daemon delivers, and takes the directories in
    YIELDED = "yielded"  # a daemon waits for its turn: it gets the lock
    TAKEN_BACK = "taken back"  # and did not take it
    TOOK_OVER = "took over"  # the daemon is gone
    QUEUED_UP = "queued up"  # the daemon is gone, and another backfill was quicker
    SILENT = "silent"  # it holds the lock and answers nothing
    HEARD = "heard"  # it answers again


@dataclass(frozen=True, slots=True)
class News:
    """One turn. `pid`: of the process it is about; `seconds`: for how long it has been silent."""

    turn: Turn
    pid: int | None = None
    seconds: float = 0.0


Tell = Callable[[News], None]
