"""Moving a job from state to state (`writing` writes it down).

Each function runs inside one commit of the store, with all that belongs together: the job, the
ledger, the pause, its twins, and its story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.model.delays import Delay
from uploadd.model.hurdles import Facts, Look, PutOff, Send, There, Turn, hurdles, turn
from uploadd.model.jobs import Job
from uploadd.model.outcomes import end_filing, file_again, uncertain
from uploadd.model.replacement import elsewhere, told
from uploadd.model.settlement import Settlement, Surroundings
from uploadd.model.states import State
from uploadd.model.trail import NEW, Doubt
from uploadd.model.verdicts import Reason
from uploadd.store import (
    changing,
    facts,
    ledger_moves,
    mending,
    older,
    pauses,
    statements,
    twins,
    unread,
)
from uploadd.store.rows import jobs, one
from uploadd.store.writing import (
    aim_anew,
    has_twin_in_flight,
    job_by_id,
    mark_sent,
    store_fields,
    tell,
    write,
)

INTERRUPTED = Reason("network", "uploadd stopped during the send; whether it arrived is unknown")
PUT_ASIDE = Reason("ignored", "put aside by a person", "`uploadd retry` takes it up again")
BEING_REPLACED = Reason("twin", "a photo that may hold the same content is being replaced")
BEING_REPLACED_SECONDS = 60.0
HOMELESS_STORY = "photo {} was given another content: this one is sent again"
REFILED_STORY = "its photo was left with a wrong tag: it is tried again"
DOUBTED_STORY = "photo {} may have been given another content: this one is looked up"

__all__ = ["job_by_id"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What a commit made of a job, for whoever counts and logs."""

    job: Job
    twins: int


def begin_send(db: Database, job_id: int, now: float) -> Job | None:
    """Commit a job to `uploading` with the ledger's `maybe`, before the first byte is sent.

    Returns the job where it may be sent now. None where a pause, the ledger or a twin says
    otherwise: it was moved on (`duplicate`, `uncertain`) or stays `queued`.
    """
    job = job_by_id(db, job_id)
    if job is None or job.state is not State.QUEUED:
        return None
    found = facts.around(db, job, now)
    if hurdles(job, found):
        return None
    aimed = changing.decide(db, job, now)
    if aimed is None:
        return None
    if aimed is not job or _disbelieves(db, job, found, now):
        found = facts.around(db, aimed, now)
    its_turn = turn(aimed, found)
    if not isinstance(its_turn, Send):
        if found.unknown is not None:
            ledger_moves.set_row(db, aimed, "maybe", Doubt.FULL, None, found.unknown.since)
        _take(db, aimed, its_turn, now)
        return None
    _begin(db, aimed, found, now)
    return job_by_id(db, job_id)


def _begin(db: Database, job: Job, found: Facts, now: float) -> None:
    begun = Settlement(
        State.UPLOADING,
        # An earlier replacement may have arrived, whoever sent it.
        trail=job.trail.doubted(
            Doubt.NONE, job.trail.uncertain_since if found.ledger is None else found.ledger.since
        ),
    )
    write(db, job, begun, now)
    older.count_send(db, now)
    ledger_moves.begin(db, job, now)
    mark_sent(db, job.id, None, job.mark)  # what an earlier send sent is told already


def settle(
    db: Database, job_id: int, settlement: Settlement, now: float, patience: float
) -> Settled:
    """Write what was decided about a job, in one commit with all that follows from it."""
    job = job_by_id(db, job_id)
    if job is None:
        raise LookupError(f"job {job_id} is not in the database")
    settlement = changing.overtaken(db, job, changing.spared(db, job, settlement))
    gone = ledger_moves.change(db, job, settlement, now)
    if settlement.pause is not None:
        pauses.begin(db, job.account_id, settlement.pause, now, patience)
    elif settlement.state in (State.PROCESSING, State.FILING, State.DUPLICATE):
        pauses.forget_past(db, job.account_id, now)
    write(db, job, settlement, now)
    older.note_absence(db, job, settlement)
    if settlement.is_torn and settlement.photo_id is not None:
        mending.begin(db, job, settlement.photo_id, now)
    if settlement.is_outdated:
        unread.begin(db, job, now)
    decided = twins.decide(db, job, settlement, now)
    _rehouse(db, job, gone, now)
    if settlement.state is State.FILING and not job.is_replacement:
        file_away(db, job_id, now)
    settled = job_by_id(db, job_id)
    assert settled is not None  # noqa: S101 - written a moment ago in this transaction
    return Settled(settled, decided)


