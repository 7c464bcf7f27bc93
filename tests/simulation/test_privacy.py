"""Who sees what was uploaded: on both services, whose accounts' own default is public."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from simulation.world import LONG_AGO, World
from uploadd.model.configuration import OnChange, ServiceName
from uploadd.model.jobs import Kind
from uploadd.model.photo import NOTHING_SET, PhotoTable, Privacy
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending
from uploadd.operations.show.story import story_of
from uploadd.sandbox import Fault, SandboxOptions

BOTH = (ServiceName.FLICKR, ServiceName.IPERNITY)
PRIVATE, PUBLIC, SITES_DEFAULT = (0, 0, 0), (1, 0, 0), (1, 0, 0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One photo for an account on each service."""
    made = World(tmp_path, services=BOTH)
    made.add("a.jpg")
    return made


def shown(world: World) -> list[tuple[int, int, int]]:
    """Who sees the photos, account by account."""
    return [
        (photo.is_public, photo.is_friend, photo.is_family)
        for account in world.accounts
        for photo in world.sandbox_of(account).photos
    ]


@pytest.mark.parametrize(
    ("folder", "account", "seen"),
    [
        (NOTHING_SET, NOTHING_SET, PRIVATE),
        (PhotoTable(tags=("x",)), NOTHING_SET, PRIVATE),
        (PhotoTable(privacy=Privacy.PUBLIC), NOTHING_SET, PUBLIC),
        (PhotoTable(is_friend=1), PhotoTable(privacy=Privacy.PUBLIC), (0, 1, 0)),
        (NOTHING_SET, PhotoTable(is_family=1), (0, 0, 1)),
        (PhotoTable(privacy=Privacy.ACCOUNT), NOTHING_SET, SITES_DEFAULT),
        (PhotoTable(privacy=Privacy.PRIVATE), PhotoTable(privacy=Privacy.ACCOUNT), PRIVATE),
    ],
)
def test_a_photo_is_shown_to_whom_the_settings_name(
    world: World, folder: PhotoTable, account: PhotoTable, seen: tuple[int, int, int]
) -> None:
    """Through the whole delivery, from the tables to the service's own page."""
    world.folder = replace(world.folder, photo=folder)
    world.set_accounts(photo=account)
    assert world.backfill().ending is Ending.DONE
    assert shown(world) == [seen, seen]


def test_each_account_goes_by_its_own_table(world: World) -> None:
    """One folder may be private here and public there."""
    world.account = replace(world.account, photo=PhotoTable(privacy=Privacy.PUBLIC))
    world.backfill()
    assert shown(world) == [PUBLIC, PRIVATE]


def test_a_file_in_no_folder_goes_by_the_accounts_table(world: World) -> None:
    """The folder that there is has other settings, and lies elsewhere."""
    elsewhere = world.photos.parent / "elsewhere"
    public = PhotoTable(privacy=Privacy.PUBLIC)
    world.folder = replace(world.folder, path=elsewhere, photo=public, accounts=("me",))
    world.account = replace(world.account, photo=PhotoTable(privacy=Privacy.FAMILY))
    world.others = []
    world.backfill()
    assert shown(world) == [(0, 0, 1)]


FREE = SandboxOptions(max_items=1000, max_private_items=50)
COUNTING = "flickr.people.getPhotos"


def told_of_places(world: World) -> tuple[list[str], int]:
    """What a backfill says of private places, and how many calls it made to count them."""
    with capture_logs() as events:
        assert world.backfill().ending is Ending.DONE
    told = [event["text"] for event in events if event["event"] == "account.private_places"]
    return told, len(world.sandbox.journal.of(COUNTING))


def free_world(directory: Path, count: int, photo: PhotoTable = NOTHING_SET) -> World:
    """A free account, for which so many photos wait."""
    world = World(directory, FREE)
    world.account = replace(world.account, photo=photo)
    for number in range(count):
        world.add(f"{number}.jpg")
    return world


def test_more_private_photos_than_places_are_told_of_and_sent(tmp_path: Path) -> None:
    """Nothing is held back, and none is made public; the places are counted once."""
    world = free_world(tmp_path, 53)
    world.set_accounts(bytes_per_second=1000)  # five photos a second
    told, calls = told_of_places(world)
    [text] = told
    assert text == (
        "53 files are private, and the account has 50 of its 50 places for such left:"
        " 3 more than places"
    )
    assert calls == 1
    assert shown(world) == [PRIVATE] * 53


@pytest.mark.parametrize(
    ("count", "photo"),
    [
        (50, NOTHING_SET),
        (53, PhotoTable(privacy=Privacy.ACCOUNT)),
    ],
)
def test_who_has_places_enough_is_told_nothing(
    tmp_path: Path, count: int, photo: PhotoTable
) -> None:
    """And where no setting makes a photo private, nobody counts."""
    told, calls = told_of_places(free_world(tmp_path, count, photo))
    assert told == []
    assert calls == (1 if photo is NOTHING_SET else 0)


