"""Accounts that fill up, and numbers that are late, wrong, or not told at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from simulation.first_upload import MP4
from simulation.test_folder import live, nothing, steps
from simulation.world import JPEG, World
from uploadd.model.configuration import ServiceName, WatchMode
from uploadd.model.pauses import ActivePause, PauseCause
from uploadd.model.states import State
from uploadd.operations import pausing
from uploadd.operations.backfill.delivering import Ending, Finished
from uploadd.operations.retrying import Wish, retry
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.store import accounts

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

HOUR = 3600.0
STATUS = "flickr.people.getUploadStatus"
# 200 bytes take two seconds, so that four uploads are under way at a time.
SLOW = 100


class Told(httpx.AsyncBaseTransport):
    """The way to the sandbox, on which Flickr's numbers are changed."""

    def __init__(self, world: World, change: Callable[[dict[str, Any]], None]) -> None:
        self._inner = InProcessTransport(world.app)
        self._change = change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/rest/"):
            return await self._inner.handle_async_request(request)
        asked = parse_qs((await request.aread()).decode())
        response = await self._inner.handle_async_request(request)
        if asked.get("method") != [STATUS]:
            return response
        reply = json.loads(await response.aread())
        self._change(reply["user"])
        return httpx.Response(200, json=reply)


def with_photos(
    tmp_path: Path,
    count: int,
    options: SandboxOptions,
    service: ServiceName = ServiceName.FLICKR,
) -> World:
    """A world with photos, and some time for each upload."""
    options.read_bytes_per_second = SLOW
    world = World(tmp_path, options, services=(service,))
    for number in range(count):
        world.add(f"p{number:02}.jpg")
    return world


def refused(world: World) -> int:
    """How many uploads were begun in vain."""
    return sum(entry.outcome != "ok" for entry in world.uploads())


def the_pause(finished: Finished) -> ActivePause:
    """The one pause that holds at the end."""
    ((_, pause),) = finished.pauses
    return pause


def later(world: World, seconds: float, change: Callable[[], None]) -> Finished:
    """A backfill for six hours, in the middle of which something changes on the account."""
    real = world.configuration

    def configuration() -> Any:
        world.configuration = real  # type: ignore[method-assign]
        asyncio.get_running_loop().call_later(seconds, change)
        return real()

    world.configuration = configuration  # type: ignore[method-assign]
    return world.backfill(stop_after=6 * HOUR)


def test_the_last_places_are_not_stormed(tmp_path: Path) -> None:
    """Four uploads at a time, and not one of them is begun where there is no place for it."""
    world = with_photos(tmp_path, 20, SandboxOptions(max_items=10))
    finished = world.backfill(stop_after=0.5 * HOUR)
    assert world.states() == {"done": 10, "queued": 10}
    assert refused(world) == 0
    pause = the_pause(finished)
    assert (pause.cause, pause.code) == (PauseCause.FULL, "full")
    assert pause.text == "the account is full: 10 of 10 items"
    assert pause.remedy
    assert {job.trail.attempts for job in world.jobs() if job.state is State.QUEUED} == {0}
    # At the start, and once more when the places were used up.
    assert len(world.sandbox.journal.of(STATUS)) == 2
    assert len(world.sandbox.journal.of("flickr.people.getLimits")) == 1


def test_an_account_that_was_full_before_is_sent_nothing(tmp_path: Path) -> None:
    """The quota is asked for before the first send, at each start."""
    world = with_photos(tmp_path, 4, SandboxOptions(max_items=4))
    world.backfill()
    world.add("one-more.jpg")
    for times in (1, 2):
        assert world.backfill(no_wait=True).ending is Ending.WOULD_WAIT, times
    assert len(world.uploads()) == 4
    world.sandbox.options.max_items = 5
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(5)


def test_it_goes_on_by_itself_when_items_were_deleted(tmp_path: Path) -> None:
    """Within the hour; and stops again where that room ends, with nothing refused."""
    world = with_photos(tmp_path, 20, SandboxOptions(max_items=10))

    def delete_three() -> None:
        for photo in list(world.sandbox.photos)[:3]:
            world.sandbox.delete(photo.id)

    later(world, 1.5 * HOUR, delete_three)
    assert world.states() == {"done": 13, "queued": 7}
    assert refused(world) == 0
    assert [entry.time for entry in world.uploads()][10] - world.uploads()[0].time <= 2.5 * HOUR


