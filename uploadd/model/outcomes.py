"""What happens to a job after a send or a ticket's answer. Pure decisions."""

from __future__ import annotations

from dataclasses import replace

from uploadd.model import look_ups, replacement, tickets, verdicts
from uploadd.model.delays import Delay
from uploadd.model.jobs import Job, Lane
from uploadd.model.numbers import counted
from uploadd.model.pauses import PauseCause
from uploadd.model.settlement import (
    MOST_ATTEMPTS,
    MOST_ATTEMPTS_UNKNOWN_CODE,
    MOST_TICKET_FAILURES,
    LedgerChange,
    Settlement,
    Surroundings,
    backed_off,
    ended,
    gave_up,
    ticketed,
)
from uploadd.model.states import State
from uploadd.model.trail import Doubt
from uploadd.model.verdicts import Reason, Verdict

STALE_TAG = "stale-tag"
STALE_TAG_TEXT = "photo {} has the new content, and its tag may tell of the old one: {}"
STALE_TAG_REMEDY = (
    "the next start tries again; or remove the old tag checksum:sha256=… on the photo's page"
)


def after_send(  # noqa: PLR0911 - one return for each kind of verdict
    job: Job, verdict: Verdict, around: Surroundings
) -> Settlement:
    """What becomes of a job whose send ended with `verdict`."""
    verdict = _of_our_content(job, _holding(job, verdict))
    if job.is_replacement:
        return replacement.after_send(job, verdict, around)
    match verdict:
        case verdicts.Kept(photo_id):
            return kept(job, photo_id)
        case verdicts.Ticketed(ticket_id):
            return ticketed(job, ticket_id, around)
        case verdicts.Duplicate():
            return _duplicate(job, verdict)
        case verdicts.Reschedule():
            return _reschedule(job, verdict, around)
        case verdicts.Pause():
            return _paused(job, verdict)
        case verdicts.Refuse(reason):
            trail = job.trail.tried().without_doubt()
            return ended(job, State.FAILED, LedgerChange.CLEAR, reason, trail=trail)
        case verdicts.Uncertain(reason):
            return uncertain(job, reason, around)


def _holding(job: Job, verdict: Verdict) -> Verdict:
    """The verdict, or a fault of this file where the pause would not hold it back.

    A photo that is refused for the limit of videos would be sent again at once, for ever.
    """
    if not isinstance(verdict, verdicts.Pause) or job.is_video:
        return verdict
    if verdict.cause is PauseCause.VIDEOS_FULL:
        return verdicts.Reschedule(verdict.reason, was_sent=False, is_known=False)
    return verdict


def _of_our_content(job: Job, verdict: Verdict) -> Verdict:
    """The verdict, or another try where the service knows what it got, which is not our content."""
    if not isinstance(verdict, verdicts.Duplicate) or job.sent_sha256 is None:
        return verdict
    reason = Reason("changed", "the file changed while it was sent; it is read anew")
    return verdicts.Reschedule(reason, was_sent=False)


def kept(job: Job, photo_id: str) -> Settlement:
    """The account has what this job sent: to be filed away, or torn and to be mended."""
    if job.is_replacement:
        return replacement.confirmed(job, photo_id)
    if job.sent_sha256 is not None:
        return replacement.torn(job, photo_id)
    return ended(job, State.FILING, LedgerChange.THERE, None, photo_id=photo_id)


def uncertain(job: Job, reason: Reason, around: Surroundings) -> Settlement:
    """Nobody knows whether the service kept it: the looks begin, or it is replaced once more."""
    if job.is_replacement:
        return replacement.doubtful(job, reason, around)
    return Settlement(
        State.UNCERTAIN,
        reason=reason,
        trail=job.trail.tried().doubted(Doubt.FULL, around.now),
        wait=Delay(around.now, look_ups.gap_before(0, around.window(job))),
    )


def end_filing(job: Job) -> Settlement:
    """Nothing is left to file: the job is done."""
    return _filing(job, State.DONE)


def after_refused_filing(job: Job, why: str, around: Surroundings) -> Settlement:
    """What becomes of a job whose photo the service does not let us mark. `why`: its words.

    It may not show the photo to all of its own machines yet, so it is asked again over minutes.
    Then the job is done all the same, and says what the tag tells wrongly.
    """
    reason = Reason(STALE_TAG, STALE_TAG_TEXT.format(job.photo_id, why), STALE_TAG_REMEDY)
    refused = job.trail.unanswered
    if refused >= look_ups.LOOKS_NEEDED:
        return replace(_filing(job, State.DONE), reason=reason)
    gap = look_ups.gap_before(refused, around.patience * look_ups.PHOTO_WINDOW_SECONDS)
    waiting = replace(_filing(job, State.FILING), reason=reason, wait=Delay(around.now, gap))
    return replace(waiting, trail=replace(job.trail, unanswered=refused + 1))


def file_again(job: Job) -> Settlement:
    """A job that left a wrong tag behind tries once more to put it right."""
    trail = replace(job.trail, unanswered=look_ups.LOOKS_NEEDED)
    return replace(_filing(job, State.FILING), trail=trail)