def test_a_pro_account_has_no_such_places(tmp_path: Path) -> None:
    """No call is spent on it."""
    world = World(tmp_path, SandboxOptions(is_pro=True))
    world.add("a.jpg")
    assert told_of_places(world) == ([], 0)


def test_a_refusal_is_told_in_the_services_words(tmp_path: Path) -> None:
    """The photo fails as it was meant to be: private."""
    world = free_world(tmp_path, 1)
    world.sandbox.faults.add(Fault("error", code=8, rate=1.0))
    assert world.backfill().ending is Ending.FAILED
    [job] = world.jobs()
    assert job.reason is not None
    assert (job.state, job.reason.code) == (State.FAILED, "8")
    assert list(world.sandbox.photos) == []


def why(world: World, name: str = "a.jpg") -> list[str]:
    """What `uploadd why` says of who sees each photo of a file."""
    path = os.fsencode(world.photos / name)
    return [job.visibility for job in story_of(world.configuration(), path, world.now()).jobs]


def test_an_uploaded_photo_stays_as_it_is(world: World) -> None:
    """Settings that come later change nothing there; `why` says where it is wider than they are."""
    world.folder = replace(world.folder, photo=PhotoTable(privacy=Privacy.FRIENDS))
    world.backfill()
    assert why(world) == ["", ""]
    world.folder = replace(world.folder, photo=PhotoTable(privacy=Privacy.PUBLIC))
    assert why(world) == ["", ""]
    world.folder = replace(world.folder, photo=NOTHING_SET)
    for text in why(world):
        assert "was sent as friends, and is left so; the settings say private now" in text
    world.backfill()
    assert shown(world) == [(0, 1, 0)] * 2


def test_a_duplicate_keeps_what_its_photo_has(world: World) -> None:
    """It came from another folder, or from another program: the one is known, the other is not."""
    world.folder = replace(world.folder, photo=PhotoTable(privacy=Privacy.PUBLIC))
    world.backfill()
    world.folder = replace(world.folder, photo=NOTHING_SET)
    world.add("b.jpg", (world.photos / "a.jpg").read_bytes())
    world.backfill()
    assert {job.state for job in world.jobs() if job.name == b"b.jpg"} == {State.DUPLICATE}
    for text in why(world, "b.jpg"):
        assert "was sent as public, and is left so; the settings say private now" in text
    assert shown(world) == [PUBLIC] * 2


def test_what_another_program_put_there_is_not_known(tmp_path: Path) -> None:
    """Found by Flickr's own check: nothing is claimed of who sees it."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    other, world = World(first), World(second)
    other.folder = replace(other.folder, photo=PhotoTable(privacy=Privacy.PUBLIC))
    other.add("a.jpg")
    other.backfill()
    world.app, world.sandbox = other.app, other.sandbox
    world.add("a.jpg", (other.photos / "a.jpg").read_bytes())
    world.backfill()
    assert world.states() == {State.DUPLICATE: 1}
    [text] = why(world)
    assert "was decided on the service, and is left so; it is not known here" in text
    world.folder = replace(world.folder, photo=PhotoTable(privacy=Privacy.PUBLIC))
    assert why(world) == [""]


def test_a_replacement_keeps_what_its_photo_has(tmp_path: Path) -> None:
    """On both services; its story says so for the new content and for the old one."""
    world = World(tmp_path, SandboxOptions(is_pro=True), services=BOTH)
    world.folder = replace(
        world.folder, on_change=OnChange.REPLACE, photo=PhotoTable(privacy=Privacy.PUBLIC)
    )
    world.add("a.jpg")
    world.backfill()
    world.folder = replace(world.folder, photo=NOTHING_SET)
    world.add("a.jpg", mtime=LONG_AGO + 60)
    world.backfill()
    assert [job.kind for job in world.jobs()].count(Kind.REPLACE) == 2
    assert shown(world) == [PUBLIC] * 2
    texts = why(world)
    assert len(texts) == 4
    assert all("was sent as public, and is left so" in text for text in texts)


def test_of_two_sends_that_may_have_arrived_the_wider_is_told(tmp_path: Path) -> None:
    """The first reply is lost, the settings change, and Flickr names the photo at the resend."""
    world = World(tmp_path, SandboxOptions(search_lag_seconds=86400.0, list_lag_seconds=86400.0))
    world.folder = replace(world.folder, photo=PhotoTable(privacy=Privacy.PUBLIC))
    world.add("a.jpg")
    world.sandbox.faults.add(Fault("lose-reply", first=1))
    world.backfill(stop_after=60.0)
    assert world.states() == {State.UNCERTAIN: 1}
    world.folder = replace(world.folder, photo=NOTHING_SET)
    assert world.backfill().ending is Ending.DONE
    assert shown(world) == [PUBLIC]
    [text] = why(world)
    assert "was sent as public, and is left so; the settings say private now" in text
