"""A service that is ill, and a file that only looks as if it were."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from simulation.first_upload import UPLOAD, assert_budget_kept, world_of
from simulation.test_codes import fault_of
from simulation.test_folder import live, nothing, steps
from simulation.virtual import VirtualClock
from simulation.world import World
from uploadd.delivery import activity, deliverer
from uploadd.delivery.breaker import FILES_IN_A_ROW, FILES_ON_TRIAL, Breaker
from uploadd.model.configuration import WatchMode
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

LOGIN = "flickr.test.login"
DAY = 86400.0


class Patient(VirtualClock):
    """Listens less often for the commands of other processes: there are none, and days are long."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        is_listening = seconds in (deliverer.LISTEN_SECONDS, activity.EVERY_SECONDS)
        return await super().wait(event, 900.0 if is_listening else seconds)


def ill_world(directory: Path, *faults: Fault, files: int = 30) -> World:
    """Many files, a folder that is hardly ever looked at, and the call budget of a real account."""
    world = World(directory, SandboxOptions(faults=faults))
    world.runtime = replace(world.runtime, clock=Patient())
    world.account = replace(world.account, calls_per_hour=3600)
    world.folder = replace(world.folder, watch=WatchMode.POLL, poll_seconds=3000.0)
    for number in range(files):
        world.add(f"p{number:02d}.jpg")
    return world


def lived(world: World, seconds: float, do: Callable[[], None] = nothing) -> list[float]:
    """Let the daemon's stages run for so long; the lengths of the pauses it began."""
    with capture_logs() as logs:
        live(world, steps((seconds, do)))
    return [entry["seconds"] for entry in logs if entry["event"] == "account.paused"]


# --- the breaker ------------------------------------------------------------------------------


def test_one_file_alone_never_trips_it() -> None:
    """However often it fails."""
    breaker = Breaker()
    assert not any(breaker.failed("one") for _ in range(1000))


def test_it_trips_sooner_after_a_pause() -> None:
    """Until a send goes well, the service is on trial."""
    breaker = Breaker()
    assert [breaker.failed(str(n)) for n in range(FILES_IN_A_ROW)].count(True) == 1
    breaker.answered()
    assert [breaker.failed(str(n)) for n in range(FILES_ON_TRIAL)][-1]
    breaker.worked()
    assert not any(breaker.failed(str(n)) for n in range(FILES_IN_A_ROW - 1))


def test_probes_grow_and_one_that_is_answered_reopens(tmp_path: Path) -> None:
    """Nothing but the probe is called while it fails; then everything goes on."""
    ill_login = fault_of("http-503", LOGIN, at=tuple(range(2, 500)))
    world = ill_world(tmp_path, fault_of("105", rate=1.0), ill_login)
    lived(world, 6 * 3600.0)
    journal = list(world.sandbox.journal)
    tripped = max(entry.time for entry in journal if entry.endpoint == "upload")
    assert {entry.endpoint for entry in journal if entry.time > tripped} == {LOGIN}
    probes = [entry.time for entry in journal if entry.endpoint == LOGIN][1:]
    between = [round(later - sooner) for sooner, later in pairwise([tripped, *probes])]
    assert between[:7] == [60, 120, 240, 480, 960, 1920, 3600]
    assert set(between[7:]) == {3600}
    assert {job.trail.attempts for job in world.jobs()} <= {0, 1}
    world.sandbox.faults.clear()
    lived(world, 3700.0)
    assert world.states() == {"done": 30}
    world.assert_each_once(30)
    assert_budget_kept(world, 3600)


def test_a_few_failures_among_many_sends_pause_nothing(tmp_path: Path) -> None:
    """Distinct files in a row are counted, not faults."""
    world = ill_world(tmp_path, fault_of("105", every=2), files=60)
    assert lived(world, 3600.0) == []
    assert world.states() == {"done": 60}
    world.assert_each_once(60)


@pytest.mark.parametrize(("code", "hours"), [("http-502", 6), ("105", 6), ("cut", 24)])
def test_sends_that_fail_while_probes_do_not(tmp_path: Path, code: str, hours: int) -> None:
    """Hours of it: the intervals grow, and the calls stay few."""
    world = ill_world(tmp_path, fault_of(code, rate=1.0), files=40)
    seconds = lived(world, hours * 3600.0)
    assert seconds == sorted(seconds)
    assert seconds[-1] == 3600.0
    assert len(world.uploads()) <= 7 * len(seconds) + FILES_IN_A_ROW
    assert len(world.sandbox.journal) <= 80 * len(seconds)
    assert_budget_kept(world, 3600)


