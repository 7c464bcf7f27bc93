"""Several uploadd processes on one state directory and one clock: each can be killed or stopped.

A party that is killed does not run any further: its clock, disk, store and network never answer
again, and the system takes back its lock and its files. One that hangs keeps them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from simulation.virtual import VirtualClock, VirtualLoop
from simulation.world import JPEG, LONG_AGO, World
from uploadd.daemon import Stop, serve
from uploadd.files.mount_news import no_news
from uploadd.model.errors import UploaddError
from uploadd.model.ports import Runtime
from uploadd.operations.backfill.endings import Finished
from uploadd.operations.backfill.news import News, Turn
from uploadd.operations.backfill.relay import Relay
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.sandbox import SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.sd_notify import Notifier
from uploadd.services.base import Service
from uploadd.services.registry import open_service

MOST_SECONDS = 7200.0
GRAVES: list[asyncio.Task[Any]] = []
"""Taken apart, a coroutine would run its `finally`: a dead process does no such thing."""


@dataclass
class Party:
    """One process. `dies_at`: the number of the step that kills it."""

    dies_at: int | None = None
    steps: list[str] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    is_dead: bool = False
    _runs: asyncio.Event = field(default_factory=asyncio.Event)
    _held: list[Any] = field(default_factory=list)
    _backlog: list[Callable[[], None]] = field(default_factory=list)
    task: asyncio.Task[Any] | None = None

    def __post_init__(self) -> None:
        self._runs.set()

    @property
    def turns(self) -> list[Turn]:
        """What it has told, in short."""
        return [one.turn for one in self.news]

    async def running(self) -> None:
        """Return while the party runs; later where it hangs, never where it is dead."""
        while not self._runs.is_set():
            await self._runs.wait()

    async def step(self, name: str) -> None:
        """It is about to leave a mark outside of its memory."""
        await self.running()
        self._count(name)
        await self.running()

    def kill(self) -> None:
        """SIGKILL."""
        self.is_dead = True
        self._runs.clear()
        for one in self._held:
            with suppress(Exception):
                one.release() if hasattr(one, "release") else one.close()

    def hang(self) -> None:
        """It stops working, and keeps its lock."""
        self._runs.clear()

    def wake(self) -> None:
        """It works again."""
        self._runs.set()
        backlog, self._backlog = self._backlog, []
        for work in backlog:
            work()

    def hold(self, found: Any) -> None:
        """Note what the system takes back from a process that is no more."""
        for one in found if isinstance(found, tuple) else (found,):
            if hasattr(one, "close") or hasattr(one, "release"):
                self._held.append(one)

    def submit(self, work: Callable[[], None], /) -> None:
        """Run the store's work: each group is two steps, before its commit and after it."""
        asyncio.get_running_loop().call_soon(self._work, work)

    def shutdown(self) -> None:
        """Nothing runs beside the loop."""

    def _work(self, work: Callable[[], None]) -> None:
        if self._runs.is_set():
            self._count("before a commit")
        if not self._runs.is_set():
            self._backlog.append(work)
            return
        work()
        self._count("after a commit")

    def _count(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self.dies_at:
            self.kill()


class _Clock(VirtualClock):
    def __init__(self, party: Party, shared: VirtualClock) -> None:
        super().__init__()
        self._party = party
        self.skew = shared.skew

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await self._party.running()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        is_set = await super().wait(event, seconds)
        await self._party.running()
        return is_set


class _Disk:
    def __init__(self, party: Party) -> None:
        self._party = party

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        name = getattr(work, "__name__", "work")
        await self._party.step(f"before {name}")
        found = work(*args, **kwargs)
        self._party.hold(found)
        await self._party.step(f"after {name}")
        return found


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, party: Party, inner: httpx.AsyncBaseTransport) -> None:
        self._party = party
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._party.running()
        response = await self._inner.handle_async_request(request)
        await self._party.running()
        return response


class Together(World):
    """A world with a directory `extra` outside of the folder, and any number of parties."""

    def __init__(self, directory: Path, options: SandboxOptions | None = None, seed: int = 0):
        super().__init__(directory, options, seed)
        self.extra = directory / "extra"
        self.extra.mkdir()
        self._shared = VirtualClock()

    def add_extra(self, count: int) -> None:
        """Photos that only a backfill takes in."""
        for number in range(count):
            path = self.extra / f"x{number}.jpg"
            path.write_bytes(JPEG + self.dice.randbytes(200))
            os.utime(path, (LONG_AGO, LONG_AGO))

    def daemon(self, party: Party, stop: Stop | None = None) -> Party:
        """Start `uploadd run`."""
        work = serve(
            self.configuration(),
            self._runtime(party),
            Notifier(None),
            stop or Stop(),
            make_service=self._service(party),
            make_worker=lambda: party,
            open_news=no_news,
        )
        return _start(party, work)

    def backfill_of(
        self,
        party: Party,
        *,
        stop: asyncio.Event | None = None,
        no_wait: bool = False,
        account: str | None = None,
        folder: str | None = None,
    ) -> Party:
        """Start `uploadd backfill` of the directory `extra`."""
        configuration = self.configuration()
        relay = Relay(
            configuration,
            self._runtime(party),
            wanted_trees(configuration, [str(self.extra)], account, folder),
            no_wait=no_wait,
            stop=stop or asyncio.Event(),
            show=lambda _snapshot: None,
            tell=party.news.append,
            make_service=self._service(party),
            make_worker=lambda: party,
            look_seconds=1.0,
        )
        return _start(party, relay.run())

    def play(self, scene: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run a scene on virtual time; parties that still run at its end are dropped."""
        loop = VirtualLoop()
        loop.set_exception_handler(lambda *_: None)
        before, sys.unraisablehook = sys.unraisablehook, lambda *_: None
        try:
            return loop.run_until_complete(self._played(scene))
        finally:
            for task in asyncio.all_tasks(loop):
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                GRAVES.append(task)
            loop.close()
            sys.unraisablehook = before

    async def _played(self, scene: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        self._parties: list[Party] = []
        try:
            return await scene()
        finally:
            self.now()
            for party in self._parties:
                party.kill()

    def _runtime(self, party: Party) -> Runtime:
        self._parties.append(party)
        return Runtime(clock=_Clock(party, self._shared), random=Random(1), disk=_Disk(party))

    def _service(self, party: Party) -> Callable[..., Service]:
        def make(account: Any, runtime: Any, grant: Any) -> Service:
            inner = InProcessTransport(self.app)
            return open_service(account, runtime, grant, transport=_Transport(party, inner))

        return make


def _start(party: Party, work: Coroutine[Any, Any, Any]) -> Party:
    party.task = asyncio.ensure_future(work)
    return party


async def ended(party: Party) -> Finished:
    """What a party has come to. Raises what it has raised."""
    assert party.task is not None
    finished: Finished = await asyncio.wait_for(party.task, MOST_SECONDS)
    return finished


async def failure(party: Party) -> UploaddError:
    """The error that ended a party."""
    assert party.task is not None
    try:
        await asyncio.wait_for(party.task, MOST_SECONDS)
    except UploaddError as error:
        return error
    raise AssertionError("it did not fail")


async def until(is_true: Callable[[], bool], seconds: float = 3600.0) -> None:
    """Return as soon as `is_true`; fail after so many virtual seconds."""
    end = asyncio.get_running_loop().time() + seconds
    while not is_true():
        assert asyncio.get_running_loop().time() < end, "it never came true"
        await asyncio.sleep(0.2)


__all__ = ["Party", "Together", "ended", "failure", "until"]