def file_away(db: Database, job_id: int, now: float) -> None:
    """End a job in `filing` for which no album and no metadata is left to do."""
    job = job_by_id(db, job_id)
    if job is None or job.state is not State.FILING:
        return
    write(db, job, end_filing(job), now)


def skip(db: Database, job: Job, reason: Reason, now: float) -> None:
    """A queued or failed job's file is gone, changed, or not wanted any more."""
    reason = told(job, reason)
    write(db, job, Settlement(State.SKIPPED, reason=reason), now)


def put_aside(db: Database, job: Job, now: float) -> None:
    """A person wants no more of a queued or failed job: nothing but a retry wakes it.

    The ledger stays as it is, and so does what is known of a photo (`Job.failed_code`).
    """
    reason = PUT_ASIDE
    if job.state is State.FAILED and job.reason is not None:
        text = f"{reason.text}; it had failed: {job.reason.text} [{job.reason.code}]"
        reason = Reason(reason.code, text, reason.remedy)
    else:
        reason = told(job, reason)
    write(db, job, Settlement(State.SKIPPED, reason=reason), now)


def look_first(db: Database, job: Job, now: float) -> None:
    """A queued job whose content may be there, and is not in its file any more, is looked up."""
    _look_first(db, job, Doubt.FULL, now, now, "the file has changed, and this may be a photo")


def doubt(db: Database, job_id: int, why: str, now: float) -> None:
    """A queued job may be there by an earlier send of which the ledger knows nothing any more."""
    job = job_by_id(db, job_id)
    if job is None or job.state is not State.QUEUED or has_twin_in_flight(db, job):
        return
    ledger_moves.set_row(db, job, "maybe", Doubt.FULL, None, now)
    _look_first(db, job, Doubt.FULL, now, now, why)


def refuse(db: Database, job: Job, reason: Reason, now: float) -> None:
    """A queued job fails before a byte was sent."""
    reason = told(job, reason)
    write(db, job, Settlement(State.FAILED, reason=reason), now)


def postpone(db: Database, job_id: int, reason: Reason, wait: Delay, now: float) -> None:
    """A queued job waits without having been tried: its folder is away, for instance."""
    job = job_by_id(db, job_id)
    if job is None or job.state is not State.QUEUED:
        return
    settlement = Settlement(
        State.QUEUED,
        reason=reason,
        wait=wait,
    )
    store_fields(db, job, settlement, now)


def requeue(db: Database, job: Job, now: float, text: str, *, is_forced: bool = False) -> None:
    """Back to the queue with its counters at zero: `retry`, or a file that came back.

    Where the ledger says `maybe`, the way goes through a look-up; only `is_forced` clears it. A
    torn upload that could not be mended becomes a photo of its own.
    """
    if is_forced and not has_twin_in_flight(db, job):
        db.execute(statements.CLEAR_MAYBE, (job.account_id, job.sha256))
    db.execute(statements.MARK_FORCED, (is_forced, job.id))
    if job.is_replacement and job.rests_for("torn"):
        aim_anew(db, job.id)
    write(db, job, Settlement(State.QUEUED, trail=NEW), now, story=text)
    fresh = job_by_id(db, job.id)
    if fresh is None or (fresh.is_replacement and fresh.photo_id is None):
        return  # its photo is decided when its turn comes
    found = facts.around(db, fresh, now)
    if found.ledger is not None and found.ledger.is_maybe and found.twin is None:
        _take(db, fresh, turn(fresh, found), now)