# --- a refusal that may be the account's or the file's ----------------------------------------


@pytest.mark.parametrize("code", ["signature_invalid", "98"])
def test_every_send_is_refused_while_probes_are_answered(tmp_path: Path, code: str) -> None:
    """A day of it: no spinning, no attempt is counted, no file is blamed."""
    world = ill_world(tmp_path, fault_of(code, rate=1.0))
    seconds = lived(world, DAY)
    assert seconds == sorted(seconds)
    assert seconds[:3] == [3600.0, 7200.0, 14400.0]
    assert len(world.uploads()) <= 4 * len(seconds)
    assert len(world.sandbox.journal) <= 150
    assert {(job.state, job.trail.attempts) for job in world.jobs()} == {(State.QUEUED, 0)}
    world.sandbox.faults.clear()
    lived(world, 900.0)
    assert world.states() == {"done": 30}
    world.assert_each_once(30)


def test_a_token_that_may_only_read_is_not_taken_for_well(tmp_path: Path) -> None:
    """The probe asks for the permission, too: one refused upload is enough."""
    world = ill_world(tmp_path)
    token = world.sandbox.logins.tokens["sandbox-token"]
    world.sandbox.logins.admit(replace(token, perms="read"))
    lived(world, DAY)
    assert len(world.uploads()) <= world.account.parallel_uploads
    assert {(job.state, job.trail.attempts) for job in world.jobs()} == {(State.QUEUED, 0)}
    world.sandbox.logins.admit(token)
    lived(world, 60.0)
    assert world.states() == {"done": 30}
    world.assert_each_once(30)


class Touchy(httpx.AsyncBaseTransport):
    """A service that refuses one file by its name, in the words of a wrong login."""

    def __init__(self, world: World, name: str, problem: str) -> None:
        self.world = world
        self.name = f'filename="{name}"'.encode()
        self.problem = problem
        self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == UPLOAD and self.name in await request.aread():
            self.refused += 1
            return httpx.Response(401, text=f"oauth_problem={self.problem}", request=request)
        return await InProcessTransport(self.world.app).handle_async_request(request)


@pytest.mark.parametrize("problem", ["signature_invalid", "nonce_used", "timestamp_refused"])
@pytest.mark.parametrize("parallel", [1, 4])
def test_one_file_that_is_refused_so_stops_nobody(
    tmp_path: Path, problem: str, parallel: int
) -> None:
    """It steps back, the others are sent, and after a few times it is the file that failed."""
    world = world_of(tmp_path, SandboxOptions())
    world.account = replace(world.account, parallel_uploads=parallel)
    for number in range(20):
        world.add(f"c{number}.jpg")
    world.transport = touchy = Touchy(world, "a.jpg", problem)
    assert world.backfill(stop_after=4 * 3600.0).ending is Ending.FAILED
    assert world.job_of("a.jpg").state is State.FAILED
    others = [job for job in world.jobs() if job.name != b"a.jpg"]
    assert {job.state for job in others} == {State.DONE}
    assert len(world.uploads()) == len(others)
    assert touchy.refused == 3
    world.assert_each_once(len(others))
    assert_budget_kept(world)


def test_the_file_is_blamed_in_the_end(tmp_path: Path) -> None:
    """While others keep arriving it fails, with a remedy; the account is not paused any more."""
    world = ill_world(tmp_path, files=1)
    world.transport = touchy = Touchy(world, "p00.jpg", "signature_invalid")
    world.folder = replace(world.folder, poll_seconds=12.0)
    arriving = [
        (40.0, lambda name=f"new{number}.jpg": world.add(name, mtime=world.now()))
        for number in range(20)
    ]
    live(world, steps(*arriving, (100.0, nothing)))
    blamed = world.job_of("p00.jpg")
    assert blamed.state is State.FAILED
    assert blamed.reason is not None
    assert blamed.reason.code == "signature_invalid"
    assert blamed.reason.remedy
    assert touchy.refused == 3
    assert world.states() == {"failed": 1, "done": 20}
    world.assert_each_once(20)


def test_a_file_alone_is_blamed_after_longer(tmp_path: Path) -> None:
    """No other file can bear witness: five refusals, with growing pauses between them."""
    world = ill_world(tmp_path, files=1)
    world.transport = touchy = Touchy(world, "p00.jpg", "signature_invalid")
    live(world, steps((1.9 * DAY, nothing)))
    assert world.states() == {"failed": 1}
    assert touchy.refused == 5
    assert world.backfill().ending is Ending.FAILED
