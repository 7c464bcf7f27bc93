"""The real clock, the real dice, and threads for the disk (see `uploadd.model.ports`)."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from random import SystemRandom
from typing import ParamSpec, TypeVar

from uploadd.model.ports import Runtime

P = ParamSpec("P")
T = TypeVar("T")

DISK_THREADS = 64
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
UPTIME_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class RealClock:
    """The machine's clocks."""

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since the machine was started, those that it slept included."""
        return time.clock_gettime(UPTIME_CLOCK)

    def boot(self) -> str:
        """Linux's own name for this run of the machine; elsewhere empty, as if it were the last."""
        try:
            return BOOT_ID.read_text().strip()
        except OSError:
            return ""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Return True as soon as `event` is set, False after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        return True


class ThreadDisk:
    """Runs disk work on threads: enough for each send and walk, and for disks that hang.

    A thread that waits for such a disk does not keep the process from its end, as those of
    `ThreadPoolExecutor` would.
    """

    def __init__(self, threads: int = DISK_THREADS) -> None:
        self._most = threads
        self._begun = 0
        self._free = threading.Semaphore(0)
        self._waiting = SimpleQueue[Callable[[], None]]()

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on a thread."""
        future = Future[T]()
        self._waiting.put(lambda: _work(future, lambda: work(*args, **kwargs)))
        if not self._free.acquire(blocking=False) and self._begun < self._most:
            self._begun += 1
            threading.Thread(target=self._serve, name="disk", daemon=True).start()
        return await asyncio.wrap_future(future)

    def _serve(self) -> None:
        while True:
            self._waiting.get()()
            self._free.release()


def _work(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - for whoever waits
        future.set_exception(error)
    else:
        future.set_result(result)


def real_runtime() -> Runtime:
    """What the daemon and the commands run on."""
    return Runtime(clock=RealClock(), random=SystemRandom(), disk=ThreadDisk())
