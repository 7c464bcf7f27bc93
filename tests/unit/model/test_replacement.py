"""Replacements as pure decisions: what each verdict does to the job and to the ledger."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from uploadd.model import verdicts
from uploadd.model.jobs import Job, Kind, Lane
from uploadd.model.outcomes import after_send, after_ticket, uncertain
from uploadd.model.pauses import PauseCause
from uploadd.model.replacement import MOST_TORN, after_doubt
from uploadd.model.settlement import MOST_ATTEMPTS, LedgerChange, Surroundings
from uploadd.model.states import MOVES, State
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.model.trail import Trail
from uploadd.model.verdicts import Reason

NOW = 1_700_000_000.0
WHY = Reason("x", "something happened", "do something")
AROUND = Surroundings(now=NOW, random=Random(1), patience=1.0, has_dedup_check=True)
JOB = Job(
    id=1, account_id=1, folder="", root=b"/r", directory=b"/r", name=b"p.jpg", kind=Kind.REPLACE,
    lane=Lane.BACKFILL, state=State.UPLOADING, sha256="a" * 64, media_type="image/jpeg", size=9,
    mtime_ns=1, inode=1, device=1, wait=None, ticket_id=None, photo_id="7",
    sent_sha256=None,
    is_forced=False, reason=None, created_at=NOW, updated_at=NOW,
)  # fmt: skip
MENDING = replace(JOB, is_mending=True)
ALL_VERDICTS = [
    verdicts.Kept("7"),
    verdicts.Kept("8"),
    verdicts.Ticketed("1-2"),
    verdicts.Duplicate("7", is_deleted=False, reason=WHY),
    verdicts.Duplicate("8", is_deleted=False, reason=WHY),
    verdicts.Duplicate("8", is_deleted=True, reason=WHY),
    verdicts.Reschedule(WHY, was_sent=True),
    verdicts.Reschedule(WHY, was_sent=False),
    verdicts.Pause(PauseCause.FULL, WHY),
    verdicts.Pause(PauseCause.RATE, WHY),
    verdicts.Refuse(WHY),
    verdicts.Uncertain(WHY),
]


@pytest.mark.parametrize("job", [JOB, MENDING, replace(MENDING, sent_sha256="b" * 64)])
@pytest.mark.parametrize("attempts", [0, 4, 19])
@pytest.mark.parametrize("verdict", ALL_VERDICTS)
def test_every_verdict_makes_a_legal_move(
    job: Job, attempts: int, verdict: verdicts.Verdict
) -> None:
    """The decision and the state machine agree."""
    settlement = after_send(replace(job, trail=Trail(attempts)), verdict, AROUND)
    assert (State.UPLOADING, settlement.state) in MOVES


def test_only_a_no_puts_the_old_content_back() -> None:
    """And where an earlier send may have arrived, not even a no does."""
    ledgers = [after_send(JOB, verdict, AROUND).ledger for verdict in ALL_VERDICTS]
    keep, clear = LedgerChange.KEEP, LedgerChange.CLEAR
    there, elsewhere = LedgerChange.THERE, LedgerChange.ELSEWHERE
    assert ledgers == [
        there, elsewhere, keep, there, elsewhere, clear, keep, clear, clear, keep, clear, keep
    ]  # fmt: skip
    doubted = replace(JOB, trail=Trail(uncertain_since=NOW - 50))
    for verdict in ALL_VERDICTS:
        settlement = after_send(doubted, verdict, AROUND)
        assert settlement.ledger is not clear
        if settlement.state in (State.QUEUED, State.UNCERTAIN, State.PROCESSING):
            assert settlement.trail_of(doubted).uncertain_since == NOW - 50


def test_an_unknown_outcome_is_sent_again_and_limited() -> None:
    """Never looked up by its tag, told, and a person's after the last attempt."""
    settlement = uncertain(JOB, WHY, AROUND)
    assert (settlement.state, settlement.trail_of(JOB).attempts) == (State.UNCERTAIN, 1)
    waited = replace(JOB, state=State.UNCERTAIN, trail=Trail(1, uncertain_since=NOW), reason=WHY)
    again = after_doubt(waited)
    assert (again.state, again.ledger) == (State.QUEUED, LedgerChange.KEEP)
    assert again.trail_of(waited) == Trail(1, uncertain_since=NOW)
    assert again.reason is not None
    assert "harmless" in again.reason.text
    last = uncertain(replace(JOB, trail=Trail(MOST_ATTEMPTS - 1)), WHY, AROUND)
    assert (last.state, last.ledger) == (State.FAILED, LedgerChange.KEEP)
    assert last.reason is not None
    assert last.reason.code == "unknown-outcome"


def test_a_mending_that_is_refused_names_the_photo_and_the_services_words() -> None:
    """And says what a person does."""
    settlement = after_send(
        MENDING, verdicts.Refuse(Reason("1", "not Pro (Flickr error 1)")), AROUND
    )
    assert settlement.state is State.FAILED
    assert settlement.reason is not None
    assert settlement.reason.code == "torn"
    assert "photo 7" in settlement.reason.text
    assert "not Pro (Flickr error 1)" in settlement.reason.text
    assert "delete photo 7" in settlement.reason.remedy
    plain = after_send(JOB, verdicts.Refuse(WHY), AROUND)
    assert plain.reason == WHY


def test_a_content_that_is_there_elsewhere_is_not_doubled() -> None:
    """Both photos are named."""
    verdict = verdicts.Duplicate("8", is_deleted=False, reason=WHY)
    settlement = after_send(MENDING, verdict, AROUND)
    assert (settlement.state, settlement.there_as) == (State.FAILED, "8")
    assert settlement.reason is not None
    assert settlement.reason.code == "torn"
    assert "photo 7" in settlement.reason.text
    assert "photo 8" in settlement.reason.text


def test_another_photo_than_the_one_asked_for_is_told() -> None:
    """`replaced-other`: the service made a second one."""
    job = replace(JOB, state=State.PROCESSING, ticket_id="1-2")
    settlement = after_ticket(job, TicketReply(TicketState.COMPLETE, "8"), AROUND)
    assert (settlement.state, settlement.there_as) == (State.FAILED, "8")
    assert settlement.reason is not None
    assert settlement.reason.code == "replaced-other"


def test_a_file_that_changes_under_every_send_ends_with_a_person() -> None:
    """A torn replacement is mended, too, but not for ever."""
    torn = replace(JOB, sent_sha256="b" * 64)
    settlement = after_send(torn, verdicts.Kept("7"), AROUND)
    assert (settlement.state, settlement.is_torn) == (State.QUEUED, True)
    last = after_send(replace(torn, trail=Trail(MOST_TORN - 1)), verdicts.Kept("7"), AROUND)
    assert (last.state, last.ledger) == (State.FAILED, LedgerChange.TORN)


def test_a_mending_that_comes_to_nothing_tells_of_the_mixture() -> None:
    """Whatever it was that stopped it; the service's own code stays."""
    faults = replace(MENDING, trail=Trail(MOST_ATTEMPTS - 1))
    settlement = after_send(faults, verdicts.Reschedule(WHY, was_sent=True), AROUND)
    assert settlement.state is State.FAILED
    assert settlement.reason is not None
    assert settlement.reason.code == "x"
    assert "photo 7" in settlement.reason.text
    job = replace(MENDING, state=State.PROCESSING, ticket_id="1-2", trail=Trail(ticket_failures=2))
    failed = after_ticket(job, TicketReply(TicketState.FAILED), AROUND)
    assert failed.reason is not None
    assert "photo 7" in failed.reason.text