def test_numbers_that_lag_cost_no_more_than_the_parallel_uploads(tmp_path: Path) -> None:
    """The service refuses (6) while it shows room: an hour's pause, which says what was shown."""
    world = with_photos(tmp_path, 20, SandboxOptions(max_items=10))

    def late(user: dict[str, Any]) -> None:
        user["upload_count"] = max(0, user["upload_count"] - 5)

    world.transport = Told(world, late)
    finished = world.backfill(stop_after=0.9 * HOUR)
    assert world.states() == {"done": 10, "queued": 10}
    assert 1 <= refused(world) <= 4
    pause = the_pause(finished)
    assert (pause.code, pause.cause) == ("6", PauseCause.FULL)
    assert "of 10 items when it was asked last" in pause.text
    later(world, 0.0, lambda: None)
    assert refused(world) <= 4 * 4
    world.transport, world.sandbox.options.max_items = None, 0
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(20)


@pytest.mark.parametrize("shape", ["missing", "empty", "lots", "null"])
def test_a_quota_that_says_nothing_stops_nothing(tmp_path: Path, shape: Any) -> None:
    """Neither where there is room, nor where there is none: then the service refuses."""
    world = with_photos(tmp_path, 12, SandboxOptions(quota_shape=shape))
    assert world.backfill().ending is Ending.DONE
    world.sandbox.options.max_items = 12
    world.add("too-many.jpg")
    assert the_pause(world.backfill(stop_after=60.0)).code == "6"
    world.assert_each_once(12)


def test_full_of_videos_lets_the_photos_go_on(tmp_path: Path) -> None:
    """And videos go on when there is room for them."""
    world = with_photos(tmp_path, 8, SandboxOptions(max_videos=2))
    for number in range(5):
        world.add(f"a-film{number}.mp4", MP4 + world.dice.randbytes(300))
    pause = the_pause(world.backfill(stop_after=0.5 * HOUR))
    assert (pause.cause, pause.text) == (
        PauseCause.VIDEOS_FULL,
        "the account takes no more videos",
    )
    assert world.states() == {"done": 10, "queued": 3}
    assert {job.is_video for job in world.jobs() if job.state is State.QUEUED} == {True}
    assert refused(world) == 0
    world.sandbox.options.max_videos = 0
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(13)


@pytest.mark.parametrize("service", ServiceName)
def test_a_month_that_is_nearly_used_up_takes_what_fits(
    tmp_path: Path, service: ServiceName
) -> None:
    """Smaller files go on; where nothing fits any more, the account waits."""
    shape: Any = "old-free" if service is ServiceName.FLICKR else "account"
    options = SandboxOptions(quota_shape=shape, max_month_bytes=2000, max_videos=9)
    world = with_photos(tmp_path, 5, options, service)
    world.add("a-large-one.jpg", JPEG + world.dice.randbytes(1500))
    pause = the_pause(world.backfill(stop_after=0.5 * HOUR))
    assert pause.cause is PauseCause.FULL
    assert "more this month" in pause.text
    assert world.states() == {"done": 3, "queued": 3}
    assert world.job_of("a-large-one.jpg").state is State.DONE
    assert refused(world) == 0
    world.sandbox.options.max_month_bytes = 4000
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(6)


def test_one_large_file_holds_no_small_ones_up(tmp_path: Path) -> None:
    """It waits for the next month by itself."""
    options = SandboxOptions(quota_shape="old-free", max_month_bytes=2000, max_videos=9)
    world = with_photos(tmp_path, 5, options)
    world.add("a-large-one.jpg", JPEG + world.dice.randbytes(3000))
    pause = the_pause(world.backfill(stop_after=3.5 * HOUR))
    assert pause.cause is PauseCause.FULL
    assert world.states() == {"done": 5, "queued": 1}
    assert refused(world) == 0
    world.sandbox.options.max_month_bytes = 0
    assert world.backfill(stop_after=2 * HOUR).ending is Ending.DONE


def test_a_file_too_large_fails_before_a_byte_is_sent(tmp_path: Path) -> None:
    """For its kind: the same size may be right for a video."""
    world = with_photos(tmp_path, 2, SandboxOptions(max_photo_bytes=1000, max_video_bytes=3000))
    world.add("large.jpg", JPEG + world.dice.randbytes(2000))
    world.add("film.mp4", MP4 + world.dice.randbytes(2000))
    assert world.backfill().ending is Ending.FAILED
    reason = world.job_of("large.jpg").reason
    assert reason is not None
    assert reason.code == "too-large"
    assert "2,018 bytes" in reason.text
    assert "at most 1.0 kB (1,000 bytes)" in reason.text
    assert world.states() == {"done": 3, "failed": 1}
    assert len(world.uploads()) == 3


def test_a_person_may_know_better(tmp_path: Path) -> None:
    """Numbers that show no room where there is some: `resume` has it tried, and that proves it."""
    world = with_photos(tmp_path, 9, SandboxOptions())
    full = {"upload_count": 1000, "upload_limit": 1000}
    world.transport = Told(world, lambda user: user.update(full))
    assert the_pause(world.backfill(stop_after=3.5 * HOUR)).code == "full"
    assert world.uploads() == []
    pausing.resume(world.configuration(), "me", world.now())
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(9)


