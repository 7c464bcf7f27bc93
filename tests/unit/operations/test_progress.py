"""What is left, how long it takes, and what was done today and this week."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from unit.operations.records import NOW, Records
from uploadd.model.estimates import Pace, Rate, seconds_left
from uploadd.model.states import State
from uploadd.operations.show.progress import (
    Progress,
    begin_of_day,
    begin_of_week,
    progress_of,
)
from uploadd.store import overview
from uploadd.store.beside import reading


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone whose days have 23 or 25 hours twice a year."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def progress(records: Records, now: float, running_since: float | None = None) -> Progress:
    """How far the account is."""
    account_id = records.account_id()
    with reading(records.configuration.state_dir) as db:
        assert db is not None
        account = records.configuration.accounts["me"]
        totals = overview.totals_of_account(db, account_id)
        return progress_of(db, account, account_id, totals, running_since, now)


@pytest.mark.parametrize(
    ("files", "size_bytes", "rate", "pace", "seconds"),
    [
        (0, 0, Rate(0, 0, 60), Pace(), 0.0),
        (5, 100, Rate(0, 0, 60), Pace(), None),
        (10, 1000, Rate(5, 500, 60), Pace(), 120.0),
        (10, 5000, Rate(5, 500, 60), Pace(), 600.0),  # the files that are left are larger
        (10, 100, Rate(5, 500, 60), Pace(), 120.0),  # small files take their time, too
        (10, 1000, Rate(5, 500, 60), Pace(bytes_per_second=1), 1000.0),
        (7200, 7200, Rate(60, 60, 1), Pace(calls_per_hour=1000), 28800.0),
    ],
)
def test_time_left_is_told_by_the_rate_and_by_what_is_set(
    files: int, size_bytes: int, rate: Rate, pace: Pace, seconds: float | None
) -> None:
    """The slowest of them tells."""
    assert seconds_left(files, size_bytes, rate, pace) == seconds


def test_what_is_left_is_what_is_not_sent_yet(records: Records) -> None:
    """The share is of what is, or is to be, on the account."""
    records.done("a.jpg", "1")
    sending = records.begin(records.add("b.jpg"))
    waiting = records.add("c.jpg")
    records.failed("d.jpg")
    found = progress(records, NOW)
    assert (found.files_left, found.bytes_left) == (2, sending.size + waiting.size)
    assert found.share == pytest.approx(1 / 3)
    assert (found.rate, found.seconds_left) == (None, None)


def test_the_rate_is_of_the_last_quarter_of_an_hour(records: Records) -> None:
    """And of no earlier deliverer; a few seconds tell nothing."""
    done = records.done("a.jpg", "1")
    records.add("b.jpg")
    found = progress(records, NOW + 100, NOW - 100)
    assert found.rate == Rate(1, done.size, 200)
    assert found.seconds_left == pytest.approx(200)
    assert progress(records, NOW + 1000, NOW - 100).rate is None
    assert progress(records, NOW + 100, NOW + 50).rate is None
    assert progress(records, NOW + 5, NOW - 1).rate is None


def test_where_nothing_is_left_no_time_is_needed(records: Records) -> None:
    """Whether anything runs or not."""
    records.done("a.jpg", "1")
    assert progress(records, NOW).as_json() == {
        "bytes_left": 0, "seconds_left": 0, "done_today": 1, "done_week": 1,
    }  # fmt: skip


@pytest.mark.usefixtures("berlin")
def test_days_and_weeks_begin_at_midnight_here() -> None:
    """Also where the clock was set between then and now."""
    sunday = datetime(2026, 3, 29, 12).timestamp()  # noqa: DTZ001 - the time of here
    assert sunday - begin_of_day(sunday) == 11 * 3600
    assert sunday - begin_of_week(sunday) == (6 * 24 + 11) * 3600
    monday = datetime(2026, 3, 30).timestamp()  # noqa: DTZ001
    assert begin_of_week(monday) == begin_of_day(monday) == monday


@pytest.mark.usefixtures("berlin")
def test_what_was_done_is_counted_by_day_and_week(records: Records) -> None:
    """NOW is a Tuesday evening."""
    records.done("a.jpg", "1")
    day = 86400.0
    counts = [
        (found.done_today, found.done_week)
        for found in (progress(records, NOW + days * day) for days in (0, 1, 5, 6))
    ]
    assert counts == [(1, 1), (0, 1), (0, 1), (0, 0)]
    assert records.job(1).state is State.DONE
