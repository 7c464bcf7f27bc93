"""Who is told of what, and how often, over days."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from simulation.first_upload import MP4
from simulation.test_breaker import DAY, ill_world
from simulation.test_codes import fault_of
from simulation.world import World
from uploadd.assembly import Assembly
from uploadd.intake.folder_loop import FolderLoop
from uploadd.notices import Notices

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")


def told_in(world: World, seconds: float) -> list[str]:
    """What a person is told while the daemon's stages run for so long."""
    told: list[str] = []

    async def tell(text: str) -> None:
        told.append(text)

    async def work(assembly: Assembly) -> None:
        ended = asyncio.Event()
        tree = assembly.tree(world.folder.root, world.folder)
        folder = FolderLoop(tree, assembly.arrivals, assembly.store, assembly.runtime)
        notices = Notices(tell, assembly.store)
        await folder.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(folder.run(ended))
            tasks.create_task(assembly.arrivals.run(ended))
            tasks.create_task(assembly.deliverer.run(lambda: None))
            tasks.create_task(notices.run(assembly.desks.values(), world.runtime.clock, ended))
            await asyncio.sleep(seconds)
            ended.set()
            folder.stop()
            assembly.arrivals.woken.set()
            assembly.deliverer.drain()

    world.run(work)
    return told


def test_a_refused_login_is_told_once_a_day_over_restarts(tmp_path: Path) -> None:
    """Three starts within two days."""
    world = ill_world(tmp_path, files=3)
    world.sandbox.logins.revoke("sandbox-token")
    first = told_in(world, 0.6 * DAY)
    world.runtime.clock.skew += 0.6 * DAY  # type: ignore[attr-defined]
    second = told_in(world, 0.3 * DAY)
    world.runtime.clock.skew += 0.3 * DAY  # type: ignore[attr-defined]
    third = told_in(world, 0.3 * DAY)
    assert [len(first), len(second), len(third)] == [1, 0, 1]
    assert "account me is paused" in first[0]
    assert "sandbox-token" not in first[0]


@pytest.mark.parametrize("code", ["6", "7", "99", "timestamp_refused"])
def test_what_needs_a_person_is_told(tmp_path: Path, code: str) -> None:
    """With what happened and what to do, once."""
    login = fault_of(code, "flickr.test.login", at=tuple(range(2, 500)))
    faults = [fault_of(code, rate=1.0)] + ([] if code in "67" else [login])
    world = ill_world(tmp_path, *faults, files=3)
    world.add("v.mp4", MP4 + bytes(200))
    (text,) = [text for text in told_in(world, 7200.0) if "paused" in text]
    assert text.startswith("uploadd: account me is paused: ")
    assert len(text.split(". ")[-1]) > 20


@pytest.mark.parametrize("code", ["14", "http-429", "105", "http-403", "http-502", "cut"])
def test_what_passes_is_not_told(tmp_path: Path, code: str) -> None:
    """Waits, rates, a service that is away, a refusal that a probe did not confirm."""
    world = ill_world(tmp_path, fault_of(code, first=3), files=20)
    assert told_in(world, 7200.0) == []
    world.assert_each_once(20)


def test_a_refusal_that_a_probe_does_not_confirm_is_not_told(tmp_path: Path) -> None:
    """One upload alone was refused, and the login is well."""
    world = ill_world(tmp_path, fault_of("98", first=1), files=20)
    assert told_in(world, 7200.0) == []
    world.assert_each_once(20)


def test_failed_files_are_told_together_and_once(tmp_path: Path) -> None:
    """Ten minutes after the first; the next ones a day later; none of them twice."""
    world = ill_world(tmp_path, fault_of("5", first=7), files=10)
    (text,) = told_in(world, 3600.0)
    assert "7 files" in text
    assert "uploadd jobs --state failed" in text
    world.runtime.clock.skew += 3600.0  # type: ignore[attr-defined]
    assert told_in(world, 1.2 * DAY) == []
    world.runtime.clock.skew += 1.2 * DAY  # type: ignore[attr-defined]
    world.sandbox.faults.add(fault_of("5", first=1))
    world.add("late.jpg")
    (text,) = told_in(world, 3600.0)
    assert "1 file " in text


def test_a_clock_that_was_ahead_keeps_nobody_silent(tmp_path: Path) -> None:
    """Told in a year to come, as it seemed: that is no reason to wait for it."""
    world = ill_world(tmp_path, files=1)
    world.sandbox.logins.revoke("sandbox-token")
    world.runtime.clock.skew += 300 * DAY  # type: ignore[attr-defined]
    assert len(told_in(world, 2000.0)) == 1
    world.runtime.clock.skew -= 300 * DAY  # type: ignore[attr-defined]
    assert len(told_in(world, 2000.0)) == 1
