"""A disk that does not answer takes one question's time from each sender, and no more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulation.virtual import VirtualClock, run_virtual
from uploadd.delivery.silent_disks import SILENT_SECONDS, SilentDisks
from uploadd.model.errors import FileSilentError
from uploadd.model.ports import Runtime


class _Disk:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.asked: list[object] = []

    async def run(self, work: Any, *args: Any) -> Any:
        self.asked.append(work)
        await self.answers.wait()
        return work(*args)


def test_it_is_asked_again_when_it_has_answered() -> None:
    """Not before; another folder's disk is none of its business, and what tidies up comes last."""

    async def scenario() -> None:
        disk, clock = _Disk(), VirtualClock()
        disks = SilentDisks(Runtime(clock, None, disk))  # type: ignore[arg-type]
        sick, closed, began = disks.of(b"/sick"), list[str](), clock.monotonic()
        with pytest.raises(FileSilentError):
            await sick.run(str, 1)
        assert clock.monotonic() - began == pytest.approx(SILENT_SECONDS)
        with pytest.raises(FileSilentError):
            await disks.of(b"/sick").run(str, 2)
        await sick.end(lambda: closed.append("closed"))
        assert len(disk.asked) == 1
        assert not disks.is_silent(b"/well")
        disk.answers.set()
        assert await disks.of(b"/well").run(str, 3) == "3"
        await clock.sleep(0.1)
        assert closed == ["closed"]
        assert await sick.run(str, 4) == "4"

    run_virtual(scenario())


def test_what_the_disk_refuses_is_raised() -> None:
    """In time, and in vain where nobody waits any more."""

    async def scenario() -> None:
        disk, clock = _Disk(), VirtualClock()
        disks = SilentDisks(Runtime(clock, None, disk))  # type: ignore[arg-type]
        with pytest.raises(FileSilentError):
            await disks.of(b"/sick").run(int, "x")
        disk.answers.set()
        await clock.sleep(0.1)
        with pytest.raises(ValueError, match="x"):
            await disks.of(b"/sick").run(int, "x")

    run_virtual(scenario())
