"""When a ticket is asked for again, and what a named wait does to that."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploadd.model.delays import Delay
from uploadd.model.jobs import Job, Kind, Lane
from uploadd.model.outcomes import after_ticket
from uploadd.model.settlement import Surroundings
from uploadd.model.states import State
from uploadd.model.tickets import (
    MOST_ETA_SECONDS,
    TicketReply,
    TicketState,
    named_wait,
    poll_delay,
)
from uploadd.model.trail import Trail

NOW = 1_700_000_000.0
AROUND = Surroundings(now=NOW, random=Random(1), patience=1.0, has_dedup_check=False)
JOB = Job(
    id=1, account_id=1, folder="", root=b"/r", directory=b"/r", name=b"p.jpg", kind=Kind.UPLOAD,
    lane=Lane.LIVE, state=State.PROCESSING, sha256="a" * 64, media_type="image/jpeg", size=9,
    mtime_ns=1, inode=1, device=1, wait=Delay(NOW - 2, 2.0), ticket_id="6-7",
    photo_id=None, trail=Trail(1),
    sent_sha256=None, is_forced=False, reason=None, created_at=NOW, updated_at=NOW,
)  # fmt: skip


def pending(eta_seconds: float | None) -> TicketReply:
    """Not done yet, and perhaps for how long not."""
    return TicketReply(TicketState.PENDING, eta_seconds=eta_seconds)


@pytest.mark.parametrize(
    ("eta_seconds", "seconds"),
    [
        (None, 0.0),
        (0.0, 0.0),
        (-5.0, 0.0),
        (float("nan"), 0.0),
        (120.0, 120.0),
        (MOST_ETA_SECONDS, MOST_ETA_SECONDS),
        (1e18, MOST_ETA_SECONDS),
        (float("inf"), MOST_ETA_SECONDS),
    ],
)
def test_a_named_wait_is_kept_within_reason(eta_seconds: float | None, seconds: float) -> None:
    """Zero, none and nonsense are no wait; a day is enough of anything."""
    assert named_wait(eta_seconds) == seconds


@pytest.mark.parametrize("patience", [0.001, 1.0, 3.0])
def test_a_ticket_is_never_asked_for_before_its_eta(patience: float) -> None:
    """Patience touches our own delays, not what a service named."""
    settled = after_ticket(JOB, pending(120.0), replace(AROUND, patience=patience))
    assert settled.state is State.PROCESSING
    assert settled.wait == Delay(NOW, 120.0)
    assert settled.trail_of(JOB).polls == 1


def test_an_eta_that_is_shorter_than_our_own_delay_changes_nothing() -> None:
    """At least as long as was named."""
    job = replace(JOB, trail=Trail(1, polls=9))
    own = poll_delay(Lane.LIVE, 10)
    assert after_ticket(job, pending(5.0), AROUND).wait == Delay(NOW, own)
    assert after_ticket(job, pending(None), AROUND).wait == Delay(NOW, own)


@given(eta=st.one_of(st.none(), st.floats()), polls=st.integers(0, 10_000))
def test_whatever_is_named_the_wait_is_finite_and_above_zero(eta: float | None, polls: int) -> None:
    """A service that names nonsense is neither pestered nor forgotten."""
    wait = after_ticket(replace(JOB, trail=Trail(1, polls)), pending(eta), AROUND).wait
    assert wait is not None
    assert 0 < wait.seconds <= MOST_ETA_SECONDS


def test_a_replacement_that_became_another_document_says_so_and_stops() -> None:
    """The id that comes back is compared with the one that was asked for."""
    job = replace(JOB, kind=Kind.REPLACE, photo_id="77")
    other = after_ticket(job, TicketReply(TicketState.COMPLETE, "78"), AROUND)
    assert (other.state, other.reason and other.reason.code) == (State.FAILED, "replaced-other")
    same = after_ticket(job, TicketReply(TicketState.COMPLETE, "77"), AROUND)
    assert (same.state, same.reason) == (State.FILING, None)


@pytest.mark.parametrize("eta", [0.5, 7.0, 14.9])
def test_while_others_are_on_their_way_tickets_fall_due_together(eta: float) -> None:
    """Never before the time that was named, and in a backfill only: who waits for one is served."""
    ends = set()
    for second in range(10):
        around = replace(AROUND, now=NOW + second)
        job = replace(JOB, lane=Lane.BACKFILL)
        wait = after_ticket(job, pending(eta), around, gathers=True).wait
        assert wait is not None
        assert wait.seconds >= eta
        ends.add(round(wait.end, 3))
        live = after_ticket(replace(job, lane=Lane.LIVE), pending(eta), around, gathers=True)
        assert live.wait == after_ticket(job, pending(eta), around).wait
    assert len(ends) <= 3
