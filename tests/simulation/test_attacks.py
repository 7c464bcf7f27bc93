"""Attacks on a whole world: each of these once lost a photo, hung, spun, or told an untruth."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulation.test_folder import live, steps
from simulation.world import JPEG, World
from uploadd.assembly import Assembly
from uploadd.intake.examine import ToRead, Wait
from uploadd.model.configuration import WatchMode
from uploadd.model.secret import Secret
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Backfill, Ending, Finished
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.sandbox.logins import AccessToken

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

FAR_FUTURE = 15_000_000_000.0
DISK_TURNS_AT_MOST = 5_000


def backfill_of(
    world: World,
    *directories: Path,
    account: str | None = None,
    no_wait: bool = False,
    stop_after: float | None = None,
) -> Finished:
    """A backfill of these directories, as the command line would name them."""

    async def work(assembly: Assembly) -> Finished:
        stop = asyncio.Event()
        if stop_after is not None:
            asyncio.get_running_loop().call_later(stop_after, stop.set)
        names = [str(directory) for directory in directories]
        wanted = wanted_trees(world.configuration(), names, account, None)
        running = Backfill(
            assembly,
            wanted,
            no_wait=no_wait,
            stop=stop,
            show=lambda _snapshot: None,
            look_seconds=2.0,
        )
        return await running.run()

    finished: Finished = world.run(work)
    return finished


def assert_adds_up(finished: Finished) -> None:
    """`found` is the sum of the states."""
    summary = finished.snapshot.as_json()
    states = ("done", "duplicate", "skipped", "failed", "pending")
    assert summary["found"] == sum(summary[state] for state in states)


# --- the summary ------------------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "d0", "d0/../d0", "../photos"])
def test_a_file_that_two_directories_hold_counts_once(tmp_path: Path, below: str) -> None:
    """The same DIR twice, one inside the other, `..`: each file is found once."""
    world = World(tmp_path)
    for number in range(6):
        world.add(f"d{number % 2}/p{number}.jpg")
    finished = backfill_of(world, world.photos, world.photos / below)
    assert finished.ending is Ending.DONE
    assert finished.snapshot.as_json()["found"] == 6
    assert_adds_up(finished)
    world.assert_each_once(6)


def test_an_unreadable_directory_is_no_success(tmp_path: Path) -> None:
    """Files that nobody could look at are not done: the backfill ends with 1."""
    world = World(tmp_path)
    world.add("good.jpg")
    deep = os.open(world.photos, os.O_RDONLY)
    for _ in range(20):  # deeper than a path may be long, so that root meets it, too
        os.mkdir("d" * 250, dir_fd=deep)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = deeper
    os.close(deep)
    finished = world.backfill()
    assert finished.snapshot.as_json()["done"] == 1
    assert finished.ending is Ending.FAILED


# --- numbers that a file system may give ------------------------------------------------------


def test_times_far_away_are_times_too(tmp_path: Path) -> None:
    """An mtime of the year 2445 in nanoseconds needs more than 63 bits."""
    world = World(tmp_path)
    world.add("far.jpg", mtime=FAR_FUTURE)
    world.add("near.jpg")
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(2)
    assert world.backfill().snapshot.as_json()["done"] == 2
    assert len(world.uploads()) == 2


# --- credentials ------------------------------------------------------------------------------


def test_mended_credentials_go_on(tmp_path: Path) -> None:
    """A pause of an earlier run does not end the next one before its probe was answered."""
    world = World(tmp_path)
    world.sandbox.logins.revoke("sandbox-token")
    world.add("p.jpg")
    assert world.backfill().ending is Ending.CREDENTIALS
    world.sandbox.logins.admit(AccessToken("sandbox-token", "sandbox-token-secret", "write"))
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(1)


@pytest.mark.parametrize("logged_in", [True, False])
def test_a_refused_token_is_told_after_the_service_was_away(
    tmp_path: Path, logged_in: bool
) -> None:
    """The service is back and refuses the token: that is no network trouble any more."""
    world = World(tmp_path)
    if logged_in:
        world.add("q.jpg")
        world.backfill()
    world.add("p.jpg")
    away = Away(world)
    world.sandbox.logins.revoke("sandbox-token")
    finished = away.backfill(back_after=100.0, stop_after=5000.0)
    assert finished.ending is Ending.CREDENTIALS


def test_missing_credentials_are_no_busy_loop(tmp_path: Path) -> None:
    """A daemon beside such an account goes on for days: the pause is renewed, not polled."""
    world = World(tmp_path)
    world.patience = 0.01  # the pause of an hour is over after 36 seconds
    world.account = replace(world.account, token=Secret(""))
    world.folder = replace(world.folder, watch=WatchMode.POLL, poll_seconds=1000.0)
    turns = count_waits(world)
    live(world, steps((300.0, lambda: None)))
    assert turns() < 1_500


class Away:
    """A service that nobody answers for at first."""

    def __init__(self, world: World) -> None:
        self.world = world

    def backfill(self, *, back_after: float, stop_after: float) -> Finished:
        world = self.world
        inner = InProcessTransport(world.app)

        class Transport(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                if world.runtime.clock.monotonic() < back_after:
                    raise httpx.ConnectError("refused", request=request)
                return await inner.handle_async_request(request)

        world.transport = Transport()
        return backfill_of(world, world.photos, stop_after=stop_after)


def count_waits(world: World) -> Callable[[], int]:
    """How often the loop was asked to do something at once; a busy loop asks without end."""
    count = [0]
    inner = world.runtime.clock

    class Counting(type(inner)):  # type: ignore[misc]
        async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
            count[0] += 1
            return bool(await super().wait(event, seconds))

    world.runtime = replace(world.runtime, clock=Counting())
    return lambda: count[0]


# --- a server that answers nonsense -----------------------------------------------------------


@pytest.mark.parametrize("kind", ["html", "garbage", "empty", "bomb", "http-before"])
def test_a_login_that_cannot_be_read_is_told_and_ends_no_wait(tmp_path: Path, kind: str) -> None:
    """Something else answers at the address: the backfill says so, and does not hang."""
    fault = Fault(kind, rate=1.0, where="*", code=502)  # type: ignore[arg-type]
    world = World(tmp_path, SandboxOptions(faults=(fault,)))
    world.add("p.jpg")
    finished = backfill_of(world, world.photos, no_wait=True, stop_after=40_000.0)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.pauses
    world.sandbox.faults.clear()
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(1)


# --- waits that never end ---------------------------------------------------------------------


def test_no_wait_ends_where_only_videos_wait_for_room(tmp_path: Path) -> None:
    """Error 7 stops the videos: what is left has to wait, and `--no-wait` says so."""
    world = World(tmp_path, SandboxOptions(max_videos=1))
    for number in range(3):
        world.add(f"v{number}.mp4", MP4 + bytes([number]) * 200)
    world.add("p.jpg")
    finished = backfill_of(world, world.photos, no_wait=True, stop_after=20_000.0)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.pending == 2
    world.assert_each_once(2)


MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"


def test_a_stop_does_not_wait_for_the_call_budget(tmp_path: Path) -> None:
    """Ctrl-C while the hour's calls are used up ends within the drain, not within the hour."""
    world = World(tmp_path)
    world.account = replace(world.account, calls_per_hour=20)
    for number in range(60):
        world.add(f"p{number}.jpg")
    finished = backfill_of(world, world.photos, stop_after=60.0)
    assert finished.ending is Ending.INTERRUPTED
    assert finished.snapshot.seconds < 60 + 30
    assert world.states()["uploading"] == 0


