"""What one commit makes of a job: the values that decisions return, and what they need to know.

The decisions themselves are in `outcomes` (a send, a ticket), `doubts` (a look-up) and
`replacement` (new content for a photo that is there). The store writes a `Settlement` in one
commit, together with the ledger, the pause, and the twins that waited for this job.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from uploadd.model import look_ups, tickets, verdicts
from uploadd.model.delays import Delay, backoff
from uploadd.model.jobs import Job
from uploadd.model.numbers import counted
from uploadd.model.states import State
from uploadd.model.trail import Trail
from uploadd.model.verdicts import Reason

MOST_ATTEMPTS = 20
MOST_ATTEMPTS_UNKNOWN_CODE = 5
MOST_TICKET_FAILURES = 3


class LedgerChange(StrEnum):
    """What a settlement does to the ledger row of this account and content.

    For a replacement CLEAR and THERE also decide what the ledger says of the photo's old content.
    """

    KEEP = "keep"  # `maybe` stays: only proof of absence clears it
    CLEAR = "clear"  # shown not to be there
    THERE = "there"  # the account has it
    TORN = "torn"  # the account has what was sent, which is not what was fingerprinted
    MIXED = "mixed"  # the account has it, or a mixture: `maybe` stays, with that photo's id
    ELSEWHERE = "elsewhere"  # a replacement became a photo of its own; the old one is as it was


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one commit makes of a job. `pause` stops its account in the same commit.

    `trail`: None leaves the job's as it is. `is_torn`: from now on the job gives `photo_id`, which
    holds a torn upload, the content of its file. `there_as`: the photo that has the content, where
    that is not `photo_id`. `asked_at`: when the service was asked that named the photo (unix
    seconds), where it was looked for: what is begun since may have given that photo another
    content. `is_outdated`: what was sent stands, but the file holds something else by now, which
    gets a job.
    """

    state: State
    ledger: LedgerChange = LedgerChange.KEEP
    reason: Reason | None = None
    photo_id: str | None = None
    ticket_id: str | None = None
    wait: Delay | None = None
    trail: Trail | None = None
    pause: verdicts.Pause | None = None
    is_torn: bool = False
    there_as: str | None = None
    asked_at: float | None = None
    is_outdated: bool = False

    def trail_of(self, job: Job) -> Trail:
        """What `job` has been through, once this is written."""
        return job.trail if self.trail is None else self.trail


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision needs beside the job: the time, the dice, and two settings.

    `has_dedup_check`: a resend makes the service itself look for the content.
    """

    now: float
    random: Random
    patience: float
    has_dedup_check: bool

    def dedups(self, job: Job) -> bool:
        """Whether a resend of this job is safe by itself.

        A forced one asks for no dedup, and no service compares what replaces a photo.
        """
        return self.has_dedup_check and not job.is_forced and not job.is_replacement

    def window(self, job: Job) -> float:
        """Over how many seconds this job's looks are spread."""
        # Where the resend asks for no dedup, only patience shows that it did not arrive.
        whole = look_ups.window_seconds(is_video=job.is_video, has_dedup_check=self.dedups(job))
        return self.patience * whole


def ended(
    job: Job,
    state: State,
    ledger: LedgerChange,
    reason: Reason | None,
    *,
    photo_id: str | None = None,
    trail: Trail | None = None,
) -> Settlement:
    """The way of a job has come to `state`, with nothing more to wait for.

    `trail`: None: there is no doubt any more.
    """
    return Settlement(
        state,
        ledger=ledger,
        reason=reason,
        photo_id=photo_id,
        ticket_id=job.ticket_id,
        trail=job.trail.without_doubt() if trail is None else trail,
    )


def ticketed(job: Job, ticket_id: str, around: Surroundings) -> Settlement:
    """The service has it and gave a ticket, which is asked for from now on."""
    delay = around.patience * tickets.poll_delay(job.lane, 0)
    return Settlement(
        State.PROCESSING,
        ticket_id=ticket_id,
        trail=replace(job.trail.tried(), polls=0),
        wait=Delay(around.now, delay),
    )


def backed_off(attempts: int, around: Surroundings) -> Delay:
    """How long a file waits after so many attempts that met passing faults."""
    return Delay(around.now, backoff(attempts, around.random, around.patience))


def gave_up(reason: Reason, attempts: int) -> Reason:
    """Why a job ends that met passing faults only."""
    remedy = "`uploadd retry --failed` tries again when the service is well"
    return Reason(reason.code, f"{reason.text} ({counted(attempts, 'attempt')})", remedy)
