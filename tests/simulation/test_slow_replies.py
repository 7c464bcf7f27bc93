"""Services whose replies do not end: what the daemon, and each command, makes of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulation.test_folder import live, nothing, steps
from simulation.virtual import run_virtual
from simulation.world import World
from uploadd.model.configuration import ServiceName
from uploadd.model.errors import ServiceError
from uploadd.model.states import State
from uploadd.operations.adopt import adopt
from uploadd.operations.auth.logging_in import log_in
from uploadd.operations.call.calling import Wish, call_method
from uploadd.operations.check.checking import check
from uploadd.operations.show.status import Status, status_of
from uploadd.sandbox import Fault
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.registry import open_authoriser, open_service
from uploadd.store import lock

BOTH = (ServiceName.FLICKR, ServiceName.IPERNITY)
HOUR = 3600.0
EPS = 2.0
TICKETS = {
    ServiceName.FLICKR: "flickr.photos.upload.checkTickets",
    ServiceName.IPERNITY: "upload.checkTickets",
}
METHODS = {ServiceName.FLICKR: "flickr.test.echo", ServiceName.IPERNITY: "test.echo"}
KINDS = ("slow-head", "drip")


@pytest.fixture(params=BOTH)
def world(tmp_path: Path, request: pytest.FixtureRequest) -> World:
    """A folder that goes to one account."""
    return World(tmp_path, services=(request.param,))


def state_at(world: World, seconds: float, *, kind: Any, where: str) -> list[State]:
    """The states of one photo's job just before and just after `seconds`."""
    found: list[State] = []

    def look() -> None:
        found.extend(job.state for job in world.jobs())

    world.sandbox.faults.add(Fault(kind, where=where, first=1))
    live(world, steps((seconds - EPS, look), (2 * EPS, look), (3 * HOUR, nothing)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_upload_is_uncertain_five_minutes_after_its_last_byte(world: World, kind: str) -> None:
    """As after a lost reply: it is looked up, found, and not sent a second time."""
    world.add("a.jpg")
    assert state_at(world, 300.0, kind=kind, where="upload") == [State.UPLOADING, State.UNCERTAIN]
    world.assert_each_once(1)
    assert world.states() == {"done": 1}
    assert len(world.uploads()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_is_given_up_after_a_minute(world: World, kind: str) -> None:
    """It is put again, and answered: the photo that waits for its ticket is done in the end."""
    world.add("a.jpg")
    method = TICKETS[world.account.service]
    assert state_at(world, 50.0, kind=kind, where=method) == [State.PROCESSING] * 2
    assert world.states() == {"done": 1}
    entries = [one for one in world.sandbox.journal if one.endpoint == method]
    assert entries[1].time - entries[0].time == pytest.approx(60.0, abs=10.0)


def test_another_account_goes_on_meanwhile(tmp_path: Path) -> None:
    """Every reply of one service takes for ever; the other one has the photos in a minute."""
    world = World(tmp_path, services=BOTH)
    for number in range(3):
        world.add(f"p{number}.jpg")
    world.sandbox.faults.add(Fault("drip", where="*", rate=1.0))
    live(world, steps((60, nothing)))
    states = Counter(str(job.state) for job in world.jobs_of(world.accounts[1]))
    assert states == {"done": 3}


def test_the_status_says_what_is_waited_for(world: World) -> None:
    """With the file's name and since when; and nothing any more when it has come."""
    world.add("IMG_1.jpg")
    world.sandbox.faults.add(Fault("drip", first=1))
    seen: list[Status] = []

    def look() -> None:
        with closing(world.database()) as db:
            lock.remember_holder(db, lock.Holder(1, "run", world.now() - HOUR))
        seen.append(status_of(world.configuration(), world.now()))

    live(world, steps((100, look), (HOUR, look)))
    (wait,) = seen[0].accounts[0].activity.waits
    assert (wait.what, wait.name) == ("upload", "IMG_1.jpg")
    assert 80 < seen[0].at - wait.since <= 100
    assert seen[1].accounts[0].activity.waits == ()


def within(seconds: float, work: Callable[[], Awaitable[Any]]) -> Any:
    """What comes of a command, a `ServiceError` too, which takes so long at most."""

    async def timed() -> Any:
        begun = asyncio.get_running_loop().time()
        try:
            found = await work()
        except ServiceError as error:
            found = error
        assert asyncio.get_running_loop().time() - begun <= seconds
        return found

    return run_virtual(timed())


def opener(world: World, opens: Any = open_service) -> Any:
    """Makes clients that speak to the sandbox in this process."""

    def made(account: Any, runtime: Any, grant: Any) -> Any:
        return opens(account, runtime, grant, transport=InProcessTransport(world.app))

    return made


@pytest.fixture
def slow(world: World, request: pytest.FixtureRequest) -> World:
    """A world in which every reply drips."""
    kind = getattr(request, "param", "drip")
    world.sandbox.faults.add(Fault(kind, where="*", rate=1.0))
    return world


@pytest.mark.parametrize("slow", KINDS, indirect=True)
def test_a_call_ends_after_a_minute(slow: World) -> None:
    """`uploadd call` says that the outcome is not known."""
    wish = Wish(METHODS[slow.account.service])
    calling = call_method(slow.configuration(), wish, slow.runtime, print, opener(slow))
    assert isinstance(within(60.5, lambda: calling), ServiceError)


def test_a_check_ends_after_a_minute(slow: World) -> None:
    """`uploadd check` goes on to its end, and says what did not answer."""

    async def checked() -> list[str]:
        found = check(slow.configuration(), slow.runtime, make_service=opener(slow))
        return [one.text async for one in found if one.level == "error"]

    (text,) = within(125.0, checked)
    assert "did not answer within 60 s" in text


def test_an_adoption_ends_after_its_tries(slow: World) -> None:
    """`uploadd adopt` asks three times."""
    make = opener(slow)
    adopting = adopt(slow.configuration(), "me", None, slow.runtime, lambda _: None, make)
    assert isinstance(within(3 * 60 + 10.0, lambda: adopting), ServiceError)


class Nobody:
    """A person who is never asked anything, because no address comes."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def test_a_login_ends_after_its_tries(slow: World) -> None:
    """`uploadd auth` asks three times for an address, which a login begins with."""
    make: Any = opener(slow, open_authoriser)
    person: Any = Nobody()
    logging_in = log_in(slow.configuration(), "me", slow.runtime, person, make_authoriser=make)
    assert isinstance(within(3 * 90 + 10.0, lambda: logging_in), ServiceError)
