"""The real clock, the real dice, and threads for the disk (see `uploadd.model.ports`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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
    """Runs disk work on threads: enough for each send and walk, and for disks that hang."""

    def __init__(self, threads: int = DISK_THREADS) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="disk")

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))


def real_runtime() -> Runtime:
    """What the daemon and the commands run on."""
    return Runtime(clock=RealClock(), random=SystemRandom(), disk=ThreadDisk())
