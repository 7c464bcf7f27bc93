"""`backfill --no-wait`: it ends as soon as all that is left waits, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from simulation import world as worlds
from simulation.first_upload import UPLOAD
from simulation.parties import Party, Together, ended, until
from simulation.world import World
from uploadd.delivery.suspects import STRIKES
from uploadd.files.reaching import Roots
from uploadd.model.configuration import ServiceName
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.model.states import State
from uploadd.model.verdicts import Pause, Reason
from uploadd.operations.backfill.delivering import Ending
from uploadd.operations.backfill.endings import Finished
from uploadd.operations.backfill.news import Turn
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.store import pauses

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

LOGIN = "flickr.test.login"


class SlowLogin(httpx.AsyncBaseTransport):
    """The way to the sandbox, on which a probe takes ten seconds."""

    def __init__(self, world: World, before: Callable[[httpx.Request], None] | None = None) -> None:
        self._inner = InProcessTransport(world.app)
        self._before = before

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = (await request.aread()).decode(errors="replace")
        if parse_qs(body).get("method") == [LOGIN]:
            await asyncio.sleep(10)
        if self._before is not None:
            self._before(request)
        return await self._inner.handle_async_request(request)


def with_budget(world: World, calls_per_hour: int, files: int) -> World:
    """Many files, and few calls."""
    world.set_accounts(calls_per_hour=calls_per_hour)
    for number in range(files):
        world.add(f"p{number:02}.jpg")
    return world


# --- the call budget --------------------------------------------------------------------------


def test_open_tickets_that_wait_for_the_budget_are_left(tmp_path: Path) -> None:
    """Thirty calls an hour, sixty photos, and tickets that take their time."""
    world = with_budget(World(tmp_path, SandboxOptions(ticket_seconds=1500.0)), 30, 60)
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.count(State.PROCESSING) > 0
    assert finished.snapshot.seconds < 1500
    assert len(world.sandbox.journal) == 30


def test_open_tickets_for_which_there_are_calls_are_seen_through(tmp_path: Path) -> None:
    """A tenth of the budget is kept for them."""
    world = with_budget(World(tmp_path, SandboxOptions(ticket_seconds=2.0)), 30, 60)
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.count(State.PROCESSING) == 0
    assert finished.snapshot.count(State.DONE) > 20


def test_look_ups_that_wait_for_the_budget_are_left(tmp_path: Path) -> None:
    """Every reply is lost, and the account may ask no more."""
    lost = SandboxOptions(faults=(Fault("lose-reply", rate=1.0),), search_lag_seconds=9000.0)
    finished = with_budget(World(tmp_path, lost), 12, 20).backfill(no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.count(State.UNCERTAIN) > 0
    assert finished.snapshot.seconds < 1800


def test_a_photo_to_be_filed_that_waits_for_the_budget_is_left(tmp_path: Path) -> None:
    """The call that files it has to wait as any other."""
    world = with_budget(World(tmp_path, SandboxOptions(ticket_seconds=0.0)), 8, 1)
    world.backfill()
    with closing(world.database()) as db, db.conn:
        db.execute("UPDATE jobs SET state = 'filing', kind = 'replace'")
    world.set_accounts(calls_per_hour=len(world.sandbox.journal))
    assert world.backfill(no_wait=True).ending is Ending.WOULD_WAIT


@pytest.mark.parametrize("service", ServiceName)
def test_a_budget_that_is_used_up_before_the_start(tmp_path: Path, service: ServiceName) -> None:
    """Not even the login can be asked about: 75 all the same, and soon."""
    world = with_budget(World(tmp_path, services=(service,)), 10, 3)
    world.backfill()
    world.add("new.jpg")
    world.set_accounts(calls_per_hour=max(1, len(world.sandbox.journal) - 1))
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.seconds < 100


# --- pauses that are not tried yet ------------------------------------------------------------


def test_a_login_that_is_refused_meanwhile_is_77(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the probe that confirms it is under way."""
    monkeypatch.setattr(worlds, "LOOK_SECONDS", 1.0)
    world = World(tmp_path)
    for number in range(20):
        world.add(f"p{number:02}.jpg")

    def revoke(_request: httpx.Request) -> None:
        if len(world.uploads()) >= 6:
            world.sandbox.logins.revoke("sandbox-token")

    world.transport = SlowLogin(world, revoke)
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.CREDENTIALS
    assert finished.snapshot.pending > 0


