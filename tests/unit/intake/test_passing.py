"""What a walk passes by is counted by its reason."""

from __future__ import annotations

import os
from pathlib import Path

from uploadd.files.reaching import Roots
from uploadd.intake.listings import Listing
from uploadd.intake.passing import PassedBy
from uploadd.intake.selection import Selection
from uploadd.intake.walk import Scope, walk
from uploadd.model.left_alone import LeftAlone
from uploadd.model.places import Spot


def _make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def _left_alone(root: Path, selection: Selection, start: bytes = b"") -> LeftAlone:
    passed_by = PassedBy(selection, start)
    for listing in walk(Roots(), Spot(os.fsencode(root), start), Scope(selection)):
        passed_by.take(listing)
    return passed_by.sum()


def test_each_name_counts_once_by_its_reason(tmp_path: Path) -> None:
    """Candidates do not count; a directory that is not entered counts as one."""
    _make(tmp_path, "a.jpg", "a.xmp", "b/a.aae", "c.part", ".d.jpg", "e.txt", "b/f.txt")
    _make(tmp_path, "raw/g.jpg", "raw/h.jpg", "@eaDir/i.jpg", ".git/j.jpg")
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    (tmp_path / "loop").symlink_to(".")
    found = _left_alone(tmp_path, Selection(exclude=["*.txt", "raw/"]))
    assert found == LeftAlone(excluded=3, sidecar=3, temporary=3, link=2, excluded_directories=1)


def test_an_excluded_start_is_left_alone(tmp_path: Path) -> None:
    """Nothing is walked there, and that is said."""
    _make(tmp_path, "raw/deep/g.jpg")
    selection = Selection(exclude=["raw/"])
    for start in (b"raw", b"raw/deep"):
        found = _left_alone(tmp_path, selection, start)
        assert found == LeftAlone(excluded=1, excluded_directories=1)


def test_directories_that_cannot_be_read_are_counted_and_some_are_named() -> None:
    """Three of them with their causes, the others by their number."""
    passed_by = PassedBy(Selection(), b"")
    for number in range(5):
        passed_by.take(Listing(b"/p/%d" % number, error="Permission denied"))
    found = passed_by.sum()
    assert found.unread_directories == 5
    assert found.unread_named == tuple(f"/p/{n} (Permission denied)" for n in range(3))


def test_sums_of_several_walks_name_no_more(tmp_path: Path) -> None:
    """Numbers add up; the names stay few."""
    one = LeftAlone(1, 2, 3, 4, 1, 2, ("a", "b"))
    assert one.plus(one) == LeftAlone(2, 4, 6, 8, 2, 4, ("a", "b"))
    assert LeftAlone.of_text(one.as_text()) == one
    assert LeftAlone.of_text("") == LeftAlone()
