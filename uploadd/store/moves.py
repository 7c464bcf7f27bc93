"""Moving a job from state to state: the only place that writes `jobs.state`.

Each function runs inside one commit of the store, with all that belongs together: the job, the
ledger, the pause, its twins, and its story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from uploadd.model.delays import Delay
from uploadd.model.jobs import Doubt, Job
from uploadd.model.pauses import Stops, what_stops
from uploadd.model.settlement import LedgerChange, Settlement, Surroundings, uncertain
from uploadd.model.states import IN_FLIGHT, State, check_move
from uploadd.model.verdicts import Reason
from uploadd.store import pauses, statements
from uploadd.store.rows import Row, jobs, one

INTERRUPTED = Reason("network", "uploadd stopped during the send; whether it arrived is unknown")
TWIN_THERE = Reason("twin", "the account has the same content already, from another file")
NOTHING_TO_FILE = "nothing is left to file"


@dataclass(frozen=True, slots=True)
class Settled:
    """What a commit made of a job, for whoever counts and logs."""

    job: Job
    twins: int


def job_by_id(db: Database, job_id: int) -> Job | None:
    """The job as it stands, or None."""
    found = jobs(db, statements.JOB, (job_id,))
    return found[0] if found else None


def begin_send(db: Database, job_id: int, now: float) -> Job | None:
    """Commit a job to `uploading` with the ledger's `maybe`, before the first byte is sent.

    Returns the job where it may be sent now. None where a pause, the ledger or a twin says
    otherwise: it was moved on (`duplicate`, `uncertain`) or stays `queued`.
    """
    job = job_by_id(db, job_id)
    if job is None or job.state is not State.QUEUED or _has_twin_in_flight(db, job):
        return None
    stopped = what_stops(pauses.of_account(db, job.account_id), now)
    if (Stops.VIDEOS if job.is_video else Stops.UPLOADS) in stopped:
        return None
    ledger = one(db, statements.LEDGER_ROW, (job.account_id, job.sha256))
    if ledger is not None:
        _follow_ledger(db, job, ledger, now)
        return None
    _write(
        db,
        job,
        Settlement(State.UPLOADING, attempts=job.attempts, ticket_failures=job.ticket_failures),
        now,
    )
    _set_ledger(db, job, "maybe", Doubt.FULL, None, now)
    db.execute(statements.MARK_TORN, (None, job.id))  # what an earlier send sent is told already
    return job_by_id(db, job_id)


def settle(
    db: Database, job_id: int, settlement: Settlement, now: float, patience: float
) -> Settled:
    """Write what was decided about a job, in one commit with all that follows from it."""
    job = job_by_id(db, job_id)
    if job is None:
        raise LookupError(f"job {job_id} is not in the database")
    _change_ledger(db, job, settlement, now)
    if settlement.pause is not None:
        pauses.begin(db, job.account_id, settlement.pause, now, patience)
    elif settlement.state in (State.PROCESSING, State.FILING, State.DUPLICATE):
        pauses.forget_past(db, job.account_id, now)
    _write(db, job, settlement, now)
    twins = _decide_twins(db, job, settlement, now)
    if settlement.state is State.FILING:
        file_away(db, job_id, now)
    settled = job_by_id(db, job_id)
    assert settled is not None  # noqa: S101 - written a moment ago in this transaction
    return Settled(settled, twins)


def file_away(db: Database, job_id: int, now: float) -> None:
    """End a job in `filing` for which no album and no metadata is left to do."""
    job = job_by_id(db, job_id)
    if job is None or job.state is not State.FILING:
        return
    done = Settlement(
        State.DONE,
        attempts=job.attempts,
        ticket_id=job.ticket_id,
        polls=job.polls,
        photo_id=job.photo_id,
        ticket_failures=job.ticket_failures,
    )
    _write(db, job, done, now, story=f"photo {job.photo_id}")


def skip(db: Database, job: Job, reason: Reason, now: float) -> None:
    """A queued job's file is gone, changed, or not wanted any more."""
    _write(db, job, Settlement(State.SKIPPED, reason=reason, attempts=job.attempts), now)


