"""Time that a test owns: an event loop whose clock jumps to the next thing that is due.

Nothing waits for real time. Disk and store work run in place, so that a run depends on nothing but
its seed.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from uploadd.model.ports import Runtime
from uploadd.runtime import RealClock

T = TypeVar("T")
EPOCH = 1_700_000_000.0
# Each turn of the loop takes a moment, as it does in life: a wait that rounding made too small to
# move the clock must come to an end all the same.
TURN_SECONDS = 1e-9
LONGEST_VIRTUAL_SECONDS = 2 * 86400.0


class _JumpingSelector(selectors.DefaultSelector):
    """Where the loop would sleep, the clock moves instead."""

    def __init__(self, begin: float) -> None:
        super().__init__()
        self.now = begin
        self._latest = begin + LONGEST_VIRTUAL_SECONDS

    def select(self, timeout: float | None = None) -> list[Any]:
        # Nothing but the loop's own pipe is there to be heard, so the system need not be asked.
        ready = super().select(0) if len(self.get_map()) > 1 else []
        self.now += TURN_SECONDS
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            raise RuntimeError("every task waits, and nothing is due: a deadlock")
        self.now += timeout
        if self.now > self._latest:
            raise RuntimeError("two virtual days have passed: nothing comes to an end")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time."""

    def __init__(self, begin: float = 0.0) -> None:
        """`begin`: what its time starts at, in seconds."""
        self._jumping = _JumpingSelector(begin)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> Any:
        """There is one thread: nobody need be woken through the system."""
        return self.call_soon(callback, *args, context=context)


class VirtualClock(RealClock):
    """The clock of the code under test; `skew` moves the wall clock against the monotonic one.

    It sleeps and waits as the real one does: on the loop, whose time is virtual.
    """

    def __init__(self) -> None:
        self.skew = 0.0

    def wall(self) -> float:
        return EPOCH + self.monotonic() + self.skew

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def boot(self) -> str:
        return "virtual"


class InPlaceDisk:
    """Runs disk work at once, as a disk without latency."""

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return work(*args, **kwargs)


class InPlaceWorker:
    """Runs the store's groups on the loop itself, one after the other."""

    def submit(self, work: Callable[[], None], /) -> None:
        asyncio.get_running_loop().call_soon(work)

    def shutdown(self) -> None:
        """Nothing runs beside the loop."""


def virtual_runtime(seed: int = 0) -> Runtime:
    """A runtime that a test owns."""
    return Runtime(clock=VirtualClock(), random=Random(seed), disk=InPlaceDisk())


def run_virtual(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end on virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
