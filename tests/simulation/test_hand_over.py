"""Who delivers, and the hand-over between a daemon and backfills, on virtual time."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from simulation.parties import Party, Together, ended, failure, until
from simulation.virtual import EPOCH
from uploadd.daemon import Stop
from uploadd.model.errors import StoreBusyError, UsageError
from uploadd.operations.backfill.asking import asked_of
from uploadd.operations.backfill.endings import Ending
from uploadd.operations.backfill.news import Turn
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.sandbox import SandboxOptions
from uploadd.store import backfills, lock
from uploadd.store.connection import open_database

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")


@pytest.fixture
def world(tmp_path: Path) -> Together:
    """Ten photos in `extra`; a ticket takes a while, so that a hand-over has something to meet."""
    world = Together(tmp_path, SandboxOptions(ticket_seconds=5.0))
    world.add_extra(10)
    return world


def requests(world: Together) -> list[backfills.Request]:
    with closing(open_database(world.state_dir)) as db:
        return backfills.everything(db)


def test_a_backfill_beside_a_daemon_is_its_client(world: Together) -> None:
    """The daemon sends everything, the client shows it, and its row is gone at the end."""

    async def scene() -> None:
        daemon = world.daemon(Party())
        await asyncio.sleep(5)
        client = world.backfill_of(Party())
        finished = await ended(client)
        assert finished.ending is Ending.DONE
        sums = finished.snapshot.as_json()
        assert (sums["found"], sums["done"], sums["pending"]) == (10, 10, 0)
        assert sums["bytes_sent"] == sum(p.stat().st_size for p in world.extra.iterdir())
        assert sums["api_calls"] >= 10
        assert "ids=" in sums["edit_url"]
        assert client.turns == [Turn.JOINED]
        assert daemon.task is not None
        assert not daemon.task.done()

    world.play(scene)
    world.assert_each_once(10)
    assert requests(world) == []


def test_ctrl_c_in_the_client_only_detaches(world: Together) -> None:
    """The daemon goes on, and forgets the request when its last file has ended."""

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        stop = asyncio.Event()
        client = world.backfill_of(Party(), stop=stop)
        await until(lambda: client.turns == [Turn.JOINED])
        stop.set()
        finished = await ended(client)
        assert finished.ending is Ending.INTERRUPTED
        assert finished.left_to is not None
        await until(lambda: world.states() == {"done": 10})
        await until(lambda: requests(world) == [])

    world.play(scene)
    world.assert_each_once(10)


def test_a_daemon_that_does_not_see_the_directory_refuses(
    world: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another directory at the same path: a usage error with a remedy, and no row is left."""
    monkeypatch.setattr("uploadd.intake.obstacles.place_of", lambda _directory: "1:2")

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        error = await failure(world.backfill_of(Party()))
        assert isinstance(error, UsageError)
        assert "another directory" in error.text
        assert "docs/service.md" in error.remedy

    world.play(scene)
    assert requests(world) == []
    assert world.uploads() == []


def test_a_daemon_with_another_configuration_refuses(world: Together) -> None:
    """What it would send is not what the person was told."""

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        name, world.account = world.account, type(world.account)(name="other")
        world.folder = type(world.folder)("camera", world.photos, ("other",))
        error = await failure(world.backfill_of(Party()))
        world.account = name
        assert isinstance(error, UsageError)
        assert "other settings of folders or accounts" in error.text

    world.play(scene)
    assert requests(world) == []


def test_a_daemon_beside_a_backfill_gets_its_turn(world: Together) -> None:
    """The backfill yields, and goes on as the daemon's client."""
    world.add("mine.jpg")

    async def scene() -> None:
        backfill = world.backfill_of(Party())
        await until(lambda: len(world.uploads()) >= 3)
        daemon = world.daemon(Party())
        finished = await ended(backfill)
        assert backfill.turns == [Turn.YIELDED, Turn.JOINED]
        assert finished.ending is Ending.DONE
        assert finished.snapshot.as_json()["done"] == 10
        assert finished.snapshot.bytes_sent == sum(p.stat().st_size for p in world.extra.iterdir())
        await until(lambda: world.states() == {"done": 11})
        assert daemon.task is not None
        assert not daemon.task.done()

    world.play(scene)
    world.assert_each_once(11)
    assert requests(world) == []


