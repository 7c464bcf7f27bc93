"""Files that take long to read: a few at a time from each disk, beside everything else."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count

from uploadd.intake.examine import Large, ToRead
from uploadd.intake.tree import Tree
from uploadd.model.errors import FileChangedError
from uploadd.model.jobs import Lane
from uploadd.model.ports import Clock

TELL_SECONDS = 3.0
"""How often it is written down what is being read."""


@dataclass(eq=False)
class LargeRead:
    """One such file. `since`: when its read began (unix seconds); `read`: bytes of `size`."""

    tree: Tree
    candidate: ToRead
    size: int
    since: float = 0.0
    read: int = 0
    is_stopped: bool = False

    def on_read(self, more: int) -> None:
        """Called by the thread that reads, for each chunk. Ends it where nobody waits any more."""
        self.read += more
        if self.is_stopped:
            raise FileChangedError("nobody waits for it any more")


@dataclass
class _Disk:
    """The reads of one device: those that wait, live ones first, and those under way."""

    waiting: list[tuple[bool, int, LargeRead]] = field(default_factory=list)
    under_way: list[LargeRead] = field(default_factory=list)


class LargeReads:
    """Keeps at most `slots` reads of each device going: a dying disk holds up no other.

    `read`: reads one of them, and registers it. `tell`: writes down which are read now.
    """

    def __init__(
        self,
        slots: int,
        clock: Clock,
        read: Callable[[LargeRead], Awaitable[None]],
        tell: Callable[[list[LargeRead]], Awaitable[None]],
    ) -> None:
        self._slots = slots
        self._clock = clock
        self._read = read
        self._tell = tell
        self._has_told = False
        self._disks: dict[int, _Disk] = {}
        self._numbers = count()
        self._bell = asyncio.Event()

    def add(self, tree: Tree, candidate: ToRead, large: Large) -> None:
        """A file that is to be read; its tree counts it until it was."""
        tree.large.add(candidate.rested.path)
        disk = self._disks.setdefault(large.stat.device, _Disk())
        one = LargeRead(tree, candidate, large.stat.size)
        heapq.heappush(
            disk.waiting, (candidate.rested.lane is not Lane.LIVE, next(self._numbers), one)
        )
        self._bell.set()

    def under_way(self) -> list[LargeRead]:
        """What is being read now."""
        return [one for disk in self._disks.values() for one in disk.under_way]

    async def run(self) -> None:
        """Read until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    self._bell.clear()
                    for disk in self._disks.values():
                        self._begin(disk, tasks)
                    seconds = TELL_SECONDS if self.under_way() else None
                    is_rung = await self._clock.wait(self._bell, seconds)
                    if not is_rung or (self._has_told and not self.under_way()):
                        await self._tell_all()
        finally:
            for one in self.under_way():
                one.is_stopped = True

    async def _tell_all(self) -> None:
        there = self.under_way()
        self._has_told = bool(there)
        await self._tell(there)

    def _begin(self, disk: _Disk, tasks: asyncio.TaskGroup) -> None:
        while disk.waiting and len(disk.under_way) < self._slots:
            one = heapq.heappop(disk.waiting)[-1]
            one.since = self._clock.wall()
            disk.under_way.append(one)
            tasks.create_task(self._see_through(disk, one))

    async def _see_through(self, disk: _Disk, one: LargeRead) -> None:
        await self._read(one)
        one.tree.large.discard(one.candidate.rested.path)
        disk.under_way.remove(one)
        self._bell.set()
