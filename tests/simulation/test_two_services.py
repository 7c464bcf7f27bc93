"""One folder, two accounts, two services: each has its own state, and none holds the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulation.accounts import TOKENS
from simulation.lives import Life
from simulation.scene import Scene
from simulation.world import World
from uploadd.model import taken
from uploadd.model.configuration import ServiceName
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending
from uploadd.sandbox import Fault

FLICKR, IPERNITY = ServiceName.FLICKR, ServiceName.IPERNITY
BOTH = (FLICKR, IPERNITY)
PHOTOS = 30


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A folder that goes to an account on each service."""
    made = World(tmp_path, services=BOTH)
    for number in range(PHOTOS):
        made.add(f"p{number}.jpg")
    return made


def states_of(world: World, number: int) -> Counter[str]:
    """How many jobs of an account are in each state."""
    return Counter(str(job.state) for job in world.jobs_of(world.accounts[number]))


def assert_all_there(world: World, number: int, skipped: int = 0) -> None:
    """Each photo once on this account, and every job knows its id."""
    account = world.accounts[number]
    assert set(world.kept(account).values()) == {1}
    assert len(world.kept(account)) == PHOTOS
    assert states_of(world, number) == Counter({State.DONE: PHOTOS, State.SKIPPED: skipped})
    ids = {photo.id for photo in world.sandbox_of(account).photos}
    assert {job.photo_id for job in world.jobs_of(account) if job.photo_id} == ids


def test_a_folder_goes_to_both(world: World) -> None:
    """Each account gets every photo once, and has ids of its own."""
    world.backfill()
    assert_all_there(world, 0)
    assert_all_there(world, 1)