def test_a_login_that_is_refused_and_cannot_be_asked_about_is_77(tmp_path: Path) -> None:
    """There is no call left for its probe: it stays refused."""
    world = with_budget(World(tmp_path), 10, 3)
    world.backfill()
    world.add("new.jpg")
    world.set_accounts(calls_per_hour=max(1, len(world.sandbox.journal) - 1))
    pause_before(world, PauseCause.CREDENTIALS)
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.CREDENTIALS
    assert finished.snapshot.seconds < 100


@pytest.mark.parametrize(
    "cause", [PauseCause.AWAY, PauseCause.BREAKER, PauseCause.CREDENTIALS, PauseCause.CLOCK]
)
def test_a_pause_of_an_earlier_run_is_tried_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: PauseCause
) -> None:
    """A nightly backfill is not held up by the outage of the night before."""
    monkeypatch.setattr(worlds, "LOOK_SECONDS", 1.0)
    world = World(tmp_path)
    world.add("a.jpg")
    world.backfill()
    world.add("b.jpg")
    pause_before(world, cause)
    world.transport = SlowLogin(world)
    assert world.backfill(no_wait=True).ending is Ending.DONE


def pause_before(world: World, cause: PauseCause) -> None:
    """It was paused when the last run ended."""
    with closing(world.database()) as db, db.conn:
        pause = Pause(cause, Reason(str(cause), "it was so"), 7200.0)
        pauses.begin(db, 1, pause, world.now(), 1.0)


def test_a_login_that_is_answered_oddly_ends_with_75(tmp_path: Path) -> None:
    """Nobody knows the code: it is no verdict about the login, and nothing can be done."""
    odd = Fault("error", rate=1.0, code=999, where=LOGIN)
    world = World(tmp_path, SandboxOptions(faults=(odd,)))
    world.add("p.jpg")
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert [pause.code for _, pause in finished.pauses] == ["999"]
    world.sandbox.faults.clear()
    assert world.backfill().ending is Ending.DONE


# --- other waits ------------------------------------------------------------------------------