def test_a_daemon_that_dies_while_it_waits_is_not_waited_for(world: Together) -> None:
    """The lock is free and nobody takes it: the backfill takes it back."""

    async def scene() -> None:
        daemon = Party()
        backfill = world.backfill_of(Party())
        await until(lambda: len(world.uploads()) >= 3)
        world.daemon(daemon)
        await until(lambda: Turn.YIELDED in backfill.turns or daemon_waits(world))
        daemon.kill()
        finished = await ended(backfill)
        assert finished.ending is Ending.DONE
        assert Turn.JOINED not in backfill.turns

    world.play(scene)
    world.assert_each_once(10)
    assert requests(world) == []


def test_a_daemon_that_hangs_at_its_turn_is_passed_over(world: Together) -> None:
    """It holds its place in the queue and does not take the lock: after ten seconds it is late."""

    async def scene() -> None:
        daemon = Party()
        backfill = world.backfill_of(Party())
        await until(lambda: len(world.uploads()) >= 3)
        world.daemon(daemon)
        await until(lambda: daemon_waits(world))
        daemon.hang()
        finished = await ended(backfill)
        assert backfill.turns == [Turn.YIELDED, Turn.TAKEN_BACK]
        assert finished.ending is Ending.DONE
        daemon.wake()
        await until(lambda: holder(world) == "run")

    world.play(scene)
    world.assert_each_once(10)


def test_a_daemon_that_is_stopped_while_it_waits_takes_its_wish_back(world: Together) -> None:
    """A clean end; the backfill was not disturbed for good."""

    async def scene() -> None:
        backfill = world.backfill_of(Party())
        await until(lambda: len(world.uploads()) >= 3)
        stop = Stop()
        daemon = world.daemon(Party(), stop)
        await until(lambda: daemon_waits(world))
        stop.ask(15)
        assert daemon.task is not None
        await daemon.task
        assert not lock.has_successor(world.state_dir)
        assert (await ended(backfill)).ending is Ending.DONE

    world.play(scene)
    world.assert_each_once(10)


def test_a_second_run_beside_one_that_waits_or_delivers_is_told(world: Together) -> None:
    """75 names the process that is there; for a second backfill, too."""

    async def scene() -> None:
        backfill = world.backfill_of(Party())
        await until(lambda: len(world.uploads()) >= 3)
        backfill.hang()
        second = await failure(world.backfill_of(Party()))
        assert isinstance(second, StoreBusyError)
        assert "`uploadd backfill`, pid" in second.text
        world.daemon(Party())
        await until(lambda: daemon_waits(world))
        waits = await failure(world.daemon(Party()))
        assert "waits already" in waits.text
        backfill.wake()
        await until(lambda: holder(world) == "run")
        beside = await failure(world.daemon(Party()))
        assert "`uploadd run`, pid" in beside.text
        await ended(backfill)

    world.play(scene)
    world.assert_each_once(10)


def test_the_client_of_a_dead_daemon_takes_over(world: Together) -> None:
    """With the lock in hand; what was in flight is looked up, not sent again."""

    async def scene() -> None:
        daemon = Party()
        world.daemon(daemon)
        await asyncio.sleep(5)
        client = world.backfill_of(Party())
        await until(lambda: len(world.uploads()) >= 3)
        daemon.kill()
        finished = await ended(client)
        assert client.turns == [Turn.JOINED, Turn.TOOK_OVER]
        assert finished.ending is Ending.DONE
        assert finished.snapshot.as_json()["done"] == 10

    world.play(scene)
    world.assert_each_once(10)
    assert requests(world) == []


@pytest.mark.parametrize(
    ("patience", "least", "most"), [(1.0, 3.0, 5.0), (0.5, 1.5, 3.0), (0.01, 0.3, 2.0)]
)
def test_a_seat_is_left_free_for_as_long_as_patience_says(
    world: Together, patience: float, least: float, most: float
) -> None:
    """Never less than a tenth: a daemon that is merely slow to come back is not gone."""
    world.patience = patience

    async def scene() -> None:
        daemon = world.daemon(Party())
        await asyncio.sleep(5)
        client = world.backfill_of(Party())
        await until(lambda: client.turns == [Turn.JOINED])
        daemon.kill()
        killed_at = world.now()
        await until(lambda: Turn.TOOK_OVER in client.turns)
        assert least <= world.now() - killed_at <= most

    world.play(scene)


