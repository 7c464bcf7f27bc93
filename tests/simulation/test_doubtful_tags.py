"""Photos whose tags prove nothing: two contents told of one photo, or pixels that say otherwise.

Neither a look-up nor an adoption believes them, and nothing is doubled for that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulation.test_changing_files import ActingDisk, Moment
from simulation.test_on_change import hash_of
from simulation.test_restore import Home
from simulation.world import JPEG, World
from uploadd.model.states import State
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.store import ledger, overview
from uploadd.store.connection import DATABASE_NAME
from uploadd.store.mark import MARK_NAME

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

A, B, C = (JPEG + letter * 200 for letter in (b"a", b"b", b"c"))


class Watched(httpx.AsyncBaseTransport):
    """Does something right after each upload was taken, before its reply is known."""

    def __init__(self, world: World, then: Callable[[], None]) -> None:
        self._world, self._then = world, then

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await InProcessTransport(self._world.app).handle_async_request(request)
        finally:
            if request.url.path == "/services/upload/":
                self._then()


def tag(world: World, photo: Any, content: bytes) -> None:
    """As if the file had such a keyword, or somebody had written the tag."""
    world.sandbox.photos.forget(photo)
    photo.tags.append(f"checksum:sha256={hash_of(content)}")
    world.sandbox.put(photo)


def tag_every_photo(world: World, content: bytes) -> Callable[[], None]:
    """What `Watched` does: each photo brings the tag of what it once was."""

    def then() -> None:
        for photo in list(world.sandbox.photos):
            if f"checksum:sha256={hash_of(content)}" not in photo.tags:
                tag(world, photo, content)

    return then


def lose_the_state(world: World) -> None:
    """The whole state directory is gone: nothing shows that there ever was one."""
    for name in (DATABASE_NAME, MARK_NAME):
        (world.state_dir / name).unlink()


def history(world: World, name: str) -> list[str]:
    """What was told of a file's newest job."""
    with closing(world.database()) as db:
        return [row["text"] for row in overview.history_of(db, world.job_of(name).id)]


# --- two contents, one photo ----------------------------------------------------------------------


def test_our_own_photo_with_two_contents_is_found_by_the_service(tmp_path: Path) -> None:
    """No look proves anything, so it is sent again after ten minutes, and the service compares."""
    world = Home(tmp_path, SandboxOptions(faults=(Fault("lose-reply", first=1),)))
    world.add("p.jpg", A)
    world.transport = Watched(world, tag_every_photo(world, B))
    world.backfill()
    assert world.job_of("p.jpg").state is State.DONE
    assert world.kept() == {hash_of(A): 1}
    assert len(world.uploads()) == 2
    assert any("of which none proves anything" in text for text in history(world, "p.jpg"))


def test_where_nothing_compares_a_person_decides(tmp_path: Path) -> None:
    """Neither proof nor disproof: nothing is doubled, and nothing is called done."""
    world = Home(tmp_path, SandboxOptions(faults=(Fault("lose-reply", first=1),)))
    world.account = replace(world.account, dedup_check=0)
    world.add("p.jpg", A)
    world.transport = Watched(world, tag_every_photo(world, B))
    world.backfill()
    job = world.job_of("p.jpg")
    assert job.reason is not None
    assert (job.state, job.reason.code) == (State.FAILED, "unknown-outcome")
    assert "2 such tags" in job.reason.text
    assert world.kept() == {hash_of(A): 1}


def test_a_look_up_does_not_take_another_photo_for_ours(tmp_path: Path) -> None:
    """What never arrived is sent, although a photo has its tag beside its own."""
    world = Home(tmp_path, SandboxOptions())
    world.add("other.jpg", B)
    world.backfill()
    tag(world, next(iter(world.sandbox.photos)), A)
    world.sandbox.faults.add(Fault("http-before", code=502, first=1))
    world.add("p.jpg", A)
    world.backfill()
    assert world.job_of("p.jpg").state is State.DONE
    assert world.kept() == {hash_of(A): 1, hash_of(B): 1}


