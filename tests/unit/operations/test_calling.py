"""One call by name beside whoever delivers: counted, paused, refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from unit.operations.records import NOW, Records, account
from uploadd.delivery.logins import budget_of
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.errors import (
    OutcomeUnknownError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.pauses import ActivePause, PauseCause
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.model.verdicts import Pause, Reason
from uploadd.operations.call.calling import Wish, call_method
from uploadd.services.base import Grant, Reply
from uploadd.store import pauses
from uploadd.store.beside import is_there, reading, writing

ECHO = Wish("flickr.test.echo", (("a", "1"),))
LIMIT = Pause(PauseCause.RATE, Reason("http-429", "too many requests"), 90.0)


class Clock:
    """Sleeping moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def boot(self) -> str:
        return "test"

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        raise AssertionError("a call waits for no event")


class Disk:
    """Runs disk work at once."""

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return work(*args, **kwargs)


@dataclass
class Asked:
    """What reached the service."""

    method: str
    fields: Sequence[tuple[str, str]]
    is_signed: bool
    as_xml: bool


@dataclass
class Line:
    """A service that notes each call, and answers it with `reply` or `error`."""

    reply: Reply = field(default_factory=lambda: {"stat": "ok"})
    error: ServiceError | None = None
    asked: list[Asked] = field(default_factory=list)
    closed: int = 0
    host = "flickr.com"
    grant: Grant | None = None

    def service(self, account: Account, runtime: Runtime, grant: Grant) -> Any:
        self.grant = grant
        return self

    async def call(
        self,
        method: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        is_signed: bool = True,
        as_xml: bool = False,
    ) -> Reply:
        assert self.grant is not None
        await self.grant(Purpose.CALL)
        self.asked.append(Asked(method, fields, is_signed, as_xml))
        if self.error:
            raise self.error
        return self.reply

    async def aclose(self) -> None:
        self.closed += 1


class Town:
    """A state directory, a clock, a service, and the command's work between them."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.line = Line()
        self.clock = Clock()
        self.told: list[float] = []

    @property
    def account(self) -> Account:
        return self.records.configuration.accounts["me"]

    def has(self, *accounts: Account) -> None:
        """These are configured now."""
        named = {one.name: one for one in accounts}
        self.records.configuration = replace(self.records.configuration, accounts=named)

    async def call(self, wish: Wish = ECHO) -> Reply:
        """Make the call."""
        runtime = Runtime(self.clock, Random(1), Disk())
        configuration = self.records.configuration
        return await call_method(configuration, wish, runtime, self.told.append, self.line.service)

    def counted(self) -> list[float]:
        """When calls were made that the deliverer knows of."""
        with reading(self.records.configuration.state_dir) as db:
            asked = "SELECT at FROM calls WHERE budget = ? AND at > ? ORDER BY at"
            of_hour = (budget_of(self.account).name, self.clock.now - 3600)
            return [at for (at,) in db.execute(asked, of_hour)] if db else []

    def pause(self) -> None:
        """The service wants no calls for 90 seconds."""
        account_id = self.records.account_id()
        with writing(self.records.configuration.state_dir) as db:
            pauses.begin(db, account_id, LIMIT, NOW, 1.0)

    def pauses(self) -> list[ActivePause]:
        """What stops the account."""
        account_id = self.records.account_id()
        with writing(self.records.configuration.state_dir) as db:
            return list(pauses.of_account(db, account_id))


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A state directory in which uploadd has run before."""
    town = Town(Records(tmp_path))
    town.records.account_id()
    return town


async def test_a_call_is_signed_and_counted(town: Town) -> None:
    """In the budget that the deliverer keeps to; the connections are closed."""
    assert await town.call() == {"stat": "ok"}
    assert town.line.asked == [Asked("flickr.test.echo", (("a", "1"),), True, False)]
    assert town.counted() == [NOW]
    assert town.line.closed == 1


async def test_without_a_state_directory_none_is_made(town: Town, tmp_path: Path) -> None:
    """There is nobody to count with."""
    elsewhere = tmp_path / "nowhere"
    configuration = replace(town.records.configuration, state_dir=elsewhere)
    town.records.configuration = configuration
    assert await town.call() == {"stat": "ok"}
    assert not is_there(elsewhere)
    assert not elsewhere.exists()