def test_the_last_sum_is_whole_however_long_it_takes(
    world: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a daemon, sums are made rarely where the machine is slow; but for the last one."""
    monkeypatch.setattr("uploadd.operations.backfill.beside.COUNTING_SHARE", 1e-15)

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        finished = await ended(world.backfill_of(Party()))
        assert finished.snapshot.bytes_sent == sum(p.stat().st_size for p in world.extra.iterdir())

    world.play(scene)


def test_of_two_clients_of_a_dead_daemon_one_takes_over_and_one_waits(world: Together) -> None:
    """Neither fails, nothing is doubled."""

    async def scene() -> None:
        daemon = Party()
        world.daemon(daemon)
        await asyncio.sleep(5)
        clients = [world.backfill_of(Party())]
        await asyncio.sleep(0.3)
        clients.append(world.backfill_of(Party()))
        await until(lambda: len(world.uploads()) >= 3)
        daemon.kill()
        for client in clients:
            assert (await ended(client)).ending is Ending.DONE
        turns = [turn for client in clients for turn in client.turns]
        assert Turn.TOOK_OVER in turns

    world.play(scene)
    world.assert_each_once(10)
    assert requests(world) == []


def test_a_daemon_that_comes_back_finds_the_request(world: Together) -> None:
    """Daemon and client are both gone: the next daemon walks the directory by itself."""

    async def scene() -> None:
        daemon, client = Party(), Party()
        world.daemon(daemon)
        await asyncio.sleep(5)
        world.backfill_of(client)
        await until(lambda: requests(world) != [])
        daemon.kill()
        client.kill()
        assert world.uploads() == []
        world.daemon(Party())
        await until(lambda: world.states() == {"done": 10})
        await until(lambda: requests(world) == [])

    world.play(scene)
    world.assert_each_once(10)


def test_a_restarted_daemon_keeps_its_client(world: Together) -> None:
    """It is back before the client would take over."""

    async def scene() -> None:
        stop = Stop()
        first = world.daemon(Party(), stop)
        await asyncio.sleep(5)
        client = world.backfill_of(Party())
        await until(lambda: len(world.uploads()) >= 3)
        stop.ask(15)
        assert first.task is not None
        await first.task
        world.daemon(Party())
        finished = await ended(client)
        assert client.turns == [Turn.JOINED, Turn.JOINED]
        assert finished.ending is Ending.DONE

    world.play(scene)
    world.assert_each_once(10)


def test_a_daemon_that_hangs_is_told_of_and_waited_for(world: Together) -> None:
    """It holds the lock and answers nothing; when it answers again, all goes on."""

    async def scene() -> None:
        daemon = Party()
        world.daemon(daemon)
        await asyncio.sleep(5)
        daemon.hang()
        client = world.backfill_of(Party())
        await asyncio.sleep(120)
        assert client.turns == [Turn.JOINED, Turn.SILENT]
        assert client.news[-1].seconds >= 30
        assert client.news[-1].pid is not None
        daemon.wake()
        finished = await ended(client)
        assert client.turns == [Turn.JOINED, Turn.SILENT, Turn.HEARD]
        assert finished.ending is Ending.DONE

    world.play(scene)
    world.assert_each_once(10)


def test_an_idle_client_does_not_take_silence_for_death(world: Together) -> None:
    """A long pause of the account is no silence: the daemon answers its pings."""
    world.sandbox.options.wait_every, world.sandbox.options.wait_seconds = 3, 90

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        client = world.backfill_of(Party())
        await until(lambda: len(world.uploads()) >= 3)
        await asyncio.sleep(80)
        world.sandbox.options.wait_every = 0
        assert (await ended(client)).ending is Ending.DONE
        assert client.turns == [Turn.JOINED]

    world.play(scene)
    world.assert_each_once(10)


def test_no_wait_ends_a_client_as_it_ends_a_backfill(world: Together) -> None:
    """75; the daemon keeps the request."""
    world.sandbox.options.wait_every, world.sandbox.options.wait_seconds = 1, 3600

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        waits = await ended(world.backfill_of(Party(), no_wait=True))
        assert waits.ending is Ending.WOULD_WAIT
        assert waits.left_to is not None
        assert waits.snapshot.pending == 10

    world.play(scene)
    assert len(requests(world)) == 1


def test_refused_credentials_end_a_client_as_they_end_a_backfill(world: Together) -> None:
    """77, once the daemon has tried them itself; the queue is whole."""

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        world.sandbox.logins.revoke("sandbox-token")
        refused = await ended(world.backfill_of(Party()))
        assert refused.ending is Ending.CREDENTIALS
        assert refused.left_to is not None

    world.play(scene)
    assert world.kept() == {}
    assert len(requests(world)) == 1


def test_a_directory_that_is_gone_for_a_while_is_waited_for(world: Together) -> None:
    """A request that was taken once outlives a disk that is away when the daemon starts."""
    wanted = wanted_trees(world.configuration(), [str(world.extra)], None, None)
    with closing(open_database(world.state_dir)) as db:
        for one in backfills.ask(db, asked_of(world.configuration(), wanted), EPOCH):
            backfills.begin(db, one)
    elsewhere = world.extra.with_name("elsewhere")
    shutil.move(world.extra, elsewhere)

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(100)
        assert "cannot read" in requests(world)[0].text
        shutil.move(elsewhere, world.extra)
        await until(lambda: world.states() == {"done": 10})

    world.play(scene)
    world.assert_each_once(10)


def test_a_state_directory_that_is_swapped_stops_the_deliverer(world: Together) -> None:
    """The lock of the old one guards nothing any more."""

    async def scene() -> None:
        daemon = world.daemon(Party())
        await asyncio.sleep(5)
        world.state_dir.rename(world.state_dir.with_name("old"))
        world.state_dir.mkdir()
        assert daemon.task is not None
        with pytest.raises(BaseExceptionGroup) as caught:
            await daemon.task
        assert "is another one than at the start" in str(caught.value.exceptions)

    world.play(scene)


def test_a_lock_file_that_is_deleted_lets_nobody_in(world: Together) -> None:
    """The directory itself is locked."""

    async def scene() -> None:
        world.daemon(Party())
        await asyncio.sleep(5)
        (world.state_dir / lock.LOCK_NAME).unlink()
        assert lock.is_taken(world.state_dir)
        error = await failure(world.daemon(Party()))
        assert isinstance(error, StoreBusyError)

    world.play(scene)


WHO_DIES = ("client", "daemon", "backfill that yields")


@pytest.mark.parametrize("who", WHO_DIES)
def test_whoever_is_killed_at_whichever_step_each_photo_arrives_once(
    tmp_path: Path, who: str
) -> None:
    """Before and after each commit and each piece of disk work; somebody finds the request."""
    step, is_killed = 1, True
    while is_killed and step < MOST_STEPS:
        home = tmp_path / str(step)
        home.mkdir()
        world = Together(home)
        world.add_extra(2)
        is_killed = world.play(lambda: one_dies(world, who, step))  # noqa: B023 - it ends here
        world.assert_each_once(2)
        assert world.states() == {"done": 2}, f"killed at step {step}"
        step += STEPS_APART
    assert step > 20, "the steps were counted"


STEPS_APART = 23
MOST_STEPS = 200  # by then everything that matters here has happened


async def one_dies(world: Together, who: str, step: int) -> bool:
    """One party dies at a step; whoever is left, or comes next, finishes. True: it did die."""
    daemon, client = Party(), Party()
    if who == "backfill that yields":
        world.backfill_of(client)
        await until(lambda: holder(world) == "backfill" or client.is_dead)
        dying = client
        dying.dies_at = len(dying.steps) + step
        world.daemon(daemon)
    else:
        dying = client if who == "client" else daemon
        world.daemon(daemon)
        await until(lambda: holder(world) == "run")
        dying.dies_at = len(dying.steps) + step
        world.backfill_of(client)
    await asyncio.sleep(60)
    if client.is_dead and not requests(world):
        world.backfill_of(Party())  # it died before it had asked: the person says it again
    await until(lambda: world.states() == {"done": 2})
    return dying.is_dead


def holder(world: Together) -> str:
    with closing(open_database(world.state_dir)) as db:
        found = lock.holder_now(db, world.state_dir)
    return found.command if found else ""


def daemon_waits(world: Together) -> bool:
    return lock.has_successor(world.state_dir)
