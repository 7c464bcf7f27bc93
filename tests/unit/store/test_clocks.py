"""A wall clock that is set while waits are stored: each stays as long as it was meant to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from uploadd.model.budget import Budget, Purpose
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause, Reason
from uploadd.store import accounts, calls, clocks, overview, pauses
from uploadd.store.connection import open_database

NOW = 1_700_000_000.0
OFFSET = NOW - 5000.0
WAIT = Pause(PauseCause.WAIT, Reason("14", "wait"), 60.0)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database whose account waits for a minute, by a clock that is remembered."""
    opened = open_database(tmp_path)
    accounts.bind(opened, "me", "flickr", "flickr.com", "digest")
    clocks.keep_waits(opened, "this boot", OFFSET, NOW)
    pauses.begin(opened, 1, WAIT, NOW, 1.0)
    yield opened
    opened.close()


def remaining(db: Database, now: float) -> float:
    """What is left of the pause."""
    (pause,) = pauses.of_account(db, 1)
    assert pause.delay is not None
    return pause.delay.remaining(now)


@pytest.mark.parametrize("step", [-90_000.0, -3.0, 3.0, 90_000.0])
def test_a_step_is_taken_out_of_every_wait(db: Database, step: float) -> None:
    """Ten seconds have passed, whatever the wall clock says."""
    assert clocks.keep_waits(db, "this boot", OFFSET + step, NOW + 10 + step) == step
    assert remaining(db, NOW + 10 + step) == 50.0


@pytest.mark.parametrize("step", [-90_000.0, -3.0, 3.0, 90_000.0])
def test_a_wait_that_was_stored_after_the_step_is_not_cut_short(db: Database, step: float) -> None:
    """Its begin is by the new clock already: taken out of it, the step would end it at once."""
    db.execute("DELETE FROM pauses")
    pauses.begin(db, 1, WAIT, NOW + 10 + step, 1.0)
    clocks.keep_waits(db, "this boot", OFFSET + step, NOW + 10.4 + step, unseen_seconds=0.5)
    assert 59.5 <= remaining(db, NOW + 10.4 + step) <= 60.0


def test_the_hour_of_calls_is_no_shorter_for_a_step(db: Database) -> None:
    """A clock that is put forward does not give the budget back."""
    only_one = Budget("key", 1)
    assert calls.take(db, only_one, 1, Purpose.CALL, NOW) == 0
    clocks.keep_waits(db, "this boot", OFFSET + 7200, NOW + 7200)
    assert calls.seconds_to_wait(db, only_one, Purpose.CALL, NOW + 7200) == 3600


def test_after_another_boot_no_wait_begins_in_the_future(db: Database) -> None:
    """The uptime counts anew, so that only this much is known."""
    assert clocks.keep_waits(db, "next boot", 17.0, NOW - 4000) == 0.0
    assert remaining(db, NOW - 4000) == 60.0


def test_what_ntp_does_all_day_is_no_step(db: Database) -> None:
    """A second more or less moves nothing."""
    assert clocks.keep_waits(db, "this boot", OFFSET + 1.5, NOW + 10) == 0.0
    assert remaining(db, NOW + 10) == 50.0


@pytest.mark.parametrize("text", ["", "[]", '["boot"]', '["boot", "x"]', "{", "7"])
def test_a_fact_that_makes_no_sense_is_forgotten(db: Database, text: str) -> None:
    """Somebody edited the database: nothing is moved by a guess."""
    overview.set_fact(db, clocks.FACT, text)
    assert clocks.keep_waits(db, "this boot", OFFSET + 500, NOW + 10) == 0.0
