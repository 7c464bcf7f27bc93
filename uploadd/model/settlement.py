"""What happens to a job after a send, a ticket's answer, or a look-up. Pure decisions.

Each function takes the job as it stands and returns a `Settlement`; the store writes it in one
commit, together with the ledger, the pause, and the twins that waited for this job.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from uploadd.model import look_ups, tickets, verdicts
from uploadd.model.delays import Delay, backoff
from uploadd.model.jobs import Doubt, Job
from uploadd.model.pauses import PauseCause
from uploadd.model.states import State
from uploadd.model.verdicts import Reason, Verdict

MOST_ATTEMPTS = 20
MOST_ATTEMPTS_UNKNOWN_CODE = 5
MOST_TICKET_FAILURES = 3
# A pause is not an attempt, and the file is ready again as soon as the pause is over.
NO_ATTEMPT = 0


class LedgerChange(StrEnum):
    """What a settlement does to the ledger row of this account and content."""

    KEEP = "keep"  # `maybe` stays: only proof of absence clears it
    CLEAR = "clear"  # shown not to be there
    THERE = "there"  # the account has it


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one commit makes of a job. `pause` stops its account in the same commit."""

    state: State
    ledger: LedgerChange = LedgerChange.KEEP
    reason: Reason | None = None
    photo_id: str | None = None
    ticket_id: str | None = None
    wait: Delay | None = None
    attempts: int = NO_ATTEMPT
    polls: int = 0
    doubt: Doubt = Doubt.NONE
    looks: int = 0
    ticket_failures: int = 0
    uncertain_since: float | None = None
    pause: verdicts.Pause | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision needs beside the job: the time, the dice, and two settings."""

    now: float
    random: Random
    patience: float
    has_dedup_check: bool

    def window(self, job: Job) -> float:
        """Over how many seconds this job's looks are spread."""
        # A forced send asks for no dedup: only patience shows that it did not arrive.
        has_dedup_check = self.has_dedup_check and not job.is_forced
        whole = look_ups.window_seconds(is_video=job.is_video, has_dedup_check=has_dedup_check)
        return self.patience * whole


def after_send(  # noqa: PLR0911 - one return for each kind of verdict
    job: Job, verdict: Verdict, around: Surroundings
) -> Settlement:
    """What becomes of a job whose send ended with `verdict`."""
    match verdict:
        case verdicts.Kept(photo_id):
            return kept(job, photo_id)
        case verdicts.Ticketed(ticket_id):
            return _ticketed(job, ticket_id, around)
        case verdicts.Duplicate():
            return _duplicate(job, verdict)
        case verdicts.Reschedule():
            return _reschedule(job, verdict, around)
        case verdicts.Pause():
            return _paused(job, verdict)
        case verdicts.Refuse(reason):
            return _ended(job, State.FAILED, LedgerChange.CLEAR, reason, attempts=job.attempts + 1)
        case verdicts.Uncertain(reason):
            return uncertain(job, reason, around)


def kept(job: Job, photo_id: str) -> Settlement:
    """The account has what this job sent: to be filed away, or torn and for a person."""
    if job.sent_sha256 is not None:
        return _ended(
            job, State.FAILED, LedgerChange.CLEAR, torn_reason(photo_id), photo_id=photo_id
        )
    return _ended(job, State.FILING, LedgerChange.THERE, None, photo_id=photo_id)


def uncertain(job: Job, reason: Reason, around: Surroundings) -> Settlement:
    """Nobody knows whether the service kept it: the looks begin."""
    first = look_ups.next_look_at(around.now, 0, around.window(job))
    return Settlement(
        State.UNCERTAIN,
        reason=reason,
        attempts=job.attempts + 1,
        doubt=Doubt.FULL,
        ticket_failures=job.ticket_failures,
        uncertain_since=around.now,
        wait=Delay(around.now, first - around.now),
    )


def after_ticket(job: Job, reply: tickets.TicketReply, around: Surroundings) -> Settlement:
    """What becomes of a job in `processing` when its ticket was asked for."""
    match reply.state:
        case tickets.TicketState.COMPLETE if reply.photo_id:
            return kept(job, reply.photo_id)
        case tickets.TicketState.PENDING:
            return _still_pending(job, around)
        case tickets.TicketState.FAILED:
            return _ticket_failed(job, "the service could not convert it (complete=2)", around)
        case _:
            return _ticket_failed(job, "the service does not know the ticket any more", around)


def after_look(job: Job, photo_id: str | None, around: Surroundings) -> Settlement:
    """What becomes of an uncertain job when the service was asked for its content."""
    if photo_id is not None:
        return kept(job, photo_id)
    looks = job.looks + 1
    # A clock that was ahead and was set back must not make the doubt last until it gets there.
    since = min(around.now, around.now if job.uncertain_since is None else job.uncertain_since)
    window = around.window(job)
    if look_ups.is_absence_believed(job.doubt, looks, since, around.now, window):
        return _absent(job)
    # Never sooner than a hundredth of the window, so that a late first look does not bunch them.
    due = max(look_ups.next_look_at(since, looks, window), around.now + window / 100)
    return Settlement(
        State.UNCERTAIN,
        reason=job.reason,
        attempts=job.attempts,
        doubt=job.doubt,
        looks=looks,
        ticket_failures=job.ticket_failures,
        uncertain_since=since,
        wait=Delay(around.now, due - around.now),
    )


