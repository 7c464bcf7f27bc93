"""The list of jobs and its filters."""

from __future__ import annotations

import pytest

from unit.operations.records import Records
from uploadd.model.errors import UsageError
from uploadd.model.states import State
from uploadd.operations.show.listing import listing


def names(
    records: Records, *states: State, account: str | None = None, code: str = ""
) -> list[str]:
    """The files of the jobs that fit."""
    found = listing(records.configuration, states, account, code)
    return [one.job.name.decode() for one in found]


@pytest.fixture
def filled(records: Records) -> Records:
    """Three jobs of one account, one of another."""
    records.add("a.jpg")
    records.done("b.jpg")
    records.failed("c.jpg")
    records.add("d.jpg", account="you")
    return records


def test_without_a_filter_all_are_listed_oldest_first(filled: Records) -> None:
    """Whatever their account."""
    assert names(filled) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def test_filters_are_combined(filled: Records) -> None:
    """Several states are one wish; account and code narrow it."""
    assert names(filled, State.DONE, State.FAILED) == ["b.jpg", "c.jpg"]
    assert names(filled, State.QUEUED, account="me") == ["a.jpg"]
    assert names(filled, code="5") == ["c.jpg"]
    assert names(filled, State.DONE, code="5") == []


def test_an_account_that_left_the_configuration_is_still_found(filled: Records) -> None:
    """Its jobs are there, so it has a name."""
    assert "you" not in filled.configuration.accounts
    assert names(filled, account="you") == ["d.jpg"]


def test_an_account_that_nobody_knows_is_refused(filled: Records) -> None:
    """With the names that there are."""
    with pytest.raises(UsageError, match="me"):
        names(filled, account="nobody")


def test_before_the_first_run_there_are_no_jobs(records: Records) -> None:
    """A configured account without a row has none; a name that is wrong is refused all the same."""
    assert names(records) == names(records, account="me") == []
    with pytest.raises(UsageError):
        names(records, account="nobody")
    records.account_id("you")
    assert names(records, account="me") == []


def test_each_job_has_its_account(filled: Records) -> None:
    """By name."""
    found = list(listing(filled.configuration, (), None, ""))
    assert [one.account for one in found] == ["me", "me", "me", "you"]
    assert found[0].as_json()["account"] == "me"
