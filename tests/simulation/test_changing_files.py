"""Files that change, vanish or come back: every moment of a photo's way, times all that can happen.

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

Afterwards everything settles: nothing is doubled, each content that is on the disk in the end is
on the account once (or its job failed for a reason that a person can read), and no job is `done`
or `duplicate` while its photo holds something else.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulation.test_folder import live
from simulation.virtual import InPlaceDisk, VirtualClock
from simulation.world import JPEG, LONG_AGO, World
from uploadd.model.configuration import WatchMode
from uploadd.model.states import TERMINAL, State
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport

CHUNKS = 3 * 256 * 1024
"""Several reads: what happens after the first is during the send."""
POLL_SECONDS = 60.0
LATER_SECONDS = 130.0
WEEK_SECONDS = 7 * 86400.0
SETTLE_STEP_SECONDS = 130.0
"""Two walks of the folder."""
MOST_STEPS = 100

Hook = Callable[[], None]
FollowUp = Callable[[], Any] | None


# --- the moments --------------------------------------------------------------------------------


class Moment:
    """Fires `hook` once, where the moment says."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook
        self.has_come = False

    def come(self) -> None:
        """This is the moment; only the first one counts."""
        if not self.has_come:
            self.has_come = True
            self.hook()

    def come_in(self, seconds: float) -> None:
        """The moment is so many virtual seconds from now."""
        asyncio.get_running_loop().call_later(seconds, self.come)


class AfterAWeek(VirtualClock):
    """The machine was off for eight days: its uptime counts anew."""

    def __init__(self) -> None:
        super().__init__()
        self.skew = WEEK_SECONDS + 86400.0

    def boot(self) -> str:
        """Another run of the machine than before."""
        return "after a week"


