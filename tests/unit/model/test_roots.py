"""Which directory at a folder's path may be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from uploadd.model.ownership import Standing
from uploadd.model.roots import (
    NOBODY,
    Above,
    AcceptedRoot,
    FollowedLink,
    SeenRoot,
    Us,
    WhyRefused,
    accept,
    is_exchangeable,
    renew,
    why_refused,
)

ANNA, BEN, WE = 1001, 1002, 990
US = Us(WE)
HERS = SeenRoot(b"/home/anna/photos", 1, 2, ANNA)
ACCEPTED = AcceptedRoot(HERS.path, HERS.device, HERS.inode, HERS.owner)


def behind(seen: SeenRoot, owner: int) -> SeenRoot:
    """The same, by way of a link of this owner."""
    return replace(seen, links=(FollowedLink(b"/srv/photos", owner, b"/home/anna/photos"),))


def test_the_same_directory_is_read() -> None:
    """Nothing has changed."""
    assert why_refused(HERS, ACCEPTED, US) is None
    assert ACCEPTED.is_of(HERS)


def test_another_directory_of_the_same_owner_is_read() -> None:
    """A new disk, a restored one: who owns it owned what was there before."""
    moved = replace(HERS, path=b"/mnt/photos", device=8, inode=9)
    assert why_refused(moved, ACCEPTED, US) is None
    assert not ACCEPTED.is_of(moved)
    assert renew(ACCEPTED, moved).is_of(moved)


@pytest.mark.parametrize("owner", [BEN, 0, WE, NOBODY])
def test_a_directory_of_another_owner_is_not_read(owner: int) -> None:
    """Whoever that is."""
    refusal = why_refused(replace(HERS, owner=owner), ACCEPTED, US)
    assert refusal is not None
    assert refusal.why is WhyRefused.OWNER


@pytest.mark.parametrize("accepted", [None, ACCEPTED])
@pytest.mark.parametrize("owner", [0, ANNA, WE])
def test_links_of_root_of_the_owner_and_of_us_are_followed(
    owner: int, accepted: AcceptedRoot | None
) -> None:
    """They could show us that directory anyway."""
    assert why_refused(behind(HERS, owner), accepted, US) is None


@pytest.mark.parametrize("accepted", [None, ACCEPTED])
@pytest.mark.parametrize("owner", [BEN, NOBODY])
def test_a_link_of_anybody_else_is_not_followed(owner: int, accepted: AcceptedRoot | None) -> None:
    """Not the first time either."""
    refusal = why_refused(behind(HERS, owner), accepted, US)
    assert refusal is not None
    assert refusal.why is WhyRefused.LINK
    assert refusal.link is not None
    assert refusal.link.owner == owner


def test_a_link_of_nobody_is_not_the_owners() -> None:
    """Two users that the kernel cannot name look the same."""
    nobodys = replace(HERS, owner=NOBODY)
    assert why_refused(behind(nobodys, NOBODY), None, US) is not None
    assert why_refused(behind(nobodys, NOBODY), None, Us(NOBODY)) is None


def test_what_a_person_accepted_is_read_and_nothing_else() -> None:
    """The same link with another target is another link."""
    foreign = behind(HERS, BEN)
    accepted = accept(foreign, US)
    assert why_refused(foreign, accepted, US) is None
    assert why_refused(foreign, renew(accepted, foreign), US) is None
    elsewhere = replace(foreign.links[0], target=b"/home/anna/diary")
    assert why_refused(replace(foreign, links=(elsewhere,)), accepted, US) is not None


STAFF = 50


def at(owner: int, mode: int, group_user: int | None = None, entry_owner: int = ANNA) -> Above:
    """A directory above Anna's photos."""
    return Above(b"/srv", Standing(owner, STAFF, mode, group_user), entry_owner)


@pytest.mark.parametrize(
    ("above", "is_open"),
    [
        (at(0, 0o755), False),
        (at(ANNA, 0o700), False),
        (at(ANNA, 0o775, ANNA), False),  # her own group, as umask 002 wants it
        (at(WE, 0o755), False),
        (at(0, 0o775, ANNA), False),
        (at(0, 0o775), True),
        (at(0, 0o775, BEN), True),
        (at(0, 0o757), True),
        (at(BEN, 0o755), True),
        (at(0, 0o1777), False),
        (at(0, 0o1777, entry_owner=WE), False),
        (at(0, 0o1777, entry_owner=BEN), True),
        (at(BEN, 0o1777), True),
    ],
)
def test_who_can_exchange_what_stands_in_a_directory(above: Above, is_open: bool) -> None:
    """Its owner, and whoever may write there; under the sticky bit only what is one's own."""
    assert is_exchangeable(above, ANNA, US) is is_open