def with_two_contents(tmp_path: Path, **changes: Any) -> Home:
    """A is on the account, its photo tells of B as well, and the state directory was lost."""
    world = Home(tmp_path)
    world.account = replace(world.account, **changes)
    world.add("a.jpg", A)
    world.backfill()
    tag(world, next(iter(world.sandbox.photos)), B)
    lose_the_state(world)
    world.pass_time(3600.0)
    adopted = world.adopt()
    assert (adopted.photos, adopted.tagged, adopted.new, adopted.doubtful) == (1, 0, 0, 1)
    world.add("b.jpg", B)
    world.backfill()
    return world


def test_an_adoption_believes_neither_of_two_contents(tmp_path: Path) -> None:
    """What is not there is sent, and what is there is found by the service."""
    world = with_two_contents(tmp_path)
    assert world.job_of("a.jpg").state is State.DUPLICATE
    assert world.job_of("b.jpg").state is State.DONE
    assert world.kept() == {hash_of(A): 1, hash_of(B): 1}


def test_an_adoption_where_nothing_compares(tmp_path: Path) -> None:
    """Each of the two may be there: both are looked up, and a person decides."""
    world = with_two_contents(tmp_path, dedup_check=0)
    for name in ("a.jpg", "b.jpg"):
        job = world.job_of(name)
        assert job.reason is not None
        assert (job.state, job.reason.code) == (State.FAILED, "unknown-outcome")
    assert world.kept() == {hash_of(A): 1}


@pytest.mark.parametrize("dedup_check", [0, 1])
def test_an_adoption_after_a_restore_doubles_nothing(tmp_path: Path, dedup_check: int) -> None:
    """Such a photo is not shown absent by a list of single tags."""
    world = Home(tmp_path)
    world.account = replace(world.account, dedup_check=dedup_check)
    world.backfill()
    backup = world.back_up()
    world.add("a.jpg", A)
    world.backfill()
    tag(world, next(iter(world.sandbox.photos)), B)
    world.pass_time(3600.0)
    world.restore(backup)
    world.backfill(stop_after=10.0)
    assert world.job_of("a.jpg").state is State.UNCERTAIN
    assert world.adopt().is_settled
    world.backfill()
    world.assert_each_once(1)


# --- pixels that say otherwise --------------------------------------------------------------------


def picture(width: int, height: int, letter: bytes, beyond: bytes = b"") -> bytes:
    """A JPEG of this size, as far as its frame tells. `beyond`: more of its scan."""
    frame = b"\xff\xc0\x00\x0b\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + letter * 200 + beyond + b"\xff\xd9"
    return b"\xff\xd8" + frame + b"\x01\x01\x11\x00" + scan


SMALL, LARGE = picture(640, 480, b"s"), picture(800, 600, b"l")
CHUNKS = bytes(3 * 256 * 1024)


def with_stale_tag(tmp_path: Path, **changes: Any) -> Home:
    """A photo of SMALL is on the account, under a tag that tells of LARGE alone."""
    world = Home(tmp_path)
    world.account = replace(world.account, **changes)
    path = world.add("photo.jpg", SMALL)
    world.backfill()
    (photo,) = world.sandbox.photos
    tag(world, photo, LARGE)
    world.sandbox.photos.forget(photo)
    photo.tags.remove(f"checksum:sha256={hash_of(SMALL)}")
    world.sandbox.put(photo)
    path.unlink()
    return world


def test_what_a_stale_tag_tells_of_is_sent(tmp_path: Path) -> None:
    """The photo has other pixels than the file: it is no duplicate, and its story says why."""
    world = with_stale_tag(tmp_path)
    lose_the_state(world)
    world.pass_time(3600.0)
    assert world.adopt().tagged == 1
    world.add("copy.jpg", LARGE)
    world.backfill()
    assert world.job_of("copy.jpg").state is State.DONE
    assert world.kept() == {hash_of(SMALL): 1, hash_of(LARGE): 1}
    told = history(world, "copy.jpg")[0]
    assert "has its tag, but 640 x 480 pixels, and the file has 800 x 600" in told