class ActingDisk(InPlaceDisk):
    """A disk on which something happens just before a certain piece of work."""

    def __init__(self, moment: Moment, work: str, number: int) -> None:
        self._moment = moment
        self._work = work
        self._left = number

    async def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run `work`; the moment comes before the `number`-th piece of its name."""
        if work.__name__ == self._work:
            self._left -= 1
            if self._left == 0:
                self._moment.come()
        return await super().run(work, *args, **kwargs)


class ActingWire(httpx.AsyncBaseTransport):
    """A network on which something happens so many seconds after the first upload's end."""

    def __init__(self, world: World, moment: Moment, seconds: float) -> None:
        self._inner = InProcessTransport(world.app)
        self._moment = moment
        self._seconds = seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, and let the moment come."""
        try:
            return await self._inner.handle_async_request(request)
        finally:
            if request.url.path == "/services/upload/":
                if self._seconds == 0:
                    self._moment.come()
                else:
                    self._moment.come_in(self._seconds)


def _on_disk(work: str, number: int = 1) -> Callable[[World, Moment], None]:
    def arrange(world: World, moment: Moment) -> None:
        world.runtime = replace(world.runtime, disk=ActingDisk(moment, work, number))

    return arrange


def _on_wire(seconds: float) -> Callable[[World, Moment], None]:
    def arrange(world: World, moment: Moment) -> None:
        world.transport = ActingWire(world, moment, seconds)

    return arrange


def _with_ticket(world: World, moment: Moment) -> None:
    world.sandbox.options.ticket_seconds = 120.0
    _on_wire(10.0)(world, moment)


def _while_uncertain(world: World, moment: Moment) -> None:
    world.sandbox.faults.add(Fault("lose-reply", first=1))
    world.sandbox.options.search_lag_seconds = 200.0
    world.sandbox.options.list_lag_seconds = 200.0
    _on_wire(20.0)(world, moment)


def _while_uncertain_and_absent(world: World, moment: Moment) -> None:
    world.sandbox.faults.add(Fault("http-before", first=1, code=502))
    _on_wire(20.0)(world, moment)


def _while_paused(world: World, moment: Moment) -> None:
    world.sandbox.options.wait_every = 1
    world.sandbox.options.wait_seconds = int(WEEK_SECONDS)
    _on_wire(600.0)(world, moment)


PAUSED = "paused for a week"
MOMENTS: dict[str, Callable[[World, Moment], None]] = {
    "before the hash": _on_disk("examine"),
    "before the send": _on_disk("_open"),
    "as the send begins": _on_disk("read_chunk"),
    "during the send": _on_disk("read_chunk", 2),
    "after the last byte": _on_disk("_sent_instead"),
    "at the reply": _on_wire(0.0),
    "ticket open": _with_ticket,
    "uncertain, and there": _while_uncertain,
    "uncertain, and absent": _while_uncertain_and_absent,
    PAUSED: _while_paused,
}


# --- what happens to the file ---------------------------------------------------------------------


def _photo(letter: str, size: int = CHUNKS) -> bytes:
    return JPEG[:-2] + letter.encode() * (size - len(JPEG)) + JPEG[-2:]


def _write(path: Path, content: bytes, world: World) -> None:
    """In place: the inode stays, as with an editor that writes over it."""
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()
    os.utime(path, (world.now(), world.now()))


def rewritten(world: World, path: Path) -> FollowUp:
    _write(path, _photo("b"), world)
    return None


def grown(world: World, path: Path) -> FollowUp:
    _write(path, path.read_bytes() + b"more" * 10_000, world)
    return None


def truncated(world: World, path: Path) -> FollowUp:
    _write(path, path.read_bytes()[:1000], world)
    return None


def replaced_by_rename(world: World, path: Path) -> FollowUp:
    new = path.with_name(".new.part")
    new.write_bytes(_photo("c"))
    os.utime(new, (world.now(), world.now()))
    new.rename(path)
    return None


def touched(world: World, path: Path) -> FollowUp:
    os.utime(path, (world.now(), world.now()))
    return None


def emptied(world: World, path: Path) -> FollowUp:
    _write(path, b"", world)
    return None


def deleted(_world: World, path: Path) -> FollowUp:
    path.unlink()
    return None


def deleted_and_back(world: World, path: Path) -> FollowUp:
    content = path.read_bytes()
    path.unlink()
    return lambda: world.add("trip/p.jpg", content)


def deleted_and_another_back(world: World, path: Path) -> FollowUp:
    path.unlink()
    return lambda: world.add("trip/p.jpg", _photo("d"), mtime=world.now())


def rewritten_and_back(world: World, path: Path) -> FollowUp:
    """An editor saves, and then the user undoes it."""
    content = path.read_bytes()
    _write(path, _photo("e"), world)
    return lambda: _write(path, content, world)


def renamed(world: World, path: Path) -> FollowUp:
    elsewhere = world.photos / "elsewhere"
    elsewhere.mkdir()
    path.rename(elsewhere / "q.jpg")
    return None


def copied(world: World, path: Path) -> FollowUp:
    shutil.copy(path, world.photos / "copy.jpg")
    return None


def directory_gone(_world: World, path: Path) -> FollowUp:
    shutil.rmtree(path.parent)
    return None


def unmounted_and_back(world: World, _path: Path) -> FollowUp:
    away = world.photos.with_name("away")
    world.photos.rename(away)
    return lambda: away.rename(world.photos)


def symlink(world: World, path: Path) -> FollowUp:
    path.unlink()
    path.symlink_to(world.state_dir.with_name("outside.jpg"))
    return None


def fifo(_world: World, path: Path) -> FollowUp:
    path.unlink()
    os.mkfifo(path)
    return None


def directory(_world: World, path: Path) -> FollowUp:
    path.unlink()
    path.mkdir()
    return None


def unreadable(_world: World, path: Path) -> FollowUp:
    UNREADABLE.add(os.fsencode(path))
    return None


def unreadable_and_back(_world: World, path: Path) -> FollowUp:
    UNREADABLE.add(os.fsencode(path))

    def back() -> None:
        UNREADABLE.clear()
        os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))

    return back


UNREADABLE: set[bytes] = set()
EVENTS = (
    rewritten, grown, truncated, replaced_by_rename, touched, deleted, deleted_and_back,
    rewritten_and_back, renamed, directory_gone, unmounted_and_back, unreadable,
)  # fmt: skip
RARE_EVENTS = (
    emptied, deleted_and_another_back, copied, symlink, fifo, directory, unreadable_and_back,
)  # fmt: skip
IN_PLACE = (rewritten, grown, truncated, rewritten_and_back, deleted, unreadable)


@pytest.fixture(autouse=True)
def _permissions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files that cannot be opened, for root too: the kernel's answer, without its permissions."""
    real = os.open

    def opening(path: Any, *args: Any, **kwargs: Any) -> int:
        if path in UNREADABLE:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", opening)
    yield
    UNREADABLE.clear()