def test_a_person_who_is_wrong_costs_a_few_refusals(tmp_path: Path) -> None:
    """Then the account is paused by the service itself."""
    world = with_photos(tmp_path, 9, SandboxOptions(max_items=3))
    world.backfill(stop_after=60.0)
    pausing.resume(world.configuration(), "me", world.now())
    assert the_pause(world.backfill(stop_after=60.0)).code == "6"
    assert 1 <= refused(world) <= 4
    world.assert_each_once(3)


@pytest.mark.parametrize("kind", ["http-before", "garbage", "error"])
def test_a_quota_that_cannot_be_asked_holds_nothing_up(tmp_path: Path, kind: Any) -> None:
    """It is asked again an hour later."""
    fault = Fault(kind, rate=1.0, code=112 if kind == "error" else None, where=STATUS)
    world = with_photos(tmp_path, 6, SandboxOptions(faults=(fault,)))
    assert world.backfill(stop_after=0.5 * HOUR).ending is Ending.DONE
    world.assert_each_once(6)
    assert len(world.sandbox.journal.of(STATUS)) <= 3


def test_a_full_account_holds_no_other_up(tmp_path: Path) -> None:
    """Each has its own room."""
    world = World(tmp_path, SandboxOptions(max_items=2), services=tuple(ServiceName))
    for number in range(5):
        world.add(f"p{number}.jpg")
    finished = world.backfill(stop_after=0.5 * HOUR)
    assert [name for name, _ in finished.pauses] == ["me"]
    assert world.states() == {"done": 7, "queued": 3}


# --- a person knows that the account takes more now -------------------------------------------


def with_one_too_large(tmp_path: Path, *faults: Fault) -> World:
    """A daemon's folder with one file that is larger than the account's photos may be."""
    world = World(tmp_path, SandboxOptions(max_photo_bytes=1000, faults=faults))
    world.folder = replace(world.folder, watch=WatchMode.POLL, poll_seconds=600.0)
    world.add("small.jpg")
    world.add("large.jpg", JPEG + bytes(2000))
    return world


def raise_the_limit(world: World) -> None:
    world.sandbox.options.max_photo_bytes = 5000
    (outcome,) = [retry(world.configuration(), Wish(code="too-large"), world.now())]
    assert len(outcome.queued) == 1


def test_a_retry_of_a_file_too_large_asks_for_the_limits_first(tmp_path: Path) -> None:
    """The running daemon's numbers are minutes old, and would refuse it again."""
    world = with_one_too_large(tmp_path)
    live(world, steps((300, lambda: raise_the_limit(world)), (60, nothing)))
    assert world.states() == {"done": 2}
    assert len(world.sandbox.journal.of(STATUS)) == 2
    made = [entry.endpoint for entry in world.sandbox.journal]
    assert made.index(STATUS, made.index("upload")) < made.index("upload", made.index("upload") + 1)


def test_limits_in_doubt_that_are_not_told_hold_nothing_up(tmp_path: Path) -> None:
    """The service answers the question with a fault: it is sent, and the service judges."""
    world = with_one_too_large(tmp_path, Fault("http-before", at=(2, 3, 4, 5), where=STATUS))
    live(world, steps((300, lambda: raise_the_limit(world)), (60, nothing)))
    assert world.states() == {"done": 2}


def test_a_retry_during_the_question_asks_once_more(tmp_path: Path) -> None:
    """The answer that is under way may be the old one."""
    world = with_one_too_large(tmp_path)
    world.transport = Told(world, lambda _user: changes.pop()() if changes else None)
    changes: list[Callable[[], None]] = []

    def retried() -> None:
        changes.append(lambda: retry_late(world))
        retry(world.configuration(), Wish(code="too-large"), world.now())

    live(world, steps((300, retried), (60, nothing)))
    assert world.states() == {"done": 2}


def retry_late(world: World) -> None:
    """The limit is raised, and the file retried, while the service's old answer is on its way."""
    world.sandbox.options.max_photo_bytes = 5000
    with closing(world.database()) as db, db.conn:
        accounts.doubt_limits(db, 1)


def test_a_resume_of_a_full_account_asks_again(tmp_path: Path) -> None:
    """Somebody made room, and says so: that is seen at once, and counts from then on."""
    world = World(tmp_path, SandboxOptions(max_items=3))
    world.folder = replace(world.folder, watch=WatchMode.POLL, poll_seconds=600.0)
    for number in range(9):
        world.add(f"p{number}.jpg")

    def make_room() -> None:
        world.sandbox.options.max_items = 5
        pausing.resume(world.configuration(), "me", world.now())

    live(world, steps((300, make_room), (120, nothing)))
    assert world.states() == {"done": 5, "queued": 4}
    assert refused(world) == 0
