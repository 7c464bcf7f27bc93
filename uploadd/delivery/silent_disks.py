"""Disks that do not answer: no sender waits for one for long, and none asks it again meanwhile.

Else each of an account's few senders would come to wait for a file of that disk, and nothing of
the other folders would go up.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from uploadd.files.directories import SILENT_DISK
from uploadd.model.errors import FileSilentError
from uploadd.model.ports import Runtime

P = ParamSpec("P")
T = TypeVar("T")

SILENT_SECONDS = 30.0
"""A disk that was asleep has answered by then."""


class SilentDisks:
    """Knows the folders, by their roots, whose disk owes an answer.

    `patience`: multiplies `SILENT_SECONDS`.
    """

    def __init__(self, runtime: Runtime, patience: float = 1.0) -> None:
        self.runtime = runtime
        self.seconds = SILENT_SECONDS * patience
        self._owing = Counter[bytes]()
        self._at_last = defaultdict[bytes, list[Callable[[], object]]](list)
        self._ending = set[asyncio.Task[object]]()

    def of(self, root: bytes) -> PatientDisk:
        """The disk of what lies below `root`."""
        return PatientDisk(self, root)

    def is_silent(self, root: bytes) -> bool:
        """Whether an answer of this disk is overdue."""
        return self._owing[root] > 0

    def note_overdue(self, root: bytes, answer: asyncio.Future[T]) -> None:
        """The disk is silent until this answer has come."""
        self._owing[root] += 1
        answer.add_done_callback(lambda done: self._hear(root, done))

    def at_last(self, root: bytes, work: Callable[[], object]) -> None:
        """Run disk work as soon as all answers have come."""
        self._at_last[root].append(work)

    def _hear(self, root: bytes, answer: asyncio.Future[T]) -> None:
        if not answer.cancelled():
            answer.exception()  # nobody else looks at it
        self._owing[root] -= 1
        if not self.is_silent(root):
            for work in self._at_last.pop(root, ()):
                task = asyncio.ensure_future(self.runtime.disk.run(work))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)


class PatientDisk:
    """A `Disk` whose patience ends."""

    def __init__(self, disks: SilentDisks, root: bytes) -> None:
        self._disks = disks
        self._root = root

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work`. Raises `FileSilentError` where the disk does not answer."""
        if self._disks.is_silent(self._root):
            raise FileSilentError(*SILENT_DISK)
        runtime, answered = self._disks.runtime, asyncio.Event()
        answer = asyncio.ensure_future(runtime.disk.run(work, *args, **kwargs))
        answer.add_done_callback(lambda _: answered.set())
        if await runtime.clock.wait(answered, self._disks.seconds):
            return answer.result()
        self._disks.note_overdue(self._root, answer)
        raise FileSilentError(*SILENT_DISK)

    async def end(self, work: Callable[[], object]) -> None:
        """Run what tidies up: by itself, once it answers, where the disk is silent."""
        if self._disks.is_silent(self._root):
            self._disks.at_last(self._root, work)
        else:
            await self._disks.runtime.disk.run(work)
