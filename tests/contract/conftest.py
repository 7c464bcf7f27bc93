"""A stand for each service: the service's client on one side, its sandbox on the other."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import httpx
import pytest

from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.sandbox import Credentials, Fault, Sandbox, SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.base import Parcel, Service
from uploadd.services.flickr import Flickr

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"


class Clock:
    """One clock for both sides; sleeping moves it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def boot(self) -> str:
        return "test"

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        raise AssertionError("a service waits for no event")


class InlineDisk:
    """Runs disk work at once."""

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return work(*args, **kwargs)


@dataclass
class MemoryBody:
    """A file in memory; `trouble` is raised in its middle."""

    content: bytes
    trouble: Exception | None = None

    @property
    def size(self) -> int:
        return len(self.content)

    async def chunks(self) -> AsyncIterator[bytes]:
        half = len(self.content) // 2
        yield self.content[:half]
        if self.trouble:
            raise self.trouble
        yield self.content[half:]


class Refusing(httpx.AsyncBaseTransport):
    """Nobody listens."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)


class FlickrStand:
    """Flickr's client against the sandbox, in one process and on one clock."""

    passing_codes = (3, 105, 106, 201)
    refusing_codes = (1, 2, 4, 5, 8, 10, 11, 12, 13, 15, 93, 116)
    credential_codes = (95, 96, 97, 98, 99, 100)
    full_code = 6
    unknown_code = 4711

    def __init__(self) -> None:
        self.clock = Clock()
        options = SandboxOptions(use_threads=False)
        app = build_app(options, now=self.clock.wall, sleep=self.clock.sleep)
        self.sandbox: Sandbox = app.state.sandbox
        self.transport: httpx.AsyncBaseTransport = InProcessTransport(app)
        self.granted: list[Purpose] = []
        self._runtime = Runtime(self.clock, Random(5), InlineDisk())
        self._opened: list[Service] = []

    def service(self, transport: httpx.AsyncBaseTransport | None = None, **changes: Any) -> Service:
        """A client of the sandbox's account; `changes` are settings of the account."""
        known = Credentials()
        account = Account(
            "me",
            api_key=Secret(known.api_key),
            api_secret=Secret(known.api_secret),
            token=Secret(known.token),
            token_secret=Secret(known.token_secret),
            base_url="https://sandbox.test",
        )
        flickr = Flickr(
            replace(account, **changes),
            self._runtime,
            self._grant,
            transport=transport or self.transport,
        )
        self._opened.append(flickr)
        return flickr

    def script(self, kind: Any, code: int = 0, where: str = "upload", **more: Any) -> None:
        """Let such calls go wrong in this way from now on: every one, or the `first` ones."""
        more.setdefault("rate", 0.0 if "first" in more else 1.0)
        self.sandbox.faults.add(Fault(kind, code=code, where=where, **more))

    def kept(self) -> list[str]:
        """The contents that the service has, as SHA-256."""
        return [photo.sha256 for photo in self.sandbox.photos if photo.is_on_account]

    async def aclose(self) -> None:
        """Close every client, and see that none of them broke a rule."""
        for service in self._opened:
            await service.aclose()
        assert self.sandbox.journal.violations() == []

    async def _grant(self, purpose: Purpose) -> None:
        self.granted.append(purpose)


@pytest.fixture(params=[FlickrStand], ids=["flickr"])
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[FlickrStand]:
    """One service's stand. Every service passes every test of this suite."""
    made: FlickrStand = request.param()
    yield made
    await made.aclose()


@pytest.fixture
def parcel() -> Parcel:
    """A photo of some hundred kilobytes, with everything told about it."""
    content = JPEG + Random(3).randbytes(300_000)
    return Parcel(
        stem='Été "1"',
        extension=".jpg",
        media_type="image/jpeg",
        sha256=hashlib.sha256(content).hexdigest(),
        body=MemoryBody(content),
        title="Été à la mer ☃ & <b>",
        description="two\nlines",
        tags=("blue sky", "from:camera", "ns:pred=a b"),
        is_public=0,
        is_friend=1,
        is_family=0,
        safety_level=1,
        content_type=2,
        hidden=2,
    )


@pytest.fixture
def memory_body() -> type[MemoryBody]:
    """Makes a body of bytes."""
    return MemoryBody


@pytest.fixture
def refusing() -> Refusing:
    """A transport to where nobody listens."""
    return Refusing()