# --- the test -------------------------------------------------------------------------------------


TEARING = ("as the send begins", "during the send", "after the last byte")
OFTEN = ("before the hash", "before the send", "during the send", PAUSED)
CASES = [
    *((moment, event, False) for moment in MOMENTS for event in EVENTS),
    *((moment, event, False) for moment in OFTEN for event in RARE_EVENTS),
    *((moment, event, True) for moment in TEARING for event in IN_PLACE),
]

# Every run takes each seventh, so that each moment and each event is met. All of them by hand, with
# EVERY_CASE=1 in the environment.
PLAYED = CASES if os.environ.get("EVERY_CASE") else CASES[::7]


@pytest.mark.parametrize(
    ("moment", "event", "is_pro"),
    PLAYED,
    ids=[f"{moment}-{event.__name__}{'-pro' * is_pro}" for moment, event, is_pro in PLAYED],
)
def test_whatever_happens_whenever(
    tmp_path: Path, moment: str, event: Callable[[World, Path], FollowUp], *, is_pro: bool
) -> None:
    """It settles, nothing is doubled or lost, and nothing torn is called done."""
    world = World(tmp_path, SandboxOptions(is_pro=is_pro))
    world.folder = replace(
        world.folder, watch=WatchMode.POLL, poll_seconds=POLL_SECONDS, settle_seconds=5.0
    )
    (tmp_path / "outside.jpg").write_bytes(_photo("z"))
    path = world.add("trip/p.jpg", _photo("a"))
    later: list[FollowUp] = []
    the_moment = Moment(lambda: later.append(event(world, path)))
    MOMENTS[moment](world, the_moment)
    if moment == PAUSED:
        live(world, _until(lambda: the_moment.has_come))
        world.sandbox.options.wait_every = 0
        world.runtime = replace(world.runtime, clock=AfterAWeek())
    live(world, _until_settled(world, later))
    assert_kept_promises(world)


def _until(is_true: Callable[[], bool]) -> Callable[[], Awaitable[None]]:
    async def script() -> None:
        while not is_true():  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(60)

    return script


def _until_settled(world: World, later: list[FollowUp]) -> Callable[[], Awaitable[None]]:
    async def script() -> None:
        while not later:  # noqa: ASYNC110 - if the moment never comes, two virtual days end this
            await asyncio.sleep(20)
        await asyncio.sleep(LATER_SECONDS)
        if world.photos.is_dir():
            world.add("bystander.jpg")
        if later[0] is not None:
            later[0]()
        for _ in range(MOST_STEPS):
            await asyncio.sleep(SETTLE_STEP_SECONDS)
            if all(job.state in TERMINAL for job in world.jobs()):
                break
        # once more, for what the last walks may have found
        await asyncio.sleep(SETTLE_STEP_SECONDS)

    return script


def assert_kept_promises(world: World) -> None:
    """What must hold after the dust has settled."""
    jobs, kept = world.jobs(), world.kept()
    story = "\n".join(f"{job.name!r} {job.sha256[:6]} {job.state} {job.reason}" for job in jobs)
    assert all(job.state in TERMINAL for job in jobs), story
    assert set(kept.values()) <= {1}, f"doubled:\n{story}"
    for job in jobs:
        if job.state in (State.DONE, State.DUPLICATE):
            photo = world.sandbox.photos.get(job.photo_id)
            assert photo is not None, story
            assert photo.sha256 == job.sha256, f"called done, and is not:\n{story}"
        else:
            assert job.reason is not None, story
            assert job.reason.code, story
            assert job.reason.text, story
    for path, content in _on_the_disk(world):
        states = {job.state for job in jobs if job.path == path and job.sha256 in ("", content)}
        is_for_a_person = bool(states & {State.FAILED})
        assert content in kept or is_for_a_person, f"lost: {path!r} {content[:6]}\n{story}"


def _on_the_disk(world: World) -> Iterator[tuple[bytes, str]]:
    """Each regular file that is no temporary one: its path and hash."""
    for place, _, names in os.walk(world.photos):
        for name in names:
            path = Path(place, name)
            is_wanted = path.is_file() and not path.is_symlink() and path.stat().st_size
            if is_wanted and not name.startswith("."):
                yield os.fsencode(path), sha256(path.read_bytes()).hexdigest()