def refuse(db: Database, job: Job, reason: Reason, now: float) -> None:
    """A queued job fails before a byte was sent."""
    _write(db, job, Settlement(State.FAILED, reason=reason, attempts=job.attempts), now)


def postpone(db: Database, job_id: int, reason: Reason, wait: Delay, now: float) -> None:
    """A queued job waits without having been tried: its folder is away, for instance."""
    job = job_by_id(db, job_id)
    if job is None or job.state is not State.QUEUED:
        return
    settlement = Settlement(
        State.QUEUED,
        reason=reason,
        attempts=job.attempts,
        wait=wait,
        ticket_failures=job.ticket_failures,
    )
    _store_fields(db, job, settlement, now)


def requeue(db: Database, job: Job, now: float, text: str, *, is_forced: bool = False) -> None:
    """Back to the queue with its counters at zero: `retry`, or a file that came back.

    Where the ledger says `maybe`, the way goes through a look-up; only `is_forced` clears it.
    """
    if is_forced and not _has_twin_in_flight(db, job):
        db.execute(statements.CLEAR_MAYBE, (job.account_id, job.sha256))
    db.execute(statements.MARK_FORCED, (is_forced, job.id))
    _write(db, job, Settlement(State.QUEUED), now, story=text)
    ledger = one(db, statements.LEDGER_ROW, (job.account_id, job.sha256))
    fresh = job_by_id(db, job.id)
    if fresh and ledger and ledger["state"] == "maybe" and not _has_twin_in_flight(db, fresh):
        _follow_ledger(db, fresh, ledger, now)


def recover_interrupted(db: Database, account_id: int, around: Surroundings) -> list[Job]:
    """Whatever is `uploading` when a deliverer starts is uncertain: nobody knows how far it got."""
    interrupted = jobs(db, statements.FOUND_UPLOADING, (account_id,))
    for job in interrupted:
        _write(db, job, uncertain(job, INTERRUPTED, around), around.now)
    for job in jobs(db, statements.FOUND_FILING, (account_id,)):
        file_away(db, job.id, around.now)
    return interrupted


def rebase_waits(db: Database, now: float) -> None:
    """After the wall clock was set back: no wait is longer than it was meant to be."""
    db.execute(statements.REBASE_WAITS, {"now": now})
    db.execute(statements.REBASE_PAUSES, {"now": now})
    db.execute(statements.REBASE_CALLS, {"now": now})


def _follow_ledger(db: Database, job: Job, ledger: Row, now: float) -> None:
    if ledger["state"] == "there":
        known = Settlement(
            State.DUPLICATE, reason=TWIN_THERE, photo_id=ledger["photo_id"], attempts=job.attempts
        )
        _write(db, job, known, now)
        return
    doubt = Doubt(ledger["doubt"])
    look = Settlement(
        State.UNCERTAIN,
        reason=job.reason,
        attempts=job.attempts,
        doubt=doubt,
        ticket_failures=job.ticket_failures,
        uncertain_since=now,
        wait=Delay(now, 0.0),
    )
    _write(db, job, look, now, story="an earlier send may have arrived: looked up first")


def _has_twin_in_flight(db: Database, job: Job) -> bool:
    states = ", ".join(f"'{state}'" for state in sorted(IN_FLIGHT))
    statement = f"SELECT 1 FROM jobs WHERE account_id = ? AND sha256 = ? AND state IN ({states})"
    return db.execute(statement, (job.account_id, job.sha256)).fetchone() is not None