def test_a_file_that_waited_for_the_adoption_is_sent_too(tmp_path: Path) -> None:
    """It was in the queue before the ledger had the photo."""
    world = with_stale_tag(tmp_path)
    lose_the_state(world)
    world.pass_time(3600.0)
    world.sandbox.options.wait_every = 1
    world.add("copy.jpg", LARGE)
    world.add("other.jpg", A)
    world.account = replace(world.account, parallel_uploads=1)
    world.backfill(stop_after=5.0)
    assert world.states()["queued"] >= 1
    world.sandbox.options.wait_every = 0
    world.adopt()
    world.pass_time(7 * 86400.0)
    world.backfill()
    assert world.job_of("copy.jpg").state is State.DONE
    assert world.kept()[hash_of(LARGE)] == 1


def turned(photo: Any) -> None:
    photo.width, photo.height = 600, 800


def converted(photo: Any) -> None:
    """Of another type; the service keeps another size."""
    photo.width, photo.height = 10, 20
    photo.stored_as = "00000001.png"


def untold(photo: Any) -> None:
    photo.width, photo.height = 0, 0


@pytest.mark.parametrize("change", [turned, converted, untold])
def test_pixels_that_show_nothing_leave_the_tag_believed(
    tmp_path: Path, change: Callable[[Any], None]
) -> None:
    """Turned by 90 degrees, of another type, or not told."""
    world = Home(tmp_path)
    world.add("p.jpg", LARGE)
    world.backfill()
    change(next(iter(world.sandbox.photos)))
    lose_the_state(world)
    world.pass_time(3600.0)
    world.adopt()
    sent = len(world.uploads())
    world.backfill()
    assert world.job_of("p.jpg").state is State.DUPLICATE
    assert len(world.uploads()) == sent


@pytest.mark.parametrize("dedup_check", [1, 0])
def test_a_look_up_goes_by_the_pixels_too(tmp_path: Path, dedup_check: int) -> None:
    """A send that never arrived is not found in a photo that only has its tag."""
    world = with_stale_tag(tmp_path, dedup_check=dedup_check)
    lose_the_state(world)
    world.sandbox.faults.add(Fault("http-before", code=502, first=1))
    world.add("p.jpg", LARGE)
    world.backfill()
    job = world.job_of("p.jpg")
    if dedup_check:
        assert job.state is State.DONE
        assert world.kept() == {hash_of(SMALL): 1, hash_of(LARGE): 1}
    else:
        assert job.reason is not None
        assert (job.state, job.reason.code) == (State.FAILED, "unknown-outcome")
        assert "640 x 480 pixels" in job.reason.text


def test_a_mixture_is_found_by_its_tag_whatever_its_pixels(tmp_path: Path) -> None:
    """The file changed under a send whose reply was lost: that photo is ours, and a person's."""
    world = Home(tmp_path, SandboxOptions(faults=(Fault("lose-reply", first=1),)))
    path = world.add("p.jpg", picture(800, 600, b"l", CHUNKS))

    def rewrite(width: int, height: int) -> None:
        path.write_bytes(picture(width, height, b"s", CHUNKS))
        os.utime(path, (world.now(), world.now()))

    during, after = Moment(lambda: rewrite(640, 480)), Moment(lambda: rewrite(300, 200))
    world.runtime = replace(world.runtime, disk=ActingDisk(during, "read_chunk", 1))
    world.transport = Watched(world, after.come)
    world.backfill()
    (torn,) = [job for job in world.jobs() if job.reason and job.reason.code == "torn"]
    assert torn.state is State.FAILED
    assert torn.photo_id is not None


def test_an_adoption_does_not_settle_a_send_that_its_pixels_contradict(tmp_path: Path) -> None:
    """It may have arrived all the same: the doubt stands until the looks are over."""
    world = with_stale_tag(tmp_path)
    lose_the_state(world)
    world.sandbox.faults.add(Fault("http-before", code=502, first=1))
    world.add("p.jpg", LARGE)
    world.backfill(stop_after=10.0)
    assert world.job_of("p.jpg").state is State.UNCERTAIN
    world.pass_time(3600.0)
    assert world.adopt().tagged == 1
    with closing(world.database()) as db:
        entry = ledger.entry(db, 1, hash_of(LARGE))
    assert entry is not None
    assert entry.state == "maybe"
    world.backfill()
    assert world.kept() == {hash_of(SMALL): 1, hash_of(LARGE): 1}
