"""Whatever a network layer raises, at whatever call: uploads come out right, and nothing ends."""

from __future__ import annotations

import binascii
import socket
import ssl
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import anyio
import h11
import httpx
import pytest
from structlog.testing import capture_logs

from simulation.test_folder import live, nothing, steps
from simulation.world import World
from uploadd.model.configuration import Account, ServiceName
from uploadd.sandbox import Fault
from uploadd.sandbox.inprocess import InProcessTransport

KINDS: tuple[type[Exception], ...] = (
    *(httpx.ReadError, httpx.ConnectError, httpx.DecodingError, httpx.StreamClosed),
    *(ssl.SSLError, ssl.SSLZeroReturnError, OSError, ConnectionResetError, socket.gaierror),
    *(anyio.BrokenResourceError, anyio.EndOfStream, h11.RemoteProtocolError, zlib.error),
    *(ValueError, UnicodeError, LookupError, RuntimeError, RecursionError, MemoryError),
    *(AssertionError, AttributeError, TypeError, TimeoutError, binascii.Error, EOFError),
)
MOMENTS = ("before", "after", "reply")
BOTH = (ServiceName.FLICKR, ServiceName.IPERNITY)
PATHS = ("/services/", "/api/")
CRASHES = ("loop.crashed", "job.crashed", "reply.unread")
HOUR = 3600.0

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")


class Unsteady(httpx.AsyncBaseTransport):
    """Raises something at two requests of five: before them, after them, or in their replies.

    `path`: what is in the addresses of the one account that it does so to.
    """

    def __init__(self, world: World, seed: int, path: str) -> None:
        self._inner = InProcessTransport(world.app)
        self._dice = Random(seed)
        self._path = path
        self._is_calm = False
        self.raised: Counter[str] = Counter()

    def calm(self) -> None:
        """From now on all goes well."""
        self._is_calm = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, or fail at a drawn moment."""
        is_spared = self._is_calm or self._path not in str(request.url)
        if is_spared or self._dice.random() < 0.6:
            return await self._inner.handle_async_request(request)
        kind, moment = self._dice.choice(KINDS), self._dice.choice(MOMENTS)
        self.raised[moment] += 1
        if moment == "before":
            raise kind(self._path)
        response = await self._inner.handle_async_request(request)
        if moment == "after":
            raise kind(self._path)
        return httpx.Response(response.status_code, stream=_Torn(kind))


class _Torn(httpx.AsyncByteStream):
    def __init__(self, kind: type[Exception]) -> None:
        self._kind = kind

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"stat'
        raise self._kind("torn")


class Mistaken:
    """A client with a mistake in it: the first calls of a method end in what nobody foresaw."""

    def __init__(self, service: Any, method: str, times: int) -> None:
        self._service = service
        self._method = method
        self._left = times

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if name != self._method:
            return found

        async def mistaken(*arguments: Any, **more: Any) -> Any:
            self._left -= 1
            if self._left >= 0:
                raise KeyError(name)
            return await found(*arguments, **more)

        return mistaken


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A folder that goes to an account on each service."""
    made = World(tmp_path, services=BOTH)
    for number in range(4):
        made.add(f"p{number}.jpg")
    return made


def assert_all_there(world: World, account: Account) -> None:
    """Each photo once on this account, and every job knows it."""
    assert sorted(world.kept(account).values()) == [1] * 4
    assert Counter(str(job.state) for job in world.jobs_of(account)) == {"done": 4}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("sick", [0, 1], ids=["flickr", "ipernity"])
def test_whatever_the_wire_raises_uploads_come_out_right(
    world: World, sick: int, seed: int
) -> None:
    """Nothing ends, nothing is lost or doubled, and the other account does not hear of it."""
    world.set_accounts(dedup_check=1)
    world.transport = unsteady = Unsteady(world, seed, PATHS[sick])
    with capture_logs() as lines:
        live(world, steps((HOUR, unsteady.calm), (3 * HOUR, nothing)))
    assert unsteady.raised.total() > 0
    for account in world.accounts:
        assert_all_there(world, account)
    assert [line for line in lines if line["event"] in CRASHES] == []


METHODS = {
    0: ("log_in", "quota", "send", "check_tickets", "look_up"),
    1: ("log_in", "quota", "send", "check_tickets", "find", "has_photo"),
}
BEFORE_A_SEND = ("find",)
CASES = [(sick, method) for sick, methods in METHODS.items() for method in methods]


@pytest.mark.parametrize(("sick", "method"), CASES)
def test_a_mistake_of_ours_ends_neither_the_process_nor_another_account(
    world: World, sick: int, method: str
) -> None:
    """It is logged whole; the account's loop rests and goes on."""
    sick_service = BOTH[sick]

    def around(service: Any) -> Any:
        is_sick = type(service).__name__.lower() == sick_service
        return Mistaken(service, method, 2) if is_sick else service

    world.around_service = around
    world.sandbox_of(world.accounts[sick]).faults.add(Fault("lose-reply", first=1))
    with capture_logs() as lines:
        live(world, steps((4 * HOUR, nothing)))
    assert_all_there(world, world.accounts[1 - sick])
    states = Counter(str(job.state) for job in world.jobs_of(world.accounts[sick]))
    assert set(world.kept(world.accounts[sick]).values()) <= {1}
    if method in BEFORE_A_SEND:  # then it is the file's trouble, and a person's
        assert states == {"done": 2, "failed": 2}
    else:
        assert states == {"done": 4}
    crashes = [line for line in lines if line["event"] in CRASHES]
    assert {line["account"] for line in crashes} == {world.accounts[sick].name}
    assert len(crashes) == 2