def test_a_stop_does_not_wait_for_a_capped_line(tmp_path: Path) -> None:
    """A chunk that waits a quarter of an hour for its turn is left, and looked up next time."""
    world = World(tmp_path)
    world.account = replace(world.account, bytes_per_second=1_000)
    world.add("p.jpg", JPEG + bytes(3_000_000))
    finished = backfill_of(world, world.photos, stop_after=60.0)
    assert finished.ending is Ending.INTERRUPTED
    assert finished.snapshot.seconds < 60 + 30
    world.account = replace(world.account, bytes_per_second=0)
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(1)


def test_live_files_do_not_wait_behind_a_backfill_for_the_budget(tmp_path: Path) -> None:
    """A tenth of the hour's calls stays for what has just arrived."""
    world = World(tmp_path)
    world.account = replace(world.account, calls_per_hour=50)
    world.folder = replace(world.folder, watch=WatchMode.POLL, poll_seconds=10.0)
    for number in range(100):
        world.add(f"p{number}.jpg")
    seen: list[State] = []

    def arrive() -> None:
        world.add("new.jpg", mtime=world.now())

    live(
        world,
        steps(
            (300, arrive),
            (300, lambda: seen.append(world.job_of("new.jpg").state)),
        ),
    )
    assert seen == [State.DONE]


