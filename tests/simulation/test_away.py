"""A service that cannot be reached for a while: knocked at often, and everything goes on after."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from simulation.test_codes import fault_of
from simulation.test_folder import live, nothing, steps
from simulation.world import World
from uploadd.delivery import deliverer
from uploadd.model.configuration import WatchMode
from uploadd.model.pauses import ActivePause, PauseCause
from uploadd.model.states import State
from uploadd.model.verdicts import Pause, Reason
from uploadd.sandbox import SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.store import pauses

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

HOUR = 3600.0
LONGEST = 125.0  # two minutes, and the time in which a turn is made


class Cable(httpx.AsyncBaseTransport):
    """The way to the sandbox, which can be cut: then no connection stands."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._inner = InProcessTransport(world.app)
        self.is_cut = False
        self.knocks: list[float] = []

    def cut(self) -> None:
        self.is_cut = True

    def mend(self) -> None:
        self.is_cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            self.knocks.append(self._world.now())
            raise httpx.ConnectError("no route to host", request=request)
        return await self._inner.handle_async_request(request)


class Outpost:
    """A polled folder at the end of a cable."""

    def __init__(self, directory: Path, options: SandboxOptions | None = None) -> None:
        self.world = World(directory, options)
        self.world.folder = replace(self.world.folder, watch=WatchMode.POLL, poll_seconds=600.0)
        self.world.transport = self.cable = Cable(self.world)

    def add(self, count: int) -> None:
        for number in range(count):
            self.world.add(f"p{number}.jpg")

    def pauses(self) -> dict[PauseCause, ActivePause]:
        """Those that hold now."""
        with closing(self.world.database()) as db:
            held = [one for one in pauses.of_account(db, 1) if one.holds(self.world.now())]
        return {one.cause: one for one in held}

    def pause(self, cause: PauseCause, seconds: float) -> None:
        """From an earlier run."""
        with closing(self.world.database()) as db, db.conn:
            pause = Pause(cause, Reason(str(cause), "it was so"), seconds)
            pauses.begin(db, 1, pause, self.world.now(), 1.0)

    def live(self, *each: tuple[float, Callable[[], None]]) -> None:
        live(self.world, steps(*each))


@pytest.fixture
def outpost(tmp_path: Path) -> Outpost:
    return Outpost(tmp_path)


def test_knocks_stay_two_minutes_apart(outpost: Outpost) -> None:
    """Six hours without a line: no attempt is counted, and two minutes after it all is well."""
    outpost.add(8)
    outpost.cable.cut()
    outpost.live((6 * HOUR, outpost.cable.mend), (LONGEST, nothing))
    between = [later - sooner for sooner, later in pairwise(outpost.cable.knocks)]
    assert max(between) <= LONGEST
    assert len(outpost.cable.knocks) <= 6 * HOUR / 110
    assert outpost.world.states() == {"done": 8}
    assert {job.trail.attempts for job in outpost.world.jobs()} == {1}


def test_the_advice_is_to_do_nothing(outpost: Outpost) -> None:
    """It is an ordinary outage: it ends by itself."""
    outpost.add(1)
    outpost.cable.cut()
    outpost.live((HOUR, nothing))
    away = outpost.pauses()[PauseCause.AWAY]
    assert away.remedy.startswith("nothing to do: it is tried again by itself")
    assert away.code == "network"


def test_the_same_advice_where_a_send_meets_it(outpost: Outpost) -> None:
    """The line is cut between two photos."""
    outpost.live((60, outpost.cable.cut), (1, lambda: outpost.add(3)), (2 * HOUR, nothing))
    assert outpost.pauses()[PauseCause.AWAY].remedy.startswith("nothing to do")
    outpost.cable.mend()
    outpost.live((HOUR, nothing))
    assert outpost.world.states() == {"done": 3}


def test_an_ill_service_that_cannot_be_reached_either(tmp_path: Path) -> None:
    """The breaker's probe is an hour away by then; it is made when the line stands again."""
    outpost = Outpost(tmp_path, SandboxOptions(faults=(fault_of("105", rate=1.0),)))
    outpost.add(30)
    outpost.live((HOUR, nothing))
    assert set(outpost.pauses()) == {PauseCause.BREAKER}
    outpost.cable.cut()
    outpost.world.sandbox.faults.clear()
    outpost.live((12 * HOUR, outpost.cable.mend), (3 * LONGEST, nothing))
    between = [later - sooner for sooner, later in pairwise(outpost.cable.knocks)]
    assert max(between) <= LONGEST
    assert outpost.pauses() == {}


@pytest.mark.parametrize("cause", [PauseCause.CREDENTIALS, PauseCause.CLOCK, PauseCause.FULL])
def test_what_could_not_be_tried_is_tried_when_it_can_be(tmp_path: Path, cause: PauseCause) -> None:
    """At the start the line is not up yet: the pause waits for it, not for its next turn."""
    outpost = Outpost(tmp_path, SandboxOptions(max_items=1000))
    outpost.add(2)
    outpost.live((60, nothing))
    outpost.pause(cause, 20 * HOUR)
    outpost.world.add("new.jpg")
    outpost.cable.cut()
    outpost.live((2 * HOUR, outpost.cable.mend), (LONGEST, nothing))
    assert outpost.pauses() == {}
    assert outpost.world.states() == {"done": 3}


def test_an_answer_to_another_process_ends_it(
    outpost: Outpost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`uploadd check` was answered: the daemon goes on at once."""
    monkeypatch.setattr(deliverer, "LISTEN_SECONDS", 0.5)
    outpost.add(2)

    def answered() -> None:
        assert outpost.world.uploads() == []
        outpost.cable.mend()
        with closing(outpost.world.database()) as db, db.conn:
            pauses.end_away(db, 1)

    outpost.cable.cut()
    outpost.live((HOUR - 30, nothing), (1, answered), (10, nothing))
    assert {job.state for job in outpost.world.jobs()} <= {State.PROCESSING, State.DONE}
    assert len(outpost.world.uploads()) == 2
