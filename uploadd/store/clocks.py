"""Keeps every wait as long as it was meant to be, whatever is done to the wall clock.

Waits are stored in wall time, because they outlive the process and the machine's uptime. What the
wall clock was worth against the uptime when they were stored is kept beside them, so that a step
of the wall clock is found, also one that came while nothing ran, and taken out of them again.
"""

from __future__ import annotations

import json

from sqlite_utils import Database

from uploadd.model.ports import Clock
from uploadd.store import overview, statements

FACT = "clock"
# Smaller differences are what NTP does all day long.
STEP_SECONDS = 2.0


def offset_of(clock: Clock) -> float:
    """Wall time less uptime, in seconds: it changes only when somebody sets the wall clock."""
    return clock.wall() - clock.monotonic()


def keep_waits(
    db: Database, boot: str, offset: float, now: float, unseen_seconds: float = 0.0
) -> float:
    """Take a step of the wall clock out of every stored wait. Returns its seconds (0: none).

    `boot` names the run of the machine: after another start the uptime counts anew, and all that
    can be said is that nothing stored may begin in the future. `unseen_seconds`: how long nobody
    has looked at the clock; what was stored meanwhile may have been stored by the new one.
    """
    last = _last(db)
    step = offset - last[1] if last is not None and last[0] == boot else 0.0
    if abs(step) >= STEP_SECONDS:
        # In doubt a wait becomes longer. After a step back, what seems to have begun a moment ago
        # has; after one forward it is moved with the rest, and rebased.
        kept_from = now - unseen_seconds if step < 0 else now + 1.0
        for statement in statements.SHIFT_ALL:
            db.execute(statement, {"step": step, "kept_from": kept_from, "now": now})
    else:
        step = 0.0
    for statement in statements.REBASE_ALL:
        db.execute(statement, {"now": now})
    overview.set_fact(db, FACT, json.dumps([boot, offset]))
    return step


def _last(db: Database) -> tuple[str, float] | None:
    try:
        boot, offset = json.loads(overview.fact(db, FACT) or "")
        return str(boot), float(offset)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
