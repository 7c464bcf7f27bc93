"""Which large files are being read now, kept for commands that look from another process."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from uploadd.store import overview

FACT = "reads"


@dataclass(frozen=True, slots=True)
class Reading:
    """One file: `read` bytes of `size`, since a moment (unix seconds)."""

    path: bytes
    read: int
    size: int
    since: float


def remember(db: Database, readings: Sequence[Reading], now: float) -> None:
    """These are being read, and no others."""
    told = [{**asdict(one), "path": os.fsdecode(one.path)} for one in readings]
    overview.set_fact(db, FACT, json.dumps({"reads": told, "at": now}))


def readings(db: Database, since: float) -> tuple[Reading, ...]:
    """What was remembered last; nothing if that is older than `since`, the deliverer's begin."""
    try:
        known = json.loads(overview.fact(db, FACT) or "")
        return tuple(map(_reading, known["reads"])) if known["at"] >= since else ()
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return ()  # nothing yet, or a database that was edited by hand


def _reading(told: dict[str, Any]) -> Reading:
    path = os.fsencode(str(told["path"]))
    return Reading(path, int(told["read"]), int(told["size"]), float(told["since"]))
