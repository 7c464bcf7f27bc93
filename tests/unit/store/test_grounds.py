"""The rows that say which disk files were seen on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from unit.operations.records import NOW, Records
from uploadd.model.jobs import Lane
from uploadd.model.presence import Ground
from uploadd.model.sightings import Finding
from uploadd.store import grounds, new_files
from uploadd.store.beside import writing

HERE, THERE = (1, 2), (1, 9)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A home of its own."""
    return Records(tmp_path)


def found(records: Records, directory: bytes, name: bytes, content: str) -> Finding:
    """A file that a walk has read."""
    return Finding(
        directory=directory,
        name=name,
        device=1,
        inode=7,
        size=5,
        mtime_ns=5,
        sha256=content * 64,
        media_type="image/jpeg",
        folder="camera",
        root=records.root,
        lane=Lane.LIVE,
        account_ids=(records.account_id(),),
    )


@pytest.fixture
def camera(records: Records) -> Ground:
    """The folder's root, of which nothing is remembered yet."""
    return Ground(records.root, "camera", None)


def see(
    records: Records, ground: Ground, now: tuple[int, int] | None, *others: bytes
) -> Ground | None:
    """What is remembered after a look."""
    with writing(records.configuration.state_dir) as db:
        grounds.see(db, ground, now, others, NOW)
        return next((one for one in grounds.every(db) if one.directory == ground.directory), None)


def test_without_files_nothing_is_away(records: Records, camera: Ground) -> None:
    """Another directory is as good, and one that is missing is not remembered."""
    for now in (HERE, THERE):
        remembered = see(records, camera, now)
        assert remembered is not None
        assert (remembered.identity, remembered.is_away) == (now, False)
    assert see(records, camera, None) is None


def test_files_go_away_with_their_disk(records: Records, camera: Ground) -> None:
    """And are back with the same directory."""
    see(records, camera, HERE)
    records.add("a.jpg")
    for now in (THERE, None):
        missing = see(records, camera, now)
        assert missing is not None
        assert (missing.identity, missing.since) == (HERE, NOW)
    back = see(records, camera, HERE)
    assert back is not None
    assert not back.is_away


def test_a_walk_brings_nothing_back_that_a_person_had_forgotten(
    records: Records, camera: Ground
) -> None:
    """It read the row before that; a file that came meanwhile is there."""
    see(records, camera, HERE)
    records.add("a.jpg")
    read_before = see(records, camera, THERE)
    assert read_before is not None
    with writing(records.configuration.state_dir) as db:
        grounds.drop(db, [camera.directory])
    for now in (THERE, None):
        assert see(records, read_before, now) is None


def test_a_disk_that_was_away_when_all_began(records: Records, camera: Ground) -> None:
    """Files are known, and nobody has noted where they lay: only one of them tells."""
    records.add("a.jpg")
    missing = see(records, camera, HERE)
    assert missing is not None
    assert missing.is_away


def test_what_is_found_meanwhile_is_no_elder(records: Records, camera: Ground) -> None:
    """It lies on what is there instead; nor is a file of the same name with other content."""
    see(records, camera, HERE)
    records.add("a.jpg")
    records.add("b.jpg")
    missing = see(records, camera, THERE)
    assert missing is not None
    records.add("new.jpg")
    other = found(records, records.root, b"b.jpg", "b")
    with writing(records.configuration.state_dir) as db:
        new_files.register_all(db, [other], NOW)
        assert set(grounds.elders_in(db, records.root, missing)) == {b"a.jpg"}
        (path, _), *more = grounds.some_elders(db, missing, [], 9)
        assert (os.path.basename(path), more) == (b"a.jpg", [])


def test_files_of_other_folders_and_of_mounts_below_are_not_its_own(
    records: Records, camera: Ground
) -> None:
    """They have grounds of their own; directories that begin alike are its own."""
    below = [records.root + way for way in (b"/card", b"/card/deep", b"/card-two", b"/inner/x")]
    files = [found(records, directory, b"a.jpg", "a") for directory in below]
    with writing(records.configuration.state_dir) as db:
        new_files.register_all(db, files, NOW)
        grounds.see(db, Ground(below[0], "camera", None), None, [], NOW)
        own = list(grounds.directories_in(db, records.root, [records.root + b"/inner"]))
        assert own == [below[2]]
        assert list(grounds.directories_in(db, below[0], [])) == below[:2]


def test_a_place_that_was_edited_by_hand_is_not_known(records: Records, camera: Ground) -> None:
    """It is no reason to stop."""
    see(records, camera, HERE)
    with writing(records.configuration.state_dir) as db:
        db.execute("UPDATE grounds SET place = 'nowhere'")
        (ground,) = grounds.every(db)
    assert ground.identity is None
