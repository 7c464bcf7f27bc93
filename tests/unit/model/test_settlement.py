"""What becomes of a job: each verdict, ticket and look-up, as pure decisions."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from uploadd.model import verdicts
from uploadd.model.doubts import Found, after_look
from uploadd.model.jobs import Job, Kind, Lane
from uploadd.model.outcomes import after_send, after_ticket
from uploadd.model.pauses import PauseCause
from uploadd.model.settlement import MOST_ATTEMPTS, LedgerChange, Settlement, Surroundings
from uploadd.model.states import MOVES, State
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.model.trail import Doubt, Trail
from uploadd.model.verdicts import Reason

NOW = 1_700_000_000.0
WHY = Reason("x", "something happened", "do something")
AROUND = Surroundings(now=NOW, random=Random(1), patience=1.0, has_dedup_check=True)
JOB = Job(
    id=1, account_id=1, folder="", root=b"/r", directory=b"/r", name=b"p.jpg", kind=Kind.UPLOAD,
    lane=Lane.BACKFILL, state=State.UPLOADING, sha256="a" * 64, media_type="image/jpeg", size=9,
    mtime_ns=1, inode=1, device=1, wait=None, ticket_id=None, photo_id=None,
    sent_sha256=None,
    is_forced=False, reason=None, created_at=NOW, updated_at=NOW,
)  # fmt: skip

ALL_VERDICTS = [
    verdicts.Kept("1"),
    verdicts.Ticketed("1-2"),
    verdicts.Duplicate("1", is_deleted=False, reason=WHY),
    verdicts.Duplicate("1", is_deleted=True, reason=WHY),
    verdicts.Reschedule(WHY, was_sent=True),
    verdicts.Reschedule(WHY, was_sent=False),
    verdicts.Pause(PauseCause.WAIT, WHY, 5.0),
    verdicts.Pause(PauseCause.RATE, WHY),
    verdicts.Refuse(WHY),
    verdicts.Uncertain(WHY),
]


@pytest.mark.parametrize("verdict", ALL_VERDICTS)
@pytest.mark.parametrize("attempts", [0, 1, 4, 19])
def test_every_verdict_makes_a_legal_move(verdict: verdicts.Verdict, attempts: int) -> None:
    """The decision and the state machine agree."""
    settlement = after_send(replace(JOB, trail=Trail(attempts)), verdict, AROUND)
    assert (State.UPLOADING, settlement.state) in MOVES


def with_trail(job: Job, **changes: Any) -> Job:
    """The job, having been through something else."""
    return replace(job, trail=replace(job.trail, **changes))


def test_only_proof_of_absence_clears_the_ledger() -> None:
    """`maybe` goes only where the service said no, or where the last byte was never sent."""
    changes = {type(v).__name__ + str(i): send(v).ledger for i, v in enumerate(ALL_VERDICTS)}
    assert changes == {
        "Kept0": LedgerChange.THERE,
        "Ticketed1": LedgerChange.KEEP,
        "Duplicate2": LedgerChange.THERE,
        "Duplicate3": LedgerChange.CLEAR,
        "Reschedule4": LedgerChange.KEEP,
        "Reschedule5": LedgerChange.CLEAR,
        "Pause6": LedgerChange.CLEAR,
        "Pause7": LedgerChange.KEEP,
        "Refuse8": LedgerChange.CLEAR,
        "Uncertain9": LedgerChange.KEEP,
    }


def send(verdict: verdicts.Verdict, job: Job = JOB) -> Settlement:
    """The settlement of a send."""
    return after_send(job, verdict, AROUND)


def test_a_pause_is_not_an_attempt() -> None:
    """Pauses, quotas and credentials do not count (design section 9)."""
    settlement = send(verdicts.Pause(PauseCause.WAIT, WHY, 5.0), replace(JOB, trail=Trail(3)))
    assert (settlement.trail_of(JOB).attempts, settlement.pause is not None) == (3, True)


def test_passing_faults_fail_after_twenty_attempts() -> None:
    """And unknown codes after five."""
    last = replace(JOB, trail=Trail(MOST_ATTEMPTS - 1))
    assert send(verdicts.Reschedule(WHY, was_sent=True), last).state is State.FAILED
    unknown = verdicts.Reschedule(WHY, was_sent=True, is_known=False)
    assert send(unknown, replace(JOB, trail=Trail(3))).state is State.QUEUED
    assert send(unknown, replace(JOB, trail=Trail(4))).state is State.FAILED


def test_error_9_is_ours_on_a_resend() -> None:
    """First send: `duplicate`. Resend of ours: `done`, by way of filing."""
    verdict = verdicts.Duplicate("7", is_deleted=False, reason=WHY)
    assert send(verdict).state is State.DUPLICATE
    assert send(verdict, replace(JOB, trail=Trail(1))).state is State.FILING


def test_a_torn_upload_is_never_called_done() -> None:
    """Other bytes were sent than were fingerprinted: its photo is to be replaced."""
    torn = replace(JOB, sent_sha256="b" * 64)
    settlement = send(verdicts.Kept("7"), torn)
    assert (settlement.state, settlement.photo_id) == (State.QUEUED, "7")
    assert (settlement.is_torn, settlement.ledger) == (True, LedgerChange.TORN)
    assert settlement.reason is not None
    assert settlement.reason.code == "torn"


def test_absence_needs_five_looks_over_ten_minutes() -> None:
    """Neither many looks at once nor one look late is enough."""
    job = replace(JOB, state=State.UNCERTAIN, trail=Trail(doubt=Doubt.FULL, uncertain_since=NOW))
    early = replace(AROUND, now=NOW + 599)
    late = replace(AROUND, now=NOW + 600)
    assert after_look(with_trail(job, looks=8), None, early).state is State.UNCERTAIN
    assert after_look(with_trail(job, looks=3), None, late).state is State.UNCERTAIN
    absent = after_look(with_trail(job, looks=4), None, late)
    assert (absent.state, absent.ledger) == (State.QUEUED, LedgerChange.CLEAR)


def test_a_video_is_looked_up_for_six_hours() -> None:
    """It may be long in the making."""
    job = replace(
        JOB, state=State.UNCERTAIN, trail=Trail(doubt=Doubt.FULL, looks=9, uncertain_since=NOW),
        media_type="video/mp4",
    )  # fmt: skip
    assert after_look(job, None, replace(AROUND, now=NOW + 21_599)).state is State.UNCERTAIN
    assert after_look(job, None, replace(AROUND, now=NOW + 21_600)).state is State.QUEUED


def test_one_look_is_enough_after_a_plain_no() -> None:
    """The service said no after the whole body: one look, then the resend."""
    job = replace(JOB, state=State.UNCERTAIN, trail=Trail(doubt=Doubt.BRIEF, uncertain_since=NOW))
    assert after_look(job, None, AROUND).state is State.QUEUED
    assert after_look(job, Found("5"), AROUND).state is State.FILING


def test_a_pending_ticket_is_asked_for_ever_more_rarely() -> None:
    """Growing to an hour, and never resent."""
    job = replace(JOB, state=State.PROCESSING, ticket_id="1-2")
    lengths = []
    for polls in range(20):
        settlement = after_ticket(
            replace(job, trail=Trail(polls=polls)), TicketReply(TicketState.PENDING), AROUND
        )
        assert settlement.state is State.PROCESSING
        assert settlement.wait is not None
        lengths.append(settlement.wait.seconds)
    assert lengths == sorted(lengths)
    assert lengths[-1] == 3600


def test_a_failed_ticket_fails_the_job_the_third_time() -> None:
    """Sent again twice at most."""
    job = replace(JOB, state=State.PROCESSING, ticket_id="1-2")
    reply = TicketReply(TicketState.FAILED)
    assert (
        after_ticket(replace(job, trail=Trail(ticket_failures=1)), reply, AROUND).state
        is State.UNCERTAIN
    )
    assert (
        after_ticket(replace(job, trail=Trail(ticket_failures=2)), reply, AROUND).state
        is State.FAILED
    )