def test_a_disk_that_is_away_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files in the queue whose disk is gone: somebody mounts it again, or not."""
    world = World(tmp_path, SandboxOptions(wait_seconds=300, wait_every=1))
    world.add("card/p.jpg")
    world.add("card/q.jpg")
    world.backfill(no_wait=True)
    world.sandbox.options.wait_every = 0
    world.runtime.clock.skew += 400.0  # type: ignore[attr-defined]
    monkeypatch.setattr(Roots, "is_on_device", lambda *_: False)
    (world.photos / "card").rename(tmp_path / "elsewhere")
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.seconds < 200


def test_what_another_folder_waits_for_holds_nobody_up(tmp_path: Path) -> None:
    """Its ticket is open for hours; here everything that is left is in a long backoff."""
    world = World(tmp_path, SandboxOptions(ticket_seconds=20_000.0))
    world.add("p.jpg")
    world.backfill(stop_after=100.0)
    assert world.states() == {"processing": 1}
    world.photos = tmp_path / "photos2"
    world.photos.mkdir()
    world.folder = replace(world.folder, path=world.photos)
    world.sandbox.faults.add(Fault("error", rate=1.0, code=105))
    world.add("q.jpg")
    finished = world.backfill(no_wait=True)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.seconds < 2000


# --- beside a daemon --------------------------------------------------------------------------


def beside(world: Together, *, no_wait: bool = True) -> Finished:
    """A backfill of `extra` beside a daemon."""

    async def scene() -> Finished:
        world.daemon(Party())
        await asyncio.sleep(5)
        return await ended(world.backfill_of(Party(), no_wait=no_wait))

    finished: Finished = world.play(scene)
    return finished


def test_beside_a_daemon_the_budget_is_not_waited_for_either(tmp_path: Path) -> None:
    """The daemon goes on with it."""
    world = Together(tmp_path, SandboxOptions(ticket_seconds=1500.0))
    world.set_accounts(calls_per_hour=30)
    world.add_extra(60)
    finished = beside(world)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.left_to is not None
    assert finished.snapshot.count(State.PROCESSING) > 0
    assert finished.snapshot.seconds < 1500


def test_beside_a_daemon_a_service_that_answers_no_question(tmp_path: Path) -> None:
    """Tickets are open, and the service is ill: it ends as it does alone."""
    ill = Fault("http-before", rate=1.0, where="flickr.photos.upload.checkTickets")
    world = Together(tmp_path, SandboxOptions(faults=(ill,)))
    world.add_extra(2)
    finished = beside(world)
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.count(State.PROCESSING) == 2
    assert finished.snapshot.seconds < 600


def test_beside_a_daemon_a_refused_login_is_77(tmp_path: Path) -> None:
    """Its probe was made long ago, and is made again for who asks."""
    world = Together(tmp_path)
    world.sandbox.logins.revoke("sandbox-token")
    world.add_extra(2)
    assert beside(world).ending is Ending.CREDENTIALS


def test_beside_a_daemon_a_directory_that_is_away_is_not_waited_for(tmp_path: Path) -> None:
    """The daemon is started again, and the disk is not mounted any more."""
    world = Together(tmp_path, SandboxOptions(ticket_seconds=600.0))
    world.add_extra(2)

    async def scene() -> None:
        first = world.daemon(Party())
        await asyncio.sleep(5)
        client = world.backfill_of(Party(), no_wait=True)
        await until(lambda: world.states() == {"processing": 2})
        first.kill()
        world.extra.rename(tmp_path / "unmounted")
        world.daemon(Party())
        finished = await ended(client)
        assert finished.ending is Ending.WOULD_WAIT
        assert finished.snapshot.seconds < 120

    world.play(scene)


def test_behind_another_backfill_it_does_not_wait(tmp_path: Path) -> None:
    """The daemon of both is gone, and the other one was sooner to go on without it."""
    world = Together(tmp_path, SandboxOptions(ticket_seconds=600.0))
    world.add_extra(2)

    async def scene() -> None:
        daemon = world.daemon(Party())
        await asyncio.sleep(5)
        other = world.backfill_of(Party())
        client = world.backfill_of(Party(), no_wait=True)
        await until(lambda: world.states() == {"processing": 2})
        client.hang()
        daemon.kill()
        await until(lambda: Turn.TOOK_OVER in other.turns)
        client.wake()
        assert (await ended(client)).ending is Ending.WOULD_WAIT
        assert (await ended(other)).ending is Ending.DONE

    world.play(scene)
    world.assert_each_once(2)


@pytest.mark.parametrize("no_wait", [True, False])
def test_an_account_without_a_login_is_77(tmp_path: Path, *, no_wait: bool) -> None:
    """Alone and beside a daemon."""
    world = Together(tmp_path)
    world.set_accounts(token=Secret(""))
    world.add("p.jpg")
    world.add_extra(2)
    assert world.backfill(no_wait=no_wait).ending is Ending.CREDENTIALS
    assert beside(world, no_wait=no_wait).ending is Ending.CREDENTIALS


class Unlucky(httpx.AsyncBaseTransport):
    """A service that refuses one file as if the login were wrong, and then cannot be reached."""

    def __init__(self, world: World) -> None:
        self._inner = InProcessTransport(world.app)
        self._refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._refused == STRIKES:
            raise httpx.ConnectError("no route to host", request=request)
        if request.url.path == UPLOAD and b'filename="a.jpg"' in await request.aread():
            self._refused += 1
            text = "oauth_problem=signature_invalid"
            return httpx.Response(401, text=text, request=request)
        return await self._inner.handle_async_request(request)


def test_an_outage_after_a_file_was_blamed_is_not_waited_for(tmp_path: Path) -> None:
    """What it was refused with is settled: nothing is left to be tried before that counts."""
    world = World(tmp_path)
    world.set_accounts(parallel_uploads=1)
    world.add("a.jpg")
    for number in range(200):
        world.add(f"p{number:03}.jpg")
    world.sandbox.options.read_bytes_per_second = 100
    world.transport = Unlucky(world)
    finished = world.backfill(no_wait=True)
    assert world.job_of("a.jpg").state is State.FAILED
    assert finished.ending is Ending.WOULD_WAIT
    assert finished.snapshot.count(State.QUEUED) > 0