def test_calls_of_a_clock_that_was_ahead_are_forgotten(tmp_path: Path) -> None:
    """The budget's calls in the future count for an hour, not until the clock gets there."""
    world = World(tmp_path)
    world.account = replace(world.account, calls_per_hour=20)
    for number in range(10):
        world.add(f"p{number}.jpg")
    skewed(world, 300 * 86400.0)
    world.backfill()
    for number in range(10, 20):
        world.add(f"p{number}.jpg")
    skewed(world, -300 * 86400.0)
    finished = backfill_of(world, world.photos, stop_after=80_000.0)
    assert finished.ending is Ending.DONE
    assert finished.snapshot.seconds < 3 * 3600


def test_a_doubt_of_a_clock_that_was_ahead_ends(tmp_path: Path) -> None:
    """An outcome unknown since next year is looked up for ten minutes, not for a year."""
    fault = Fault("http-before", first=1, code=502)
    world = World(tmp_path, SandboxOptions(faults=(fault,)))
    world.add("p.jpg")
    skewed(world, 300 * 86400.0)
    backfill_of(world, world.photos, stop_after=20.0)
    assert world.states() == {"uncertain": 1}
    skewed(world, -300 * 86400.0)
    finished = backfill_of(world, world.photos, stop_after=80_000.0)
    assert finished.ending is Ending.DONE
    assert finished.snapshot.seconds < 3600
    world.assert_each_once(1)


def skewed(world: World, seconds: float) -> None:
    """Set the wall clock."""
    world.runtime.clock.skew += seconds  # type: ignore[attr-defined]


class ChangingDisk:
    """A disk on which one file never reads as it looks: a lease, or a size that is a guess."""

    def __init__(self, inner: Any, name: bytes) -> None:
        self._inner = inner
        self._name = name
        self.reads = 0
        self.is_ill = True

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        found = await self._inner.run(work, *args, **kwargs)
        if not self.is_ill or work.__name__ != "examine":
            return found
        return [self._spoilt(*pair) for pair in zip(args[2], found, strict=True)]

    def _spoilt(self, candidate: ToRead, outcome: Any) -> Any:
        if not candidate.rested.path.endswith(self._name):
            return outcome
        self.reads += 1
        if self.reads > DISK_TURNS_AT_MOST:
            raise AssertionError("the file is read again and again without a pause")
        return Wait("it is held by another program")


def test_a_file_that_is_held_is_no_busy_loop(tmp_path: Path) -> None:
    """It is looked at again after a rest, the others go on, and in the end it is uploaded."""
    world = World(tmp_path)
    world.add("held.jpg")
    world.add("free.jpg")
    disk = ChangingDisk(world.runtime.disk, b"held.jpg")
    world.runtime = replace(world.runtime, disk=disk)
    finished = backfill_of(world, world.photos, stop_after=500.0)
    assert finished.ending is Ending.INTERRUPTED
    assert finished.snapshot.as_json()["pending"] == 1
    assert "to come to rest" in finished.snapshot.waits_for
    assert world.states() == {"done": 1}
    disk.is_ill = False
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(2)


# --- accounts that change their names and places ----------------------------------------------


def test_a_base_url_that_goes_and_comes_back(tmp_path: Path) -> None:
    """An account that never logged in, elsewhere and back again: uploadd starts."""
    world = World(tmp_path)
    world.add("p.jpg")
    Away(world).backfill(back_after=10_000.0, stop_after=5.0)
    here = world.account
    world.account = replace(here, base_url="http://127.0.0.1:8081")
    Away(world).backfill(back_after=10_000.0, stop_after=5.0)
    world.account = here
    world.transport = None
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(1)


def test_an_account_that_comes_after_a_renamed_one_gets_every_file(tmp_path: Path) -> None:
    """The row of the new name goes once its login is known; its number is never used again."""
    world = World(tmp_path)
    world.add("p.jpg")
    world.backfill()
    world.account = replace(world.account, name="renamed")
    world.folder = replace(world.folder, accounts=("renamed",))
    Away(world).backfill(back_after=20.0, stop_after=60.0)
    world.transport = None
    world.account = replace(world.account, name="other", base_url="http://localhost:8080")
    world.folder = replace(world.folder, accounts=("other",))
    finished = world.backfill()
    assert finished.snapshot.as_json()["found"] == 1
    assert len({job.account_id for job in world.jobs()}) == 2


