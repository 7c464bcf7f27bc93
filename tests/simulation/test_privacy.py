"""Who sees what was uploaded: on both services, whose accounts' own default is public."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulation.world import World
from uploadd.model.configuration import ServiceName
from uploadd.model.photo import NOTHING_SET, PhotoTable, Privacy
from uploadd.operations.backfill.delivering import Ending

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
