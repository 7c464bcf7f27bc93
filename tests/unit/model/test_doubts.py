"""Outcomes that nobody knows: what looks show, and what is done where they can show nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from uploadd.model.doubts import Found, after_look, after_unanswered_look, is_perhaps_torn
from uploadd.model.jobs import FileMark, Job, Kind, Lane
from uploadd.model.look_ups import gap_before
from uploadd.model.settlement import LedgerChange, Settlement, Surroundings
from uploadd.model.states import MOVES, State
from uploadd.model.trail import Doubt, Trail
from uploadd.model.verdicts import Reason

NOW = 1_700_000_000.0
REFUSED = Reason("999", "flickr.photos.search: refused")
WITH_DEDUP = Surroundings(now=NOW, random=Random(1), patience=1.0, has_dedup_check=True)
WITHOUT = replace(WITH_DEDUP, has_dedup_check=False)
JOB = Job(
    id=1, account_id=1, folder="", root=b"/r", directory=b"/r", name=b"p.jpg", kind=Kind.UPLOAD,
    lane=Lane.BACKFILL, state=State.UNCERTAIN, sha256="a" * 64, media_type="image/jpeg", size=9,
    mtime_ns=1, inode=1, device=1, wait=None, ticket_id=None, photo_id=None,
    trail=Trail(1, doubt=Doubt.FULL, uncertain_since=NOW), sent_sha256=None,
    is_forced=False, reason=Reason("network", "no reply"), created_at=NOW, updated_at=NOW,
)  # fmt: skip


def with_trail(job: Job, **changes: Any) -> Job:
    """The job, having been through something else."""
    return replace(job, trail=replace(job.trail, **changes))


def refused_until_it_ends(job: Job, around: Surroundings) -> tuple[Settlement, float, int]:
    """Every look is refused, each at its time. Returns the end, how long it took, how many."""
    around = replace(around, now=NOW + gap_before(0, around.window(job)))
    for looks in range(1, 100):
        settlement = after_unanswered_look(job, REFUSED, around)
        if settlement.state is not State.UNCERTAIN:
            return settlement, around.now - NOW, looks
        assert settlement.wait is not None
        assert settlement.wait.seconds > 0
        around = replace(around, now=settlement.wait.end)
        job = replace(job, trail=settlement.trail_of(job))
    raise AssertionError("it is looked up for ever")


def test_a_search_that_is_refused_for_good_ends_with_a_person() -> None:
    """Nothing can show whether it arrived: no resend, and the `maybe` stands."""
    settlement, seconds, looks = refused_until_it_ends(JOB, WITHOUT)
    assert (settlement.state, settlement.ledger) == (State.FAILED, LedgerChange.KEEP)
    assert settlement.trail_of(JOB).doubt is Doubt.FULL
    assert (seconds, looks) == (pytest.approx(1800.0), 5)
    assert settlement.reason is not None
    assert settlement.reason.code == "unknown-outcome"
    assert "uploadd retry --force" in settlement.reason.remedy


def test_where_the_service_dedups_it_takes_the_place_of_the_search() -> None:
    """After the whole window, as ever."""
    settlement, seconds, _ = refused_until_it_ends(JOB, WITH_DEDUP)
    assert (settlement.state, settlement.ledger) == (State.QUEUED, LedgerChange.CLEAR)
    assert seconds == pytest.approx(600.0)


def test_a_forced_send_has_no_dedup_to_fall_back_on() -> None:
    """`retry --force` asks for none."""
    settlement, _, _ = refused_until_it_ends(replace(JOB, is_forced=True), WITH_DEDUP)
    assert settlement.state is State.FAILED


def test_a_plain_no_that_cannot_be_looked_up_waits_for_the_whole_window() -> None:
    """One refused look is no look."""
    settlement, seconds, _ = refused_until_it_ends(with_trail(JOB, doubt=Doubt.BRIEF), WITH_DEDUP)
    assert (settlement.state, seconds) == (State.QUEUED, pytest.approx(600.0))


@pytest.mark.parametrize("doubt", [Doubt.BRIEF, Doubt.FULL])
@pytest.mark.parametrize(("around", "is_forced"), [(WITHOUT, False), (WITH_DEDUP, True)])
def test_an_account_without_look_ups_and_dedup_asks_a_person_at_once(
    doubt: Doubt, around: Surroundings, is_forced: bool
) -> None:
    """Waiting would show nothing."""
    job = replace(with_trail(JOB, doubt=doubt), is_forced=is_forced)
    settlement = after_unanswered_look(job, None, around)
    assert (settlement.state, settlement.ledger) == (State.FAILED, LedgerChange.KEEP)


def test_one_answer_among_refusals_does_not_hide_that_the_search_works() -> None:
    """Answered looks alone prove absence; refused ones never do."""
    late = replace(WITHOUT, now=NOW + 3600)
    job = with_trail(JOB, looks=4, unanswered=4)
    assert after_look(job, None, late).state is State.QUEUED
    assert after_look(with_trail(job, looks=3), None, late).state is State.UNCERTAIN
    assert after_unanswered_look(job, REFUSED, late).state is State.FAILED
    assert after_unanswered_look(with_trail(job, unanswered=3), REFUSED, late).state is (
        State.UNCERTAIN
    )


# --- torn across a crash ----------------------------------------------------------------------

SENT_AS = FileMark(9, 1, 1)


@pytest.mark.parametrize(
    ("sent_as", "file_now", "is_torn"),
    [
        (SENT_AS, SENT_AS, False),
        (SENT_AS, None, False),  # it merely vanished
        (SENT_AS, FileMark(10, 1, 1), True),
        (SENT_AS, FileMark(9, 2, 1), True),
        (SENT_AS, FileMark(9, 1, 2), True),
        (None, FileMark(10, 2, 2), False),  # the process that sent it compared the hashes
    ],
)
def test_what_nobody_saw_being_sent_may_be_torn(
    sent_as: FileMark | None, file_now: FileMark | None, is_torn: bool
) -> None:
    """Where the file is not what it was when the send began."""
    assert is_perhaps_torn(replace(JOB, sent_as=sent_as), file_now) is is_torn


def test_a_perhaps_torn_photo_is_never_called_done() -> None:
    """It is told honestly, the `maybe` stands with the photo's id, and a person looks."""
    job = replace(JOB, sent_as=SENT_AS)
    for around in (WITH_DEDUP, WITHOUT):
        settlement = after_look(job, Found("7", FileMark(9, 2, 1)), around)
        assert (settlement.state, settlement.photo_id) == (State.FAILED, "7")
        assert settlement.ledger is LedgerChange.MIXED
        assert settlement.reason is not None
        assert settlement.reason.code == "torn"
        assert "or a mixture" in settlement.reason.text
    assert after_look(job, Found("7", SENT_AS), WITHOUT).state is State.FILING


def test_another_file_does_not_trust_a_doubted_photo() -> None:
    """The service compares where it can, else a person does."""
    doubted = Found("7", FileMark(9, 1, 1), is_doubted=True)
    assert after_look(JOB, doubted, WITH_DEDUP).state is State.QUEUED
    assert after_look(JOB, doubted, WITHOUT).state is State.FAILED


def test_every_end_is_a_legal_move() -> None:
    """The decision and the state machine agree."""
    for kind in Kind:
        job = replace(JOB, kind=kind, photo_id="7", is_mending=True, sent_as=SENT_AS)
        for found in (Found("7"), Found("8"), Found("7", FileMark(1, 2, 3)), None):
            for around in (WITH_DEDUP, replace(WITHOUT, now=NOW + 9999)):
                settlement = after_look(with_trail(job, looks=9), found, around)
                is_legal = (State.UNCERTAIN, settlement.state) in MOVES
                assert is_legal or settlement.state is State.UNCERTAIN
