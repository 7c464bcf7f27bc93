"""Every error code of both replace specifications, met by the new content of one file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from simulation.first_upload import CALLS_PER_HOUR, UPLOADS, assert_budget_kept
from simulation.test_codes import fault_of
from simulation.world import LONG_AGO, World
from uploadd.model.configuration import ServiceName
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending
from uploadd.sandbox import SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.flickr import errors
from uploadd.services.ipernity import errors as of_ipernity

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

# What becomes of the job, and how many replacements are sent, where the first meets the code.
EXPECTED: dict[str, tuple[State, int]] = {
    "1": (State.FAILED, 1),
    "2": (State.FAILED, 1),
    "3": (State.DONE, 2),
    "4": (State.FAILED, 1),
    "5": (State.FAILED, 1),
    "6": (State.DONE, 2),
    "8": (State.FAILED, 1),
    "93": (State.FAILED, 1),
    "98": (State.DONE, 2),
    "105": (State.DONE, 2),
    "106": (State.DONE, 2),
    "116": (State.FAILED, 1),
    "201": (State.DONE, 2),
    "token_rejected": (State.DONE, 2),
    "nonce_used": (State.DONE, 2),
    "http-401": (State.DONE, 2),
    "http-403": (State.DONE, 2),
    "http-413": (State.FAILED, 1),
    "http-429": (State.DONE, 2),
    "http-503": (State.DONE, 2),
}
OF_REPLACE = ["1", "2", "3", "4", "5", "6", "8", "93"]
ON_IPERNITY: dict[str, tuple[State, int]] = {
    "1": (State.FAILED, 1),
    "2": (State.FAILED, 1),
    "3": (State.DONE, 2),
    "4": (State.FAILED, 1),
    "5": (State.FAILED, 1),
    "6": (State.FAILED, 1),
    "101": (State.DONE, 2),
    "105": (State.DONE, 2),
    "106": (State.DONE, 2),
    "107": (State.DONE, 2),
    "109": (State.FAILED, 1),
    "112": (State.DONE, 2),
    "113": (State.DONE, 2),
    "134": (State.DONE, 2),
    "500": (State.DONE, 2),
    "501": (State.DONE, 2),
    "503": (State.DONE, 2),
    "http-429": (State.DONE, 2),
    "http-503": (State.DONE, 2),
}


def test_the_specification_is_covered() -> None:
    """A row that is added or lost is noticed."""
    assert set(errors.REPLACE) == set(OF_REPLACE)
    assert set(OF_REPLACE) <= set(EXPECTED)
    assert set(of_ipernity.REPLACE) == {"1", "2", "3", "4", "5", "6"}
    assert set(of_ipernity.REPLACE) <= set(ON_IPERNITY)


class Torn(httpx.AsyncBaseTransport):
    """The first file changes under its first send, unseen by size and time, and once more after."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.path = world.photos / name
        self.is_torn = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path not in UPLOADS or self.is_torn:
            return await InProcessTransport(self.world.app).handle_async_request(request)
        self.is_torn = True
        before = self.path.stat()
        content = self.path.read_bytes()
        self.path.write_bytes(content[:-1] + b"!")
        os.utime(self.path, ns=(before.st_atime_ns, before.st_mtime_ns))
        response = await InProcessTransport(self.world.app).handle_async_request(request)
        self.path.write_bytes(content + b"and more")
        os.utime(self.path, (LONG_AGO + 100, LONG_AGO + 100))
        return response


@pytest.mark.parametrize("code", sorted({*EXPECTED, *errors.REPLACE}))
def test_one_replacement_meets_it(tmp_path: Path, code: str) -> None:
    """A torn upload is mended by a replacement, which meets the code once; others go on."""
    meets(tmp_path, ServiceName.FLICKR, code, EXPECTED)


@pytest.mark.parametrize("code", ON_IPERNITY)
def test_one_replacement_meets_it_on_ipernity(tmp_path: Path, code: str) -> None:
    """The same, with ipernity's own numbers."""
    meets(tmp_path, ServiceName.IPERNITY, code, ON_IPERNITY)


def meets(
    tmp_path: Path, service: ServiceName, code: str, expected: dict[str, tuple[State, int]]
) -> None:
    """Play it, and look at the end."""
    state, sends = expected[code]
    world = World(tmp_path, SandboxOptions(is_pro=True), services=(service,))
    world.sandbox.faults.add(fault_of(code, "replace"))
    world.account = replace(world.account, parallel_uploads=1, calls_per_hour=CALLS_PER_HOUR)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        world.add(name)
    world.transport = Torn(world, "a.jpg")
    finished = world.backfill(stop_after=20 * 3600.0)
    jobs = {job.name: job for job in world.jobs()}
    assert finished.ending is (Ending.FAILED if state is State.FAILED else Ending.DONE)
    assert jobs[b"b.jpg"].state is jobs[b"c.jpg"].state is State.DONE
    mended = jobs[b"a.jpg"]
    assert mended.state is state
    if state is State.FAILED:
        assert mended.reason is not None
        assert mended.reason.remedy
        assert code.removeprefix("http-") in mended.reason.text
        assert mended.photo_id
    assert len(world.sandbox.journal.of("replace")) == sends
    assert len(world.uploads()) == 3
    world.assert_each_once(3)
    assert_budget_kept(world)
