"""What the stages need from outside: time, randomness, and a place to do disk work.

The daemon hands in the real ones (`uploadd.runtime`), a test hands in its own. Nothing in
intake, delivery or services reads a clock, sleeps, or starts a thread by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Clock(Protocol):
    """Wall time for what must survive a restart, monotonic time for what must not jump."""

    def wall(self) -> float:
        """Unix seconds. May jump in both directions."""

    def monotonic(self) -> float:
        """Seconds that only grow, as long as the machine runs (asleep or not); see `boot`."""

    def boot(self) -> str:
        """Names the run of the machine in which `monotonic` counts; another start, another name."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Return True as soon as `event` is set, False after `seconds` (None: never)."""


class Disk(Protocol):
    """Runs blocking file work without holding up the event loop."""

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` elsewhere and return (or raise) what it did."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that a test wants to own."""

    clock: Clock
    random: Random
    disk: Disk
