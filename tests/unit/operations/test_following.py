"""When a replacement only waits, and when its login is refused for good."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from unit.operations.records import NOW, Records
from uploadd.model.delays import Delay
from uploadd.model.jobs import Job
from uploadd.model.pauses import ActivePause, PauseCause
from uploadd.model.states import State
from uploadd.operations.replace.following import Look


@pytest.fixture
def job(records: Records) -> Job:
    return records.add("a.jpg")


def look(job: Job, *causes: PauseCause, since: float = NOW - 100, **fields: Any) -> Look:
    """The job with pauses that began at `since`."""
    delay = Delay(since, 3600.0)
    pauses = tuple(ActivePause(1, cause, "c", "t", "r", since, delay, 1) for cause in causes)
    return Look(job, (), pauses, fields.get("call_in", 0.0), NOW, 1.0)


@pytest.mark.parametrize("state", [State.PROCESSING, State.UNCERTAIN, State.FILING])
def test_a_question_that_waits_for_the_budget_is_a_wait(job: Job, state: State) -> None:
    """A send that is under way is not."""
    asked_about = replace(job, state=state)
    assert look(asked_about, call_in=1800.0).only_waits
    assert not look(asked_about).only_waits
    assert not look(replace(job, state=State.UPLOADING), call_in=1800.0).only_waits


@pytest.mark.parametrize("cause", [PauseCause.CREDENTIALS, PauseCause.AWAY, PauseCause.FULL])
def test_a_pause_of_an_earlier_run_is_tried_first(job: Job, cause: PauseCause) -> None:
    """Until then it proves nothing; one without a call left for that does."""
    assert look(job, cause).is_undecided(are_probed=False)
    assert not look(job, cause).is_undecided(are_probed=True)
    assert not look(job, cause, call_in=60.0).is_undecided(are_probed=False)
    assert not look(job, PauseCause.HAND).is_undecided(are_probed=False)


def test_beside_a_deliverer_a_fresh_refusal_is_left_a_moment(job: Job) -> None:
    """It is tried at once, and who looks on only sees the pause."""
    fresh = look(job, PauseCause.CREDENTIALS, since=NOW - 1)
    assert fresh.is_undecided(are_probed=None)
    assert not fresh.is_refused(are_probed=None)
    assert look(job, PauseCause.CREDENTIALS).is_refused(are_probed=None)
