"""What stands around a service in a test: a clock, bodies in memory, and two witnesses."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Protocol

import httpx

from uploadd.model.budget import Purpose
from uploadd.services.authorising import Authoriser
from uploadd.services.base import Service


class Tally(Protocol):
    """What the witnesses write down: requests, sends, leave that was given, and what was told."""

    granted: list[Purpose]
    asked: int
    bodies: int
    sends: int
    told: list[str]


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
    is_closed: bool = False

    @property
    def size(self) -> int:
        return len(self.content)

    async def chunks(self) -> AsyncIterator[bytes]:
        half = len(self.content) // 2
        try:
            yield self.content[:half]
            if self.trouble:
                raise self.trouble
            yield self.content[half:]
        finally:
            self.is_closed = True


class Refusing(httpx.AsyncBaseTransport):
    """Nobody listens."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)


class Counted(httpx.AsyncBaseTransport):
    """Counts requests on their way, and lets none pass that nobody gave leave for."""

    def __init__(self, inner: httpx.AsyncBaseTransport, tally: Tally) -> None:
        self._inner = inner
        self._tally = tally
        self.is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("content-type", "").startswith("multipart/"):
            self._tally.bodies += 1
            assert self._tally.bodies <= self._tally.sends, "a body was sent twice"
        else:
            self._tally.asked += 1
            assert self._tally.asked <= len(self._tally.granted), "a request without leave"
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        self.is_closed = True


class Witness:
    """A client whose every outcome is noted, to be searched for secrets.

    But for the address that a login begins with: a person opens it, and the service wants its key.
    """

    def __init__(self, service: Service | Authoriser, tally: Tally) -> None:
        self._service = service
        self._tally = tally

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def noted(*args: Any, **kwargs: Any) -> Any:
            if name in ("send", "replace"):
                self._tally.sends += 1
            try:
                outcome = await found(*args, **kwargs)
            except Exception as error:
                self._tally.told += [f"{one!r} {one} {vars(one)}" for one in chain_of(error)]
                raise
            if name == "begin":
                return outcome
            told = asdict(outcome) if is_dataclass(outcome) else outcome
            self._tally.told.append(f"{outcome!r} {told!r}")
            return outcome

        return noted

    def __repr__(self) -> str:
        return repr(self._service)


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """An error and everything that it came of, as a traceback would show it."""
    yield error
    for before in (error.__cause__, error.__context__):
        if before is not None:
            yield from chain_of(before)
