"""Who could put something else in the place of a folder's root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from uploadd.files.parents import exchangeable_above
from uploadd.files.way import look_at_directory

MALLORY = 4711

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


def found(path: Path) -> list[str]:
    """The directories in which the way to `path` can be changed."""
    seen = look_at_directory(os.fsencode(path))
    return [
        os.fsdecode(above.path) for above in exchangeable_above(seen.path, seen.links, seen.owner)
    ]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A directory of ours in a closed one."""
    there = tmp_path / "way" / "photos"
    there.mkdir(parents=True)
    return there


def test_a_closed_way_is_fine(photos: Path) -> None:
    """Nothing is said of the ways that every test and every home has (/tmp has its sticky bit)."""
    assert found(photos) == []


def test_a_directory_that_all_may_write_is_told(photos: Path) -> None:
    """And not where each may exchange only what is his own."""
    photos.parent.chmod(0o777)
    assert found(photos) == [str(photos.parent)]
    photos.parent.chmod(0o1777)
    assert found(photos) == []


def test_what_is_writable_below_the_root_does_not_matter(photos: Path) -> None:
    """That is the folder's own affair."""
    photos.chmod(0o777)
    assert found(photos) == []


@needs_root
def test_a_parent_of_another_user_is_told(photos: Path) -> None:
    """Whatever its bits; not where the root is that user's, too."""
    os.chown(photos.parent, MALLORY, MALLORY)
    assert found(photos) == [str(photos.parent)]
    os.chown(photos, MALLORY, MALLORY)
    assert found(photos) == []


@needs_root
def test_a_group_with_other_members_is_told(photos: Path) -> None:
    """A group that the system does not know may have any."""
    photos.parent.chmod(0o775)
    os.chown(photos.parent, 0, MALLORY)
    assert found(photos) == [str(photos.parent)]


@needs_root
def test_the_way_to_a_link_counts(photos: Path, tmp_path: Path) -> None:
    """Whoever can exchange the link decides where it leads."""
    others = tmp_path / "others"
    others.mkdir()
    (others / "link").symlink_to(photos)
    os.chown(others, MALLORY, MALLORY)
    assert found(others / "link") == [str(others)]
