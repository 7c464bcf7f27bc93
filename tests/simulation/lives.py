"""One life of uploadd: it can be ended at any step, and from that instant nothing of it works.

A step is whatever can be told from outside: a commit before and after it happens, each piece of a
request and of its reply, each piece of disk work. A life that is ended is an abandoned loop: the
store, the disk and the transport refuse everything, so that no `finally` can do any good.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, NoReturn
from urllib.parse import parse_qs

import httpx

from simulation.virtual import VirtualClock, VirtualLoop
from uploadd.model.configuration import ServiceName
from uploadd.model.ports import Runtime
from uploadd.store.store import Store

Happening = Callable[[], None]


MOST_FINALLY_BLOCKS = 20
EVERY_CASE = bool(os.environ.get("EVERY_CASE"))


class Dead(BaseException):
    """Raised at every step of a life that is over."""


@dataclass
class Life:
    """From a start of uploadd to its end. `dies_at`: the number of the step that kills it."""

    dies_at: int | None = None
    happenings: dict[int, list[Happening]] = field(default_factory=dict)
    """What goes wrong in the world just before a step, by its number."""
    before: dict[str, Happening] = field(default_factory=dict)
    """What happens just before the first step of a name."""
    trace: list[str] = field(default_factory=list)
    is_over: bool = False
    held: list[Any] = field(default_factory=list)
    """What the system takes back from a process that is no more."""

    def step(self, name: str) -> None:
        """The program is about to do something that leaves a mark outside of its memory."""
        if self.is_over:
            raise Dead
        self.trace.append(name)
        number = len(self.trace)
        for happening in self.happenings.pop(number, ()):
            happening()
        if name in self.before:
            self.before.pop(name)()
        if number == self.dies_at:
            self.die()

    def die(self) -> NoReturn:
        """Now."""
        self.is_over = True
        asyncio.get_running_loop().stop()
        raise Dead

    def hold(self, found: Any) -> None:
        """Note a file, a database or a lock that was opened."""
        for one in found if isinstance(found, tuple) else (found,):
            if hasattr(one, "close") or hasattr(one, "release"):
                self.held.append(one)

    def bury(self) -> None:
        """Close what the system closes for a dead process: files, the database, the lock."""
        for one in self.held:
            with suppress(Exception):
                one.release(force=True) if hasattr(one, "release") else one.close()


class LifeWorker:
    """The store's worker: each commit is two steps, before it and after it.

    After it, nobody has heard of it yet: the callers' futures run in a later turn of the loop.
    """

    def __init__(self, life: Life) -> None:
        self._life = life

    def submit(self, work: Callable[[], None], /) -> None:
        asyncio.get_running_loop().call_soon(self._run, work)

    def shutdown(self) -> None:
        """Nothing runs beside the loop."""

    def _run(self, work: Callable[[], None]) -> None:
        if self._life.is_over:
            return
        writes = _names_of_writes(work)
        if not writes:
            work()
            return
        name = ", ".join(sorted(set(writes)))
        with suppress(Dead):
            self._life.step(f"before the commit of {name}")
            work()
            self._life.step(f"after the commit of {name}")


def _names_of_writes(work: Callable[[], None]) -> list[str]:
    """What the next group will write, by the functions' names; empty for a group of reads."""
    store = getattr(work, "__self__", None)
    if not isinstance(store, Store):
        return []
    return [_name_of(one.work) for one in store._waiting if one.is_write]


def _name_of(operation: Any) -> str:
    cells = [cell.cell_contents for cell in operation.__closure__ or ()]
    return next((cell.__name__ for cell in cells if hasattr(cell, "__name__")), "?")


class LifeDisk:
    """Disk work in place, one step for each piece."""

    def __init__(self, life: Life) -> None:
        self._life = life

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        self._life.step(f"disk: {getattr(work, '__name__', 'work')}")
        found = work(*args, **kwargs)
        self._life.hold(found)
        return found


@dataclass(frozen=True)
class Call:
    """One request as the network saw it. Times are unix seconds, by the true clock."""

    life: int
    service: ServiceName
    name: str
    begun_at: float