def recover_interrupted(db: Database, account_id: int, around: Surroundings) -> list[Job]:
    """Whatever is `uploading` when a deliverer starts is uncertain: nobody knows how far it got.

    Tags that could not be put right before are tried once more. Returns what was interrupted.
    """
    interrupted = jobs(db, statements.FOUND_UPLOADING, (account_id,))
    for job in interrupted:
        write(db, job, uncertain(job, INTERRUPTED, around), around.now)
    for job in jobs(db, statements.FOUND_FILING, (account_id,)):
        if not job.is_replacement:  # its tags may not be right yet
            file_away(db, job.id, around.now)
    for job in jobs(db, statements.STALE_TAGS, (account_id,)):
        if not has_twin_in_flight(db, job):
            write(db, job, file_again(job), around.now, story=REFILED_STORY)
    return interrupted


def _disbelieves(db: Database, job: Job, found: Facts, now: float) -> bool:
    """Whether the ledger's photo is forgotten, because the job's pixels say otherwise."""
    key = (job.account_id, job.sha256)
    why = ledger_moves.disbelieve(db, key, found.ledger, job.pixels)
    if why:
        tell(db, job, f"{why}: it is sent", now)
    return bool(why)


def _take(db: Database, job: Job, its_turn: Turn, now: float) -> None:
    """What becomes of a queued job that is not to be sent."""
    match its_turn:
        case There(photo_id):
            _follow_there(db, job, photo_id, now)
        case PutOff():
            postpone(db, job.id, BEING_REPLACED, Delay(now, BEING_REPLACED_SECONDS), now)
        case Look(doubt, since, why):
            _look_first(db, job, doubt, now, since, why)
        case Send():
            pass


def _follow_there(db: Database, job: Job, photo_id: str | None, now: float) -> None:
    if job.is_replacement and photo_id is not None:
        known = elsewhere(job, photo_id)
    else:
        known = Settlement(
            State.DUPLICATE,
            reason=twins.TWIN_THERE,
            photo_id=photo_id,
            trail=job.trail.without_doubt(),
        )
    write(db, job, known, now)


def _look_first(db: Database, job: Job, doubt: Doubt, now: float, since: float, why: str) -> None:
    """It becomes uncertain without having been sent. `since`: the looks' window begins there."""
    look = Settlement(
        State.UNCERTAIN,
        reason=job.reason,
        trail=job.trail.doubted(Doubt.FULL if doubt is Doubt.NONE else doubt, since),
        wait=Delay(now, 0.0),
    )
    write(db, job, look, now, story=f"{why}: looked up first")


def _rehouse(db: Database, leader: Job, gone: Sequence[str], now: float) -> None:
    """A photo holds another content now: files that have its old one are sent again."""
    for sha256 in gone:
        key = {
            "account_id": leader.account_id,
            "photo_id": leader.photo_id,
            "sha256": sha256,
            "directory": leader.directory,
            "name": leader.name,
        }
        for job in jobs(db, statements.HOMELESS, key):
            is_known = one(db, statements.LEDGER_ROW, (leader.account_id, sha256)) is None
            text = (HOMELESS_STORY if is_known else DOUBTED_STORY).format(job.photo_id)
            aim_anew(db, job.id)
            requeue(db, job, now, text)
        db.execute(statements.WAKE_CONTENT, (leader.account_id, sha256))


def settle_all(
    db: Database, settled: Sequence[tuple[Job, Settlement]], now: float, patience: float
) -> list[Settled]:
    """Several settlements in one commit. A job that a person moved meanwhile is left alone.

    So is one whose photo was begun to be given another content since the service was asked for it
    (`Settlement.asked_at`): it is asked for again.
    """
    outcomes = []
    for job, settlement in settled:
        current = job_by_id(db, job.id)
        if current is None or current.state is not job.state or _is_of_another_doubt(job, current):
            continue
        if ledger_moves.is_stale(db, job, settlement, now):
            continue
        if (job.sent_sha256, job.sent_as) != (current.sent_sha256, current.sent_as):
            mark_sent(db, job.id, job.sent_sha256, job.sent_as)
        outcomes.append(settle(db, job.id, settlement, now, patience))
    return outcomes


def _is_of_another_doubt(job: Job, current: Job) -> bool:
    """Whether the job was released and sent again while `job` was being looked up."""
    return (
        job.state is State.UNCERTAIN and job.trail.uncertain_since != current.trail.uncertain_since
    )