async def test_with_the_key_alone(town: Town) -> None:
    """Where it is asked for, and where there is no token; then the other secrets do not matter."""
    await town.call(replace(ECHO, is_unsigned=True))
    nothing = Secret("")
    town.has(account("me", token=nothing, token_secret=nothing, api_secret=nothing))
    await town.call(replace(ECHO, as_xml=True))
    assert [(one.is_signed, one.as_xml) for one in town.line.asked] == [
        (False, False),
        (False, True),
    ]


@pytest.mark.parametrize("missing", ["api_key", "api_secret", "token_secret"])
async def test_credentials_that_are_not_whole(town: Town, missing: str) -> None:
    """Said by name, and nothing is asked."""
    town.has(account("me", **{missing: Secret("")}))
    with pytest.raises(ServiceRefusedError, match=f"accounts.me.{missing}") as error:
        await town.call()
    assert error.value.pause is not None
    assert error.value.pause.cause is PauseCause.CREDENTIALS
    assert (town.line.asked, town.counted()) == ([], [])


async def test_the_only_account_need_not_be_named(town: Town) -> None:
    """Of several, one must be."""
    town.has(account("me"), account("you"))
    with pytest.raises(UsageError, match="say which with --account: me, you"):
        await town.call()
    await town.call(replace(ECHO, account="you"))
    with pytest.raises(UsageError, match="--account x is not an account; known are: me, you"):
        await town.call(replace(ECHO, account="x"))
    town.has()
    with pytest.raises(UsageError, match="no account is configured"):
        await town.call()
    assert len(town.line.asked) == 1


@pytest.mark.parametrize(
    "wish", [Wish("no method"), Wish("upload"), Wish("a.b", (("api_key", "x"),))]
)
async def test_what_cannot_be_called_is_not_counted(town: Town, wish: Wish) -> None:
    """Refused before anything else."""
    with pytest.raises(UsageError):
        await town.call(wish)
    assert (town.line.asked, town.counted()) == ([], [])


async def test_a_full_budget_is_waited_for(town: Town) -> None:
    """And said once."""
    town.has(replace(town.account, calls_per_hour=2))
    for _ in range(3):
        await town.call()
    assert town.clock.now == NOW + 3600
    assert town.told == [3600.0]
    assert town.counted() == [NOW + 3600]


async def test_a_wait_that_the_service_asked_for_is_obeyed(town: Town) -> None:
    """Nothing is asked while it lasts."""
    town.pause()
    with pytest.raises(ServiceRefusedError, match=r"the account is paused.*\(90 s left\)") as error:
        await town.call()
    assert error.value.pause is not None
    assert error.value.pause.cause is PauseCause.RATE
    assert town.line.asked == []
    town.clock.now += 91
    await town.call()


async def test_a_refused_wait_does_not_lengthen_it(town: Town) -> None:
    """The pause that stopped the call is not begun anew."""
    town.pause()
    town.clock.now += 60
    for _ in range(3):
        with pytest.raises(ServiceRefusedError):
            await town.call()
    (kept,) = town.pauses()
    assert (kept.since, kept.times) == (NOW, 1)


async def test_a_new_wait_holds_for_every_process(town: Town) -> None:
    """The deliverer finds it in the database."""
    town.line.error = ServiceRefusedError(LIMIT.reason, LIMIT)
    with pytest.raises(ServiceRefusedError, match="make the call again in 90 s"):
        await town.call()
    (kept,) = town.pauses()
    assert (kept.cause, kept.since) == (PauseCause.RATE, NOW)


async def test_refused_credentials_pause_nobody(town: Town) -> None:
    """A call by hand may be refused for its own sake, such as one that deletes."""
    reason = Reason("99", "may not")
    town.line.error = ServiceRefusedError(reason, Pause(PauseCause.CREDENTIALS, reason))
    with pytest.raises(ServiceRefusedError):
        await town.call()
    assert town.pauses() == []


async def test_a_lost_reply_is_told_and_not_tried_again(town: Town) -> None:
    """Once, counted once."""
    town.line.error = ServiceFaultError(Reason("network", "the connection broke"))
    with pytest.raises(OutcomeUnknownError, match="may have done its work"):
        await town.call()
    assert len(town.line.asked) == len(town.counted()) == 1
    assert town.line.closed == 1