def test_each_service_has_its_own_list_of_types(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one does not take is skipped for it alone, and known as such."""
    monkeypatch.setitem(taken.TAKEN_BY, IPERNITY, taken.TAKEN_BY[IPERNITY] - {"image/gif"})
    world.add("a.gif", b"GIF89a" + bytes(50))
    for _ in range(2):
        world.backfill()
        jobs = [world.jobs_of(account) for account in world.accounts]
        flickr, ipernity = ({job.name: job for job in of_one}[b"a.gif"] for of_one in jobs)
        assert flickr.state is State.DONE
        assert (ipernity.state, ipernity.reason and ipernity.reason.code) == (State.SKIPPED, "type")
        assert_all_there(world, 1, skipped=1)


@pytest.mark.usefixtures("hours_pass_quickly")
@pytest.mark.parametrize("sick", [0, 1], ids=["flickr", "ipernity"])
@pytest.mark.parametrize("no_wait", [False, True])
def test_a_refused_login_holds_nobody_else(world: World, sick: int, no_wait: bool) -> None:
    """The account that is not let in keeps its queue; the other one is done, however slowly."""
    account = world.accounts[sick]
    world.set_accounts(parallel_uploads=1, bytes_per_second=100)  # two seconds a photo
    world.sandbox_of(account).logins.revoke(TOKENS[account.service].token)
    assert world.backfill(no_wait=no_wait).ending is Ending.CREDENTIALS
    assert states_of(world, sick) == {State.QUEUED: PHOTOS}
    assert_all_there(world, 1 - sick)
    world.sandbox_of(account).logins.admit(TOKENS[account.service])
    assert world.backfill().ending is Ending.DONE
    assert_all_there(world, sick)


@pytest.mark.usefixtures("hours_pass_quickly")
@pytest.mark.parametrize("sick", [0, 1], ids=["flickr", "ipernity"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("http-before", rate=1.0, code=503, where="*"),
        Fault("lose-reply", rate=1.0),
        Fault("http-before", rate=1.0, code=429, retry_after_seconds=7200, where="*"),
    ],
    ids=["away", "silent", "busy"],
)
def test_a_sick_service_holds_nobody_else(world: World, sick: int, fault: Fault) -> None:
    """While one of them answers nothing of use, all photos arrive at the other; then there, too."""
    account = world.accounts[sick]
    world.sandbox_of(account).faults.add(fault)
    world.backfill(stop_after=3600.0)
    assert_all_there(world, 1 - sick)
    world.sandbox_of(account).faults.clear()
    world.backfill()
    assert set(world.kept(account).values()) == {1}
    assert len(world.kept(account)) == PHOTOS


def test_calls_a_photo(tmp_path: Path, count_calls: Callable[[World, int], float]) -> None:
    """500 photos: uploads, tickets many at once, and on ipernity one question for twenty."""
    world = World(tmp_path, services=BOTH)
    for number in range(500):
        world.add(f"p{number}.jpg")
    world.backfill()
    assert count_calls(world, 0) <= 1.1
    assert count_calls(world, 1) <= 1.15


@pytest.fixture
def count_calls() -> Callable[[World, int], float]:
    """Calls a photo, as the service counted them."""

    def counted(world: World, number: int) -> float:
        account = world.accounts[number]
        sandbox: Any = world.sandbox_of(account)
        calls = sandbox.journal.total / len(world.kept(account))
        print(f"{account.service}: {calls:.3f} calls a photo")
        return float(calls)

    return counted


@pytest.mark.usefixtures("hours_pass_quickly")
def test_a_service_that_finds_nothing_proves_no_absence(tmp_path: Path) -> None:
    """doc.checkMD5 shows none of the photos that are known to be there: nothing is sent again."""
    scene = Scene(tmp_path, services=(IPERNITY,))
    for number in range(PHOTOS):
        scene.add(f"p{number}.jpg")
    scene.sandbox.options.search_finds = False
    scene.sandbox.faults.add(Fault("lose-reply", at=(PHOTOS // 2,)))
    scene.backfill_life(Life())
    assert scene.states() == {State.DONE: PHOTOS - 1, State.FAILED: 1}
    (failed,) = [job for job in scene.jobs() if job.state is State.FAILED]
    assert failed.reason is not None
    assert failed.reason.code == "unknown-outcome"
    assert len(scene.uploads()) == PHOTOS
    scene.sandbox.options.search_finds = True
    scene.retry_failed()
    scene.backfill_life(Life())
    assert scene.states() == {State.DONE: PHOTOS}
    assert set(scene.kept().values()) == {1}


def test_what_somebody_else_has_uploaded_is_not_sent(tmp_path: Path) -> None:
    """A new state directory knows nothing: ipernity is asked for twenty contents at once."""
    scene = Scene(tmp_path, services=(IPERNITY,))
    for number in range(PHOTOS):
        scene.add(f"p{number}.jpg")
    scene.backfill_life(Life())
    scene.state_dir = tmp_path / "another"
    scene.add("new.jpg")
    sent = len(scene.uploads())
    scene.backfill_life(Life())
    assert scene.states() == {State.DUPLICATE: PHOTOS, State.DONE: 1}
    assert len(scene.uploads()) == sent + 1
    assert set(scene.kept().values()) == {1}
    assert len(list(scene.sandbox.journal.of("doc.checkMD5"))) == 4


@pytest.mark.usefixtures("hours_pass_quickly")
@pytest.mark.parametrize("services", [(FLICKR,), (IPERNITY,)], ids=["flickr", "ipernity"])
@pytest.mark.parametrize("kind", ["garbage", "html", "empty"])
def test_no_wait_does_not_wait_for_a_service_out_of_its_mind(
    tmp_path: Path, services: tuple[ServiceName, ...], kind: Any
) -> None:
    """Whatever is asked is answered by nonsense: after a minute or two the backfill ends."""
    world = World(tmp_path, services=services)
    for number in range(3):
        world.add(f"p{number}.jpg")
    world.backfill()  # the login is known
    world.add("new.jpg")
    world.sandbox.faults.add(Fault(kind, rate=1.0, where="*"))
    assert world.backfill(no_wait=True, stop_after=900.0).ending is Ending.WOULD_WAIT
    world.sandbox.faults.clear()
    assert world.backfill().ending is Ending.DONE
    world.assert_each_once(4)
