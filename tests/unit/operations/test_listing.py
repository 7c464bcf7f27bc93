"""The list of jobs and its filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from unit.operations.records import NOW, Records
from uploadd.model.configuration import Folder
from uploadd.model.errors import UsageError
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.operations.show.listing import Wanted, listing


def names(records: Records, *states: State, **wanted: Any) -> list[str]:
    """The files of the jobs that fit."""
    with listing(records.configuration, Wanted(states, **wanted)) as found:
        return [one.job.name.decode() for one in found.jobs]


@pytest.fixture
def filled(records: Records) -> Records:
    """Three jobs of one account, one of another."""
    records.add("a.jpg")
    records.done("b.jpg")
    records.failed("c.jpg")
    records.add("d.jpg", account="you")
    return records


def test_without_a_filter_all_are_listed_newest_first(filled: Records) -> None:
    """Whatever their account."""
    assert names(filled) == ["d.jpg", "c.jpg", "b.jpg", "a.jpg"]
    assert names(filled, most=2) == ["d.jpg", "c.jpg"]
    assert names(filled, most=0) == []


def test_filters_are_combined(filled: Records) -> None:
    """Several states are one wish; account and code narrow it."""
    assert names(filled, State.DONE, State.FAILED) == ["c.jpg", "b.jpg"]
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


def test_each_job_has_its_account_and_its_path_from_the_folder(filled: Records) -> None:
    """By name; in JSON the path is whole."""
    with listing(filled.configuration, Wanted()) as found:
        jobs = list(found.jobs)
    assert [one.account for one in jobs] == ["you", "me", "me", "me"]
    assert jobs[0].relative == b"d.jpg"
    assert jobs[0].as_json()["account"] == "you"
    assert jobs[0].as_json()["path"] == str(filled.path("d.jpg"))


def test_a_path_outside_of_the_configured_folders_is_whole(filled: Records) -> None:
    """A folder that was moved or left out since says nothing of where the file is."""
    folders = filled.configuration.folders
    folders["camera"] = replace(folders["camera"], path=filled.photos / "below")
    with listing(filled.configuration, Wanted(most=1)) as found:
        assert [one.relative for one in found.jobs] == [bytes(filled.path("d.jpg"))]


def test_a_folder_chooses(filled: Records) -> None:
    """Also one that left the configuration; one that nobody knows is refused."""
    assert len(names(filled, folder="camera")) == 4
    filled.configuration.folders["empty"] = Folder("empty", filled.photos / "x", ("me",))
    assert names(filled, folder="empty") == []
    del filled.configuration.folders["camera"]
    assert len(names(filled, folder="camera")) == 4
    with pytest.raises(UsageError, match="empty"):
        names(filled, folder="nothing")


def test_a_time_chooses_what_moved_since(filled: Records) -> None:
    """By the last move, not by when the file was seen."""
    filled.add("e.jpg", at=NOW + 100)
    assert names(filled, since=NOW + 50) == ["e.jpg"]


def test_jobs_are_summed_by_reason(filled: Records) -> None:
    """All that fit, however few are listed; the largest number first."""
    filled.failed("e.jpg", Reason("5", "another text", ""))
    with listing(filled.configuration, Wanted(most=1), with_sums=True) as found:
        sums = [(one.sum.jobs, one.sum.state, one.sum.code, one.account) for one in found.sums]
        (same,) = [one.sum.is_same for one in found.sums if one.sum.code]
    assert sums == [
        (2, State.FAILED, "5", "me"),
        (1, State.DONE, "", "me"),
        (1, State.QUEUED, "", "me"),
        (1, State.QUEUED, "", "you"),
    ]
    assert not same
