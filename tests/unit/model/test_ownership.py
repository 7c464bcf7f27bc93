"""Who may write a file, and what is said of one that others may."""

from __future__ import annotations

import stat

import pytest

from uploadd.model.ownership import (
    Names,
    Standing,
    as_sudo_takes,
    is_trusted,
    is_writable_by_others,
    may_be_planted,
    objection,
)

ME, OTHER, STAFF = 1000, 1001, 50
NAMES = Names("mallory", "staff", "anna")


def standing(owner: int, mode: int, group_user: int | None = None, *, acl: bool = False):
    """A regular file of that owner, in the group `staff`."""
    return Standing(owner, STAFF, stat.S_IFREG | mode, group_user, acl)


@pytest.mark.parametrize(
    ("seen", "trusted"),
    [
        (standing(ME, 0o644), True),
        (standing(0, 0o640), True),
        (standing(OTHER, 0o600), False),
        (standing(ME, 0o646), False),
        (standing(ME, 0o664), False),  # the group has others, or nobody can tell
        (standing(ME, 0o664, ME), True),  # its user's own group, as umask 002 wants it
        (standing(0, 0o660, ME), True),
        (standing(0, 0o660, 0), True),
        (standing(ME, 0o660, OTHER), False),
        (standing(ME, 0o660, ME, acl=True), False),  # the list gives somebody else that right
        (standing(ME, 0o640, ME, acl=True), True),  # its mask takes it away
    ],
)
def test_who_is_trusted(seen: Standing, trusted: bool) -> None:
    """Root and the user that uploadd runs as; nobody else owns it or may write it."""
    assert is_trusted(seen, ME) is trusted


def test_a_device_is_not_what_is_written_to_it() -> None:
    """/dev/null and a terminal may be written by many."""
    assert not is_writable_by_others(Standing(0, 0, stat.S_IFCHR | 0o666), ())
    assert is_writable_by_others(Standing(0, 0, stat.S_IFIFO | 0o622), ())


@pytest.mark.parametrize(
    ("seen", "user", "told"),
    [
        (standing(ME, 0o666), ME, ("can be written by everybody", "run: chmod go-w '/a b'")),
        (
            standing(0, 0o664),
            ME,
            ("can be written by the group staff", "run: sudo chmod go-w '/a b'"),
        ),
        (standing(0, 0o664), 0, ("can be written by the group staff", "run: chmod go-w '/a b'")),
    ],
)
def test_the_command_that_helps(seen: Standing, user: int, told: tuple[str, str]) -> None:
    """It can be typed as it stands, by the user who reads it."""
    found = objection("/a b", seen, user, NAMES)
    assert (found.text, found.remedy) == told


def test_what_belongs_to_another_is_looked_at_first() -> None:
    """To make it one's own is to believe it; root may run the command as its owner instead."""
    assert objection("/a", standing(OTHER, 0o600), ME, NAMES).remedy == (
        "see what it holds, then: sudo chown anna /a"
    )
    of_root = objection("/a", standing(OTHER, 0o600), 0, NAMES)
    assert of_root.text.startswith("belongs to mallory")
    assert "sudo -u mallory uploadd" in of_root.remedy
    assert of_root.remedy.endswith("chown root /a")


def test_sudo_takes_a_number_behind_a_sign() -> None:
    """A container's user often has no name; `sudo -u 1000` would look for one."""
    assert [as_sudo_takes(user) for user in ("anna", "1000")] == ["anna", "'#1000'"]


def test_an_access_list_is_named() -> None:
    """The mode alone does not show whom it lets write; chmod takes the right from all of them."""
    found = objection("/a", standing(ME, 0o660, ME, acl=True), ME, NAMES)
    assert "getfacl" in found.text
    assert found.remedy == "run: chmod go-w /a"


THIRD = 1002
CLOSED, OPEN, STICKY, SHARED = 0o755, 0o777, 0o1777, 0o775


@pytest.mark.parametrize(
    ("links", "owner", "directory", "planted"),
    [
        (1, OTHER, standing(ME, OPEN), False),  # whoever made it put it there
        (2, OTHER, standing(ME, OPEN), True),
        (2, OTHER, standing(ME, STICKY), True),  # which only keeps others from removing it
        (2, OTHER, standing(0, OPEN), True),
        (2, OTHER, standing(ME, SHARED), True),
        (2, OTHER, standing(ME, SHARED, ME), False),  # the group is our user's own
        (2, OTHER, standing(ME, SHARED, OTHER), False),  # … or the file's owner's
        (2, OTHER, standing(ME, SHARED, ME, acl=True), True),
        (2, OTHER, standing(THIRD, CLOSED), True),  # who owns a directory may write in it
        (2, 0, standing(THIRD, CLOSED), True),
        (2, OTHER, standing(ME, CLOSED), False),
        (2, OTHER, standing(0, CLOSED), False),  # root's copies by cp -l
        (2, OTHER, standing(OTHER, OPEN), False),  # an archive of rsnapshot under one owner
        (2, ME, standing(OTHER, OPEN), False),
        (3, OTHER, standing(ME, OPEN), True),
    ],
)
def test_who_may_have_linked_a_file(
    links: int, owner: int, directory: Standing, planted: bool
) -> None:
    """Whoever else may write in the directory, unless it or we have the file's owner."""
    assert may_be_planted(links, owner, directory, ME) is planted
