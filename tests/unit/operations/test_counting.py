"""Calls beside the deliverer: each is counted, and an answer ends the pause of what was away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from unit.operations.records import NOW, Records, account
from unit.operations.test_calling import Clock, Disk, Line, Town
from uploadd.delivery.logins import budget_of
from uploadd.model.budget import Purpose
from uploadd.model.errors import ServiceError, ServiceFaultError, ServiceRefusedError
from uploadd.model.limits import Quota
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.model.verdicts import Reason
from uploadd.operations.check.checking import check
from uploadd.operations.check.findings import Finding, Level
from uploadd.operations.questions import Limits, limits_of
from uploadd.services.base import Login
from uploadd.store import accounts, calls, pauses
from uploadd.store.beside import is_there, reading, writing

HOST = "flickr.com"


class Asked(Line):
    """A service that asks for a grant before each of its calls, as the real ones do."""

    tickets_per_call = 50
    finds_per_call = 0

    async def log_in(self) -> Login:
        await self.call("log in")
        return Login("me@N00", "me")

    async def may_upload(self) -> bool | None:
        await self.call("may upload")
        return True

    async def quota(self) -> Quota:
        await self.call("quota")
        return Quota()

    async def with_private_left(self, quota: Quota) -> Quota:
        await self.call("private")
        return quota


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A state directory in which uploadd has run before."""
    town = Town(Records(tmp_path))
    town.line = Asked()
    town.records.account_id()
    return town


def runtime(clock: Clock) -> Runtime:
    return Runtime(clock, Random(1), Disk())


async def checked(town: Town) -> list[Finding]:
    """What `uploadd check` finds of the account."""
    configuration = town.records.configuration
    found = check(configuration, runtime(town.clock), make_service=town.line.service)
    return [one async for one in found if one.subject == "accounts.me"]


async def limits(town: Town) -> Limits:
    """What `uploadd backfill --dry-run` is told of the account."""
    configuration = town.records.configuration
    found = await limits_of(configuration, ["me"], runtime(town.clock), town.line.service)
    return found["me"]


def use_up(town: Town) -> None:
    """The account has no call left in this hour."""
    town.has(replace(town.account, calls_per_hour=2))
    with writing(town.records.configuration.state_dir) as db:
        for at in (NOW - 3000, NOW - 600):
            calls.take(db, budget_of(town.account), 1, Purpose.CALL, at)


async def test_a_check_and_a_dry_run_are_counted(town: Town) -> None:
    """One by one, in the budget that the deliverer keeps to."""
    await checked(town)
    assert town.counted() == [NOW] * 4
    await limits(town)
    assert town.counted() == [NOW] * 6


async def test_calls_count_before_the_login_is_known(town: Town) -> None:
    """The account has no row yet: its key has a budget all the same."""
    town.has(account("new"))
    configuration = town.records.configuration
    await limits_of(configuration, ["new"], runtime(town.clock), town.line.service)
    town.has(replace(account("new"), name="me"))
    assert town.counted() == [NOW] * 2


async def test_an_account_that_moves_to_another_host_is_left_to_the_deliverer(town: Town) -> None:
    """Its calls count, and the name stays with what runs now."""
    town.line.host = "127.0.0.1:8080"  # type: ignore[misc]
    await limits(town)
    assert town.counted() == [NOW] * 2
    with reading(town.records.configuration.state_dir) as db:
        assert db is not None
        assert [(row.label, row.host) for row in accounts.all_accounts(db)] == [("me", HOST)]


async def test_without_a_database_none_is_made(town: Town, tmp_path: Path) -> None:
    """Who only looks makes no file."""
    town.records.configuration = replace(town.records.configuration, state_dir=tmp_path / "none")
    assert (await limits(town)).quota == Quota()
    assert not is_there(tmp_path / "none")


async def test_a_check_without_a_call_left_asks_nothing(town: Town) -> None:
    """It is a warning: a run waits by itself."""
    use_up(town)
    (found,) = [one for one in await checked(town) if one.level is not Level.OK]
    assert town.line.asked == []
    assert found.level is Level.WARNING
    assert "API calls are used up" in found.text
    assert "in 600 s" in found.text


async def test_a_dry_run_without_a_call_left_says_so(town: Town) -> None:
    """The limits are left out, and the rest stands."""
    use_up(town)
    found = await limits(town)
    assert (found.quota, town.line.asked) == (None, [])
    assert "used up" in found.unknown


@pytest.mark.parametrize("command", [checked, limits, Town.call])
async def test_an_answer_ends_the_pause_of_a_service_that_was_away(
    town: Town, command: Any
) -> None:
    """For every account on that host; what a person or the service has set stands."""
    for cause in (PauseCause.AWAY, PauseCause.FULL, PauseCause.HAND, PauseCause.BREAKER):
        town.records.pause(cause)
    town.records.pause(PauseCause.AWAY, name="other")
    await command(town)
    assert {one.cause for one in town.pauses() if one.is_ended} == {PauseCause.AWAY}
    with reading(town.records.configuration.state_dir) as db:
        assert db is not None
        (others,) = pauses.of_account(db, 2)
    assert others.is_ended


@pytest.mark.parametrize(
    ("error", "is_answer"),
    [
        (ServiceRefusedError(Reason("98", "the login is refused")), True),
        (ServiceFaultError(Reason("http-502", "a fault")), False),
    ],
)
async def test_a_refusal_is_an_answer_and_a_fault_is_none(
    town: Town, error: ServiceError, is_answer: bool
) -> None:
    """Who refuses a login is there; who cannot be read may be something else."""
    town.records.pause(PauseCause.AWAY)
    town.line.error = error
    await checked(town)
    assert [one.is_ended for one in town.pauses()] == [is_answer]


async def test_a_grant_is_for_the_same_hour(town: Town) -> None:
    """Calls that a person makes by name and those of a check share the budget."""
    town.has(replace(town.account, calls_per_hour=5))
    await checked(town)
    await town.call()
    assert town.counted() == [NOW] * 5
    assert (await limits(town)).unknown
