"""Jobs of one content for one account: decided in the commit that decides their leader."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.jobs import Job
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.states import State, check_move
from uploadd.model.verdicts import Reason
from uploadd.store import statements
from uploadd.store.writing import story_of

TWIN_THERE = Reason("twin", "the account has the same content already, from another file")


def decide(db: Database, leader: Job, settlement: Settlement, now: float) -> int:
    """A twin is decided in the commit in which its leader's content is known to be there.

    Returns how many there were.
    """
    if settlement.ledger is not LedgerChange.THERE:
        return 0
    check_move(State.QUEUED, State.DUPLICATE)
    known = {
        "account_id": leader.account_id,
        "sha256": leader.sha256,
        "now": now,
        "text": story_of(Settlement(State.DUPLICATE, reason=TWIN_THERE)),
    }
    db.execute(statements.TELL_TWINS, known)
    del known["text"]
    told = {"photo_id": settlement.photo_id, "code": TWIN_THERE.code, "reason": TWIN_THERE.text}
    return int(db.execute(statements.SETTLE_TWINS, {**known, **told}).rowcount)