def _change_ledger(db: Database, job: Job, settlement: Settlement, now: float) -> None:
    key = (job.account_id, job.sha256)
    match settlement.ledger:
        case LedgerChange.CLEAR:
            db.execute(statements.CLEAR_MAYBE, key)
        case LedgerChange.THERE:
            _set_ledger(db, job, "there", Doubt.NONE, settlement.photo_id, now)
        case LedgerChange.KEEP if settlement.doubt is not Doubt.NONE:
            db.execute(statements.SET_DOUBT, (settlement.doubt, *key))
        case _:
            pass
    if job.sent_sha256 is not None and settlement.photo_id is not None:
        torn = replace(job, sha256=job.sent_sha256)
        _set_ledger(db, torn, "there", Doubt.NONE, settlement.photo_id, now)


def _set_ledger(
    db: Database, job: Job, state: str, doubt: Doubt, photo_id: str | None, now: float
) -> None:
    db.execute(
        statements.SET_LEDGER,
        {
            "account_id": job.account_id,
            "sha256": job.sha256,
            "state": state,
            "doubt": doubt,
            "photo_id": photo_id,
            "now": now,
            "job_id": job.id,
        },
    )


def _decide_twins(db: Database, leader: Job, settlement: Settlement, now: float) -> int:
    """A twin is decided in the commit in which its leader's content is known to be there."""
    if settlement.ledger is not LedgerChange.THERE:
        return 0
    check_move(State.QUEUED, State.DUPLICATE)
    known = {
        "account_id": leader.account_id,
        "sha256": leader.sha256,
        "now": now,
        "text": _story_of(Settlement(State.DUPLICATE, reason=TWIN_THERE)),
    }
    db.execute(statements.TELL_TWINS, known)
    del known["text"]
    told = {"photo_id": settlement.photo_id, "code": TWIN_THERE.code, "reason": TWIN_THERE.text}
    return int(db.execute(statements.SETTLE_TWINS, {**known, **told}).rowcount)


def _write(
    db: Database, job: Job, settlement: Settlement, now: float, story: str | None = None
) -> None:
    if not (job.state is settlement.state and job.state in (State.PROCESSING, State.UNCERTAIN)):
        check_move(job.state, settlement.state)
        text = story if story is not None else _story_of(settlement)
        db.execute(statements.ADD_HISTORY, (job.id, now, settlement.state, text))
    _store_fields(db, job, settlement, now)


def _story_of(settlement: Settlement) -> str:
    if settlement.reason is not None:
        return f"{settlement.reason.text} [{settlement.reason.code}]"
    if settlement.photo_id is not None:
        return f"photo {settlement.photo_id}"
    return f"ticket {settlement.ticket_id}" if settlement.ticket_id else ""


def _store_fields(db: Database, job: Job, settlement: Settlement, now: float) -> None:
    wait, reason = settlement.wait, settlement.reason
    db.execute(
        statements.SETTLE_JOB,
        {
            "id": job.id,
            "state": settlement.state,
            "attempts": settlement.attempts,
            "wait_begin": wait.begin if wait else None,
            "wait_seconds": wait.seconds if wait else None,
            "due": wait.end if wait else 0.0,
            "ticket_id": settlement.ticket_id,
            "polls": settlement.polls,
            "photo_id": settlement.photo_id,
            "doubt": settlement.doubt,
            "looks": settlement.looks,
            "ticket_failures": settlement.ticket_failures,
            "uncertain_since": settlement.uncertain_since,
            "reason_code": reason.code if reason else None,
            "reason_text": reason.text if reason else "",
            "reason_remedy": reason.remedy if reason else "",
            "now": now,
        },
    )


def settle_all(
    db: Database, settled: Sequence[tuple[Job, Settlement]], now: float, patience: float
) -> list[Settled]:
    """Several settlements in one commit. A job that a person moved meanwhile is left alone."""
    outcomes = []
    for job, settlement in settled:
        current = job_by_id(db, job.id)
        if current is None or current.state is not job.state:
            continue
        if job.sent_sha256 is not None and current.sent_sha256 is None:
            db.execute(statements.MARK_TORN, (job.sent_sha256, job.id))
        outcomes.append(settle(db, job.id, settlement, now, patience))
    return outcomes
