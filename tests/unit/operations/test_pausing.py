"""Pauses by hand, and what a person may end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unit.operations.records import NOW, Records
from uploadd.model.configuration import ServiceName
from uploadd.model.errors import UsageError
from uploadd.model.pauses import PauseCause
from uploadd.operations.pausing import pause, resume
from uploadd.operations.show.status import holding
from uploadd.store.accounts import all_accounts
from uploadd.store.beside import writing


def standing(records: Records) -> list[PauseCause]:
    """What holds the account now."""
    with writing(records.configuration.state_dir) as db:
        return sorted(one.cause for one in holding(db, 1, NOW))


def test_a_pause_by_hand_has_no_end(records: Records) -> None:
    """It holds before the first run too."""
    paused = pause(records.configuration, "me", NOW)
    assert (paused.was_paused, paused.is_delivering) == (False, False)
    assert paused.pause.delay is None
    assert standing(records) == [PauseCause.HAND]
    assert records.account_id() == 1


def test_pausing_twice_is_pausing_once(records: Records) -> None:
    """It has begun when it began."""
    pause(records.configuration, "me", NOW)
    again = pause(records.configuration, "me", NOW + 50)
    assert again.was_paused
    assert again.pause.since == NOW


@pytest.mark.parametrize("command", [pause, resume])
def test_an_account_that_nobody_knows_is_refused(records: Records, command: object) -> None:
    """And no file is made."""
    with pytest.raises(UsageError, match="me"):
        command(records.configuration, "you", NOW)  # type: ignore[operator]
    assert not records.configuration.state_dir.exists()


def test_resuming_before_the_first_run_makes_no_file(records: Records) -> None:
    """There is nothing to end."""
    assert resume(records.configuration, "me", NOW).ended == ()
    assert not records.configuration.state_dir.exists()


def test_a_wait_of_the_services_is_kept(records: Records) -> None:
    """Everything else ends."""
    for cause in PauseCause:
        records.pause(cause)
    resumed = resume(records.configuration, "me", NOW)
    assert {one.cause for one in resumed.kept} == {PauseCause.WAIT, PauseCause.RATE}
    assert len(resumed.ended) == len(PauseCause) - 2
    assert standing(records) == [PauseCause.RATE, PauseCause.WAIT]


def test_a_wait_that_is_over_is_neither_ended_nor_kept(records: Records) -> None:
    """The account was not paused."""
    records.pause(PauseCause.WAIT, 60)
    resumed = resume(records.configuration, "me", NOW + 61)
    assert (resumed.ended, resumed.kept) == ((), ())


def test_the_host_is_that_of_the_accounts_service(records: Records) -> None:
    """A pause by hand goes to the very account that the daemon knows, on whichever service."""
    here = records.configuration.accounts["me"]
    account = replace(here, service=ServiceName.IPERNITY, base_url=None)
    configuration = replace(records.configuration, accounts={"me": account})
    pause(configuration, "me", 0.0)
    with writing(configuration.state_dir) as db:
        assert [row.identity for row in all_accounts(db)] == ["ipernity:ipernity.com:?me"]