def test_a_renamed_account_misses_no_file(tmp_path: Path) -> None:
    """Files that are read while the login turns out to be a known one are not left out."""
    world = World(tmp_path)
    world.add("old.jpg")
    world.backfill()
    world.account = replace(world.account, name="renamed")
    world.folder = replace(world.folder, accounts=("renamed",))
    for number in range(150):
        world.add(f"d{number % 50}/p{number}.jpg")
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert finished.snapshot.as_json()["found"] == 151
    world.assert_each_once(151)


# --- outcomes that nobody can look up ---------------------------------------------------------


@pytest.mark.parametrize(
    ("content_tag", "dedup_check"), [(False, 1), (False, 2), (True, 0), (True, 2)]
)
@pytest.mark.parametrize("kind", ["lose-reply", "http-before"])
def test_a_lost_reply_doubles_nothing_whatever_helps(
    tmp_path: Path, kind: str, content_tag: bool, dedup_check: int
) -> None:
    """With the tag alone or with the service's own dedup alone, each photo is there once."""
    world = World(tmp_path, SandboxOptions(faults=(Fault(kind, first=2, code=502),)))  # type: ignore[arg-type]
    world.account = replace(world.account, content_tag=content_tag, dedup_check=dedup_check)
    for number in range(3):
        world.add(f"p{number}.jpg")
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert finished.snapshot.as_json()["done"] == 3
    world.assert_each_once(3)


def test_strange_files_stop_nobody(tmp_path: Path) -> None:
    """FIFO, socket, link loop, a directory and a name with a newline, all named .jpg."""
    world = World(tmp_path)
    os.mkfifo(world.photos / "fifo.jpg")
    (world.photos / "loop.jpg").symlink_to("loop.jpg")
    (world.photos / "dir.jpg").mkdir()
    world.add("dir.jpg/in\nside.jpg")
    world.add("{stem}.jpg")
    world.add("x" * 240 + ".jpg")
    finished = world.backfill()
    assert finished.ending is Ending.DONE
    assert finished.snapshot.as_json()["found"] == 3
    world.assert_each_once(3)


def test_five_hundred_twins_are_one_photo(tmp_path: Path) -> None:
    """They are decided in the commit of their leader."""
    world = World(tmp_path, SandboxOptions(ticket_seconds=20.0))
    for number in range(500):
        world.add(f"p{number}.jpg", JPEG + b"the same")
    finished = world.backfill()
    assert finished.snapshot.count(State.DUPLICATE) == 499
    assert_adds_up(finished)
    world.assert_each_once(1)
    assert {job.photo_id for job in world.jobs()} == {world.job_of("p0.jpg").photo_id}


# --- duplicates that the service names --------------------------------------------------------


def pending_twin(tmp_path: Path, *faults: Fault, seconds: float) -> World:
    """The reply to the first send is lost, and the photo is converted for longer than is looked."""
    world = World(tmp_path, SandboxOptions(ticket_seconds=seconds))
    world.add("p.jpg")
    for fault in (Fault("lose-reply", where="upload", first=1), *faults):
        world.sandbox.faults.add(fault)
    return world


def test_a_duplicate_that_is_lost_while_it_is_converted_is_sent_again(tmp_path: Path) -> None:
    """Error 9 names the photo of the first send, which is never to be."""
    fails = Fault("ticket-fails", where="upload", first=1)
    world = pending_twin(tmp_path, fails, seconds=1000)
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(1)
    assert len(world.uploads()) == 3
    assert world.job_of("p.jpg").photo_id in {photo.id for photo in world.sandbox.photos}


def test_a_duplicate_that_is_converted_at_last_is_found(tmp_path: Path) -> None:
    """The search knows it by then; nothing is sent a third time."""
    world = pending_twin(tmp_path, seconds=1000)
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(1)
    assert len(world.uploads()) == 2


def test_a_duplicate_that_nobody_ever_sees_is_for_a_person(tmp_path: Path) -> None:
    """The service names it for ever, and never shows it: not sent for ever."""
    world = pending_twin(tmp_path, seconds=1e9)
    assert world.backfill().ending is Ending.FAILED
    job = world.job_of("p.jpg")
    assert (job.state, job.reason and job.reason.code) == (State.FAILED, "unknown-outcome")
    assert len(world.uploads()) == 20
