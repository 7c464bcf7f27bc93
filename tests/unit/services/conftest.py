"""What the tests of the wire share: a clock and dice of their own, bodies in memory, a client."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import httpx
import pytest

from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.services.base import Parcel
from uploadd.services.flickr import Flickr
from uploadd.services.ipernity import Ipernity

NOW = 1_700_000_000.0


class Clock:
    """A clock that stands still; sleeping only notes for how long."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def wall(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return NOW

    def boot(self) -> str:
        return "test"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        raise AssertionError("the wire waits for no event")


class InlineDisk:
    """Runs disk work at once."""

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return work(*args, **kwargs)


@dataclass
class MemoryBody:
    """A body in memory, in pieces; `trouble` is raised after the last of them."""

    pieces: list[bytes]
    size: int = -1
    trouble: Exception | None = None
    is_closed: bool = False

    def __post_init__(self) -> None:
        if self.size < 0:
            self.size = sum(map(len, self.pieces))

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            for piece in self.pieces:
                yield piece
            if self.trouble:
                raise self.trouble
        finally:
            self.is_closed = True


@dataclass
class Desk:
    """A client and everything around it that a test may look at."""

    service: Flickr | Ipernity
    clock: Clock
    granted: list[Purpose] = field(default_factory=list)

    @property
    def flickr(self) -> Flickr:
        """The client, where it is Flickr's."""
        assert isinstance(self.service, Flickr)
        return self.service

    @property
    def ipernity(self) -> Ipernity:
        """The client, where it is ipernity's."""
        assert isinstance(self.service, Ipernity)
        return self.service


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def runtime(clock: Clock) -> Runtime:
    """Time and dice that the test owns."""
    return Runtime(clock, Random(1), InlineDisk())


@pytest.fixture
def account() -> Account:
    """An account with four distinct secrets."""
    return Account(
        "me",
        api_key=Secret("the-api-key-0001"),
        api_secret=Secret("the-api-secret-2"),
        token=Secret("the-token-000003"),
        token_secret=Secret("token-secret-004"),
    )


@pytest.fixture
def body() -> type[MemoryBody]:
    """Makes a body of pieces."""
    return MemoryBody


@pytest.fixture
def parcel() -> Parcel:
    """A small photo."""
    content = b"\xff\xd8\xff\xe0 a small photo"
    return Parcel(
        stem="IMG_0001",
        extension=".jpg",
        media_type="image/jpeg",
        sha256=hashlib.sha256(content).hexdigest(),
        body=MemoryBody([content]),
        title="A photo",
    )


OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_ipernity(open_desk: OpenDesk) -> Callable[..., Desk]:
    """`open_desk` for ipernity, whose accounts have no token secret."""

    def opened(handler: Any, **changes: Any) -> Desk:
        return open_desk(handler, Ipernity, **{"token_secret": Secret(""), **changes})

    return opened


@pytest.fixture
async def open_desk(account: Account, clock: Clock, runtime: Runtime) -> AsyncIterator[OpenDesk]:
    """Makes a client that speaks to a handler (or a transport); closes it in the end."""
    desks: list[Desk] = []

    def opened(handler: Any, make: type[Flickr | Ipernity] = Flickr, **changes: Any) -> Desk:
        granted: list[Purpose] = []

        async def grant(purpose: Purpose) -> None:
            granted.append(purpose)

        is_transport = isinstance(handler, httpx.AsyncBaseTransport)
        transport = handler if is_transport else httpx.MockTransport(handler)
        service = make(replace(account, **changes), runtime, grant, transport=transport)
        desks.append(Desk(service, clock, granted))
        return desks[-1]

    yield opened
    for desk in desks:
        await desk.service.aclose()