class LifeTransport(httpx.AsyncBaseTransport):
    """The network between a life and the sandbox: each piece of a request is a step."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        life: Life,
        network: Network,
        watch: Callable[[Call], None],
    ) -> None:
        """`watch` is told of each request before it begins."""
        self._inner = inner
        self._life = life
        self._network = network
        self._watch = watch

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/rest/"):
            await request.aread()  # its body says which method it is
        name = name_of(request)
        self._life.step(f"{name}: before the request")
        self._watch(self._network.call(name, request))
        self._network.begin(name, request)
        carried = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            stream=_Pieces(self._pieces(name, request)),
            extensions=request.extensions,
        )
        response = await self._inner.handle_async_request(carried)
        body = await response.aread()
        self._life.step(f"{name}: answered, the reply on its way")
        await self._network.delay()
        headers = [(k, v) for k, v in response.headers.raw if k.lower() != b"content-length"]
        pieces = _Pieces(self._reply(name, self._network.damage(request, body)))
        return httpx.Response(response.status_code, headers=headers, stream=pieces)

    async def _pieces(self, name: str, request: httpx.Request) -> AsyncIterator[bytes]:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        number = 0
        async for piece in request.stream:
            yield piece
            number += 1
            self._life.step(f"{name}: piece {number} of the body is out")

    async def _reply(self, name: str, body: bytes) -> AsyncIterator[bytes]:
        half = len(body) // 2
        yield body[:half]
        self._life.step(f"{name}: half of the reply was read")
        yield body[half:]


class Network:
    """What the network does to requests and replies; calm unless it is told otherwise."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._dice = Random(0)
        self.calls: list[Call] = []
        self.life = 0
        self.is_down = False
        self.resets = 0.0
        """How many of a hundred replies are cut off, or lost altogether."""
        self.longest_delay = 0.0

    def roughen(self, seed: int, resets: float, longest_delay: float) -> None:
        """From now on, by these dice."""
        self._dice = Random(seed)
        self.resets, self.longest_delay = resets, longest_delay

    def calm(self) -> None:
        """Everything goes through."""
        self.is_down, self.resets, self.longest_delay = False, 0.0, 0.0

    def come_back(self) -> None:
        """The cable is in again."""
        self.is_down = False

    def call(self, name: str, request: httpx.Request) -> Call:
        """A request that is made now."""
        return Call(self.life, service_of(request), name, self._now())

    def begin(self, name: str, request: httpx.Request) -> None:
        """A request begins, and is counted; where the network is down it gets nowhere."""
        if self.is_down:
            raise httpx.ConnectError("no route to host", request=request)
        self.calls.append(self.call(name, request))

    async def delay(self) -> None:
        """The reply takes its time."""
        if self.longest_delay:
            await asyncio.sleep(self._dice.uniform(0.0, self.longest_delay))

    def damage(self, request: httpx.Request, body: bytes) -> bytes:
        """The reply as it arrives: whole, cut off, or not at all."""
        if not self.resets or self._dice.random() * 100 >= self.resets:
            return body
        if self._dice.random() < 0.5:
            raise httpx.ReadError("connection reset by peer", request=request)
        return body[: self._dice.randrange(len(body) + 1)]


class _Pieces(httpx.AsyncByteStream):
    """A stream of pieces."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces_ = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces_:
            yield piece


def service_of(request: httpx.Request) -> ServiceName:
    """Which service a request is for."""
    is_ipernity = request.url.path.startswith("/api/")
    return ServiceName.IPERNITY if is_ipernity else ServiceName.FLICKR


def name_of(request: httpx.Request) -> str:
    """`upload`, `replace`, or the method's name."""
    if service_of(request) is ServiceName.IPERNITY:
        method = request.url.path.split("/")[2]
        return {"upload.file": "upload", "upload.replace": "replace"}.get(method, method)
    last = request.url.path.rstrip("/").rpartition("/")[2]
    if last != "rest":
        return last
    asked = parse_qs(request.content.decode())
    return asked.get("method", ["rest"])[0].removeprefix("flickr.")


class LifeClock(VirtualClock):
    """The clock of every life; `skew` moves what uploadd takes for the time of day."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def true_wall(self) -> float:
        """The time of day as the service sees it, also where no loop runs."""
        return self.wall() - self.skew

    def monotonic(self) -> float:
        try:
            self.elapsed = asyncio.get_running_loop().time()
        except RuntimeError:
            return self.elapsed
        return self.elapsed


def live(
    life: Life, clock: LifeClock, seed: int, work: Callable[[Runtime], Awaitable[Any]]
) -> tuple[Any, BaseException | None]:
    """Run one life to its end: what it returned, what it raised (`Dead` where it was killed)."""
    loop = VirtualLoop(clock.elapsed)
    loop.set_exception_handler(lambda *_: None)
    runtime = Runtime(clock=clock, random=Random(seed), disk=LifeDisk(life))
    task = loop.create_task(_run(work, runtime))
    task.add_done_callback(lambda _: loop.stop())
    try:
        loop.run_forever()
    finally:
        clock.elapsed = loop.time()
    if life.is_over:
        _abandon(loop)
        life.bury()
        return None, Dead()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    raised = task.exception()
    return (None if raised else task.result()), raised


async def _run(work: Callable[[Runtime], Awaitable[Any]], runtime: Runtime) -> Any:
    return await work(runtime)


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    """End every coroutine here and now, while all that it could touch refuses it.

    Left to the interpreter, their `finally` blocks would run some time later, in another life.
    """
    with _silent_burial():
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            _end(task.get_coro())
        loop.close()


def _end(coroutine: Any) -> None:
    for _ in range(MOST_FINALLY_BLOCKS):
        try:
            coroutine.close()
        except BaseException:  # noqa: BLE001 - a `finally` that tried something
            continue
        return


@contextmanager
def _silent_burial() -> Iterator[None]:
    """What the interpreter says of coroutines that end with their loop is of no interest."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda *_: None
    try:
        yield
    finally:
        sys.unraisablehook = before


def every_step(trace: Sequence[str]) -> list[int]:
    """The numbers of all steps of a life that was rehearsed."""
    return list(range(1, len(trace) + 1))


def ends_of_each_kind(trace: Sequence[str]) -> list[int]:
    """The first and the last step of each name; with EVERY_CASE=1 in the environment, every step.

    What lies between them repeats: the same commit of another file, the same question once more.
    """
    if EVERY_CASE:
        return every_step(trace)
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for number, name in enumerate(trace, 1):
        first.setdefault(name, number)
        last[name] = number
    return sorted({*first.values(), *last.values()})