def _filing(job: Job, state: State) -> Settlement:
    return Settlement(
        state, ticket_id=job.ticket_id, photo_id=job.photo_id, trail=job.trail.without_doubt()
    )


def after_ticket(
    job: Job, reply: tickets.TicketReply, around: Surroundings, *, gathers: bool = False
) -> Settlement:
    """What becomes of a job in `processing` when its ticket was asked for.

    `gathers`: others are on their way, so that one call may ask for many of them later.
    """
    match reply.state:
        case tickets.TicketState.COMPLETE if reply.photo_id:
            return kept(job, reply.photo_id)
        case tickets.TicketState.PENDING:
            return _still_pending(job, reply, around, gathers=gathers)
        case tickets.TicketState.FAILED:
            return _ticket_failed(job, "the service could not convert it (complete=2)", around)
        case _:
            return _ticket_failed(job, "the service does not know the ticket any more", around)


def names_our_photo(job: Job, verdict: verdicts.Duplicate) -> bool:
    """On a resend it is our own earlier send that is found; on a first send somebody else's."""
    is_known = verdict.photo_id is not None and not verdict.is_deleted
    is_resend = job.trail.attempts > 0 and not job.is_replacement
    return is_known and is_resend and not verdict.is_older


def _duplicate(job: Job, verdict: verdicts.Duplicate) -> Settlement:
    trail = job.trail.tried().without_doubt()
    if verdict.is_deleted:
        return ended(
            job,
            State.SKIPPED,
            LedgerChange.CLEAR,
            verdict.reason,
            photo_id=verdict.photo_id,
            trail=trail,
        )
    is_ours = names_our_photo(job, verdict)
    return ended(
        job,
        State.FILING if is_ours else State.DUPLICATE,
        LedgerChange.THERE,
        None if is_ours else verdict.reason,
        photo_id=verdict.photo_id,
        trail=trail,
    )


def _reschedule(job: Job, verdict: verdicts.Reschedule, around: Surroundings) -> Settlement:
    trail = job.trail.tried()
    most = MOST_ATTEMPTS if verdict.is_known else MOST_ATTEMPTS_UNKNOWN_CODE
    is_last = trail.attempts >= most
    return Settlement(
        State.FAILED if is_last else State.QUEUED,
        ledger=LedgerChange.KEEP if verdict.was_sent else LedgerChange.CLEAR,
        reason=gave_up(verdict.reason, trail.attempts) if is_last else verdict.reason,
        trail=trail.doubted(Doubt.BRIEF if verdict.was_sent else Doubt.NONE),
        wait=None if is_last else backed_off(trail.attempts, around),
    )


def _paused(job: Job, verdict: verdicts.Pause) -> Settlement:
    # A 429 may come from a gateway after the body went through, and a nonce that was used before
    # from a proxy that sent our request twice: it may be there as after a lost reply.
    is_doubtful = verdict.cause in (PauseCause.RATE, PauseCause.CLOCK)
    return Settlement(
        State.QUEUED,
        ledger=LedgerChange.KEEP if is_doubtful else LedgerChange.CLEAR,
        reason=verdict.reason,
        # A pause is not an attempt: the file is ready again as soon as the pause is over.
        trail=job.trail.doubted(Doubt.FULL if is_doubtful else Doubt.NONE),
        pause=verdict,
    )


def _still_pending(
    job: Job, reply: tickets.TicketReply, around: Surroundings, *, gathers: bool
) -> Settlement:
    # A ticket that was asked for along the way, before its time, keeps its interval; that it
    # begins anew brings the tickets of one call together in the next one, too.
    polls = job.trail.polls
    is_early = polls > 0 and job.wait is not None and job.wait.remaining(around.now) > 0
    polls += 0 if is_early else 1
    own = around.patience * tickets.poll_delay(job.lane, polls)
    delay = max(own, tickets.named_wait(reply.eta_seconds))
    if gathers and job.lane is Lane.BACKFILL:
        delay = tickets.gathered(around.now, delay, around.patience)
    return Settlement(
        State.PROCESSING,
        ticket_id=job.ticket_id,
        trail=replace(job.trail, polls=polls),
        wait=Delay(around.now, delay),
    )


def _ticket_failed(job: Job, what: str, around: Surroundings) -> Settlement:
    failures = job.trail.ticket_failures + 1
    reason = Reason("ticket-failed", f"ticket {job.ticket_id}: {what}")
    if failures >= MOST_TICKET_FAILURES:
        remedy = "the service fails on this file; open it elsewhere, then `uploadd retry` the job"
        return Settlement(
            State.FAILED,
            reason=replacement.told(
                job, Reason(reason.code, f"{reason.text} ({counted(failures, 'time')})", remedy)
            ),
            trail=replace(job.trail.doubted(Doubt.FULL), ticket_failures=failures),
        )
    settled = uncertain(job, reason, around)
    trail = replace(settled.trail_of(job), attempts=job.trail.attempts, ticket_failures=failures)
    return replace(settled, trail=trail)
