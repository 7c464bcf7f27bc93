"""A mistake that one account brings out stays with it."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from simulation.virtual import VirtualClock, run_virtual
from uploadd.delivery.private_places import PrivatePlaces
from uploadd.delivery.shelter import MOST_REST_SECONDS, keep_running, sheltered
from uploadd.delivery.waits import Waits
from uploadd.model.configuration import Account, Configuration
from uploadd.model.errors import StoreError
from uploadd.model.limits import Quota
from uploadd.model.secret import Secret
from uploadd.model.states import IllegalMoveError, State

KEY = Secret("k")


def desk_of(name: str = "me", **more: Any) -> Any:
    """As much of a desk as is looked at."""
    runtime = SimpleNamespace(clock=VirtualClock())
    account = Account(name, api_key=KEY)
    return SimpleNamespace(account=account, runtime=runtime, patience=1.0, **more)


async def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    "error", [KeyError("x"), ValueError("x"), IllegalMoveError(State.DONE, State.QUEUED)]
)
async def test_what_nobody_foresaw_is_logged_whole(error: Exception) -> None:
    """With its traceback, and with the account that it belongs to."""
    with capture_logs() as lines:
        assert await sheltered(desk_of(), "tickets", lambda: _raise(error), None) is None
    (line,) = lines
    assert (line["event"], line["account"], line["exc_info"]) == ("loop.crashed", "me", True)


@pytest.mark.parametrize("error", [StoreError("x"), asyncio.CancelledError()])
async def test_what_everything_ends_for_passes(error: Any) -> None:
    """Nothing can be written down any more, or we are stopped."""
    with pytest.raises(type(error)):
        await sheltered(desk_of(), "tickets", lambda: _raise(error), None)


def test_a_loop_that_crashes_is_begun_again_after_growing_rests() -> None:
    """Up to a quarter of an hour; and it ends when it is told to."""
    begun: list[float] = []

    async def scenario() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        async def crash(_: asyncio.Event) -> None:
            begun.append(loop.time())
            if len(begun) == 14:
                ended.set()
            raise KeyError("x")

        await keep_running(desk_of(), crash, "probe", ended)

    with capture_logs():
        run_virtual(scenario())
    rests = [round(later - sooner) for sooner, later in pairwise(begun)]
    assert rests[:4] == [5, 10, 20, 40]
    assert rests[-1] == MOST_REST_SECONDS


def test_a_loop_that_ends_by_itself_is_not_begun_again() -> None:
    """It was told to end."""
    begun: list[int] = []

    async def run(_: asyncio.Event) -> None:
        begun.append(1)

    run_virtual(keep_running(desk_of(), run, "probe", asyncio.Event()))
    assert begun == [1]


def test_one_account_s_private_places_are_nobody_else_s_trouble() -> None:
    """The one that brings out a mistake is not asked again; the others are told of."""
    asked: list[str] = []

    def desk(name: str, mistake: Exception | None) -> Any:
        async def counting(quota: Quota) -> Quota:
            asked.append(name)
            if mistake:
                raise mistake
            return quota

        async def nothing(*_: Any) -> Any:
            return {}

        made = desk_of(
            name,
            room=SimpleNamespace(was_asked=True, quota=Quota(private_most=50)),
            service=SimpleNamespace(with_private_left=counting),
            store=SimpleNamespace(read=nothing),
            stopped=lambda: _value(frozenset()),
            private_kept=0,
            id=1,
        )
        made.waits = Waits(made.runtime.clock)
        return made

    desks = [desk("sick", KeyError("x")), desk("well", None)]
    configuration = Configuration(
        state_dir=Path(), accounts={one.account.name: one.account for one in desks}
    )
    places = PrivatePlaces(configuration, desks, lambda: True)
    with capture_logs() as lines:
        run_virtual(places.run(asyncio.Event(), VirtualClock()))
    assert asked == ["sick", "well"]
    assert [line["account"] for line in lines if line["event"] == "loop.crashed"] == ["sick"]


async def _value(value: Any) -> Any:
    return value