def torn_reason(photo_id: str) -> Reason:
    """The file changed while its bytes were being sent."""
    return Reason(
        "torn",
        f"the file changed while it was sent; photo {photo_id} holds a mixture",
        "look at that photo on the service, delete it there, then `uploadd retry` the job",
    )


def _ended(
    job: Job,
    state: State,
    ledger: LedgerChange,
    reason: Reason | None,
    *,
    photo_id: str | None = None,
    attempts: int | None = None,
) -> Settlement:
    return Settlement(
        state,
        ledger=ledger,
        reason=reason,
        photo_id=photo_id,
        ticket_id=job.ticket_id,
        attempts=job.attempts if attempts is None else attempts,
        ticket_failures=job.ticket_failures,
    )


def _ticketed(job: Job, ticket_id: str, around: Surroundings) -> Settlement:
    delay = around.patience * tickets.poll_delay(job.lane, 0)
    return Settlement(
        State.PROCESSING,
        ticket_id=ticket_id,
        attempts=job.attempts + 1,
        ticket_failures=job.ticket_failures,
        wait=Delay(around.now, delay),
    )


def _duplicate(job: Job, verdict: verdicts.Duplicate) -> Settlement:
    if verdict.is_deleted:
        return _ended(
            job,
            State.SKIPPED,
            LedgerChange.CLEAR,
            verdict.reason,
            photo_id=verdict.photo_id,
            attempts=job.attempts + 1,
        )
    # On a resend it is our own earlier send that is found; on a first send somebody else's.
    is_resend = job.attempts > 0 and verdict.photo_id is not None
    return _ended(
        job,
        State.FILING if is_resend else State.DUPLICATE,
        LedgerChange.THERE,
        None if is_resend else verdict.reason,
        photo_id=verdict.photo_id,
        attempts=job.attempts + 1,
    )


def _reschedule(job: Job, verdict: verdicts.Reschedule, around: Surroundings) -> Settlement:
    attempts = job.attempts + 1
    most = MOST_ATTEMPTS if verdict.is_known else MOST_ATTEMPTS_UNKNOWN_CODE
    ledger = LedgerChange.KEEP if verdict.was_sent else LedgerChange.CLEAR
    doubt = Doubt.BRIEF if verdict.was_sent else Doubt.NONE
    if attempts >= most:
        return Settlement(
            State.FAILED,
            ledger=ledger,
            reason=_gave_up(verdict.reason, attempts),
            attempts=attempts,
            doubt=doubt,
            ticket_failures=job.ticket_failures,
        )
    delay = backoff(attempts, around.random, around.patience)
    return Settlement(
        State.QUEUED,
        ledger=ledger,
        reason=verdict.reason,
        attempts=attempts,
        doubt=doubt,
        ticket_failures=job.ticket_failures,
        wait=Delay(around.now, delay),
    )


def _gave_up(reason: Reason, attempts: int) -> Reason:
    remedy = "`uploadd retry --failed` tries again when the service is well"
    return Reason(reason.code, f"{reason.text} ({attempts} attempts)", remedy)


def _paused(job: Job, verdict: verdicts.Pause) -> Settlement:
    # A 429 may come from a gateway after the body went through, and a nonce that was used before
    # from a proxy that sent our request twice: one look before the resend.
    is_doubtful = verdict.cause in (PauseCause.RATE, PauseCause.CLOCK)
    return Settlement(
        State.QUEUED,
        ledger=LedgerChange.KEEP if is_doubtful else LedgerChange.CLEAR,
        reason=verdict.reason,
        attempts=job.attempts,
        doubt=Doubt.BRIEF if is_doubtful else Doubt.NONE,
        ticket_failures=job.ticket_failures,
        pause=verdict,
    )


def _still_pending(job: Job, around: Surroundings) -> Settlement:
    # A ticket that was asked for along the way, before its time, keeps its interval; that it
    # begins anew brings the tickets of one call together in the next one, too.
    is_early = job.polls > 0 and job.wait is not None and job.wait.remaining(around.now) > 0
    polls = job.polls + (0 if is_early else 1)
    delay = around.patience * tickets.poll_delay(job.lane, polls)
    return Settlement(
        State.PROCESSING,
        ticket_id=job.ticket_id,
        attempts=job.attempts,
        polls=polls,
        ticket_failures=job.ticket_failures,
        wait=Delay(around.now, delay),
    )


def _ticket_failed(job: Job, what: str, around: Surroundings) -> Settlement:
    failures = job.ticket_failures + 1
    reason = Reason("ticket-failed", f"ticket {job.ticket_id}: {what}")
    if failures >= MOST_TICKET_FAILURES:
        remedy = "the service fails on this file; open it elsewhere, then `uploadd retry` the job"
        return Settlement(
            State.FAILED,
            reason=Reason(reason.code, f"{reason.text} ({failures} times)", remedy),
            attempts=job.attempts,
            doubt=Doubt.FULL,
            ticket_failures=failures,
        )
    settled = uncertain(job, reason, around)
    return Settlement(
        State.UNCERTAIN,
        reason=reason,
        attempts=job.attempts,
        doubt=Doubt.FULL,
        ticket_failures=failures,
        uncertain_since=settled.uncertain_since,
        wait=settled.wait,
    )


def _absent(job: Job) -> Settlement:
    return Settlement(
        State.QUEUED,
        ledger=LedgerChange.CLEAR,
        reason=Reason("network", "it was looked up and is not there; it is sent again"),
        attempts=job.attempts,
        ticket_failures=job.ticket_failures,
    )
