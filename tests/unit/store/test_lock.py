"""The lock of a state directory, and what is written down about who holds it."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from uploadd.model.errors import StoreBusyError, StoreError
from uploadd.store import lock
from uploadd.store.connection import open_database
from uploadd.store.lock import Holder


def test_one_at_a_time(tmp_path: Path) -> None:
    """A second one is told; after the first one's end it is free."""
    with lock.take(tmp_path):
        assert lock.is_taken(tmp_path)
        assert lock.try_take(tmp_path) is None
        with pytest.raises(StoreBusyError):
            lock.take(tmp_path)
    assert not lock.is_taken(tmp_path)
    again = lock.try_take(tmp_path)
    assert again is not None
    again.release()


def test_a_look_makes_no_file(tmp_path: Path) -> None:
    """Nor does it hold anything up."""
    assert not lock.is_taken(tmp_path)
    assert not lock.has_successor(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_deleted_or_replaced_file_lets_nobody_in(tmp_path: Path, is_replaced: bool) -> None:
    """The state directory is locked as well."""
    with lock.take(tmp_path) as held:
        (tmp_path / lock.LOCK_NAME).unlink()
        if is_replaced:
            (tmp_path / lock.LOCK_NAME).touch()
        assert lock.is_taken(tmp_path)
        assert lock.try_take(tmp_path) is None
        assert held.whats_wrong() == ""


def test_a_directory_that_was_moved_away_is_noticed(tmp_path: Path) -> None:
    """What is locked is not what lies at the path."""
    state_dir = tmp_path / "state"
    state_dir.mkdir()
    with lock.take(state_dir) as held:
        state_dir.rename(tmp_path / "old")
        assert "is gone" in held.whats_wrong()
        state_dir.mkdir()
        assert "another one" in held.whats_wrong()


def test_an_older_uploadd_that_locks_only_the_file_is_respected(tmp_path: Path) -> None:
    """It knows nothing of the directory's lock."""
    older = lock.FileLock(tmp_path / lock.LOCK_NAME)
    with older:
        assert lock.is_taken(tmp_path)
        assert lock.try_take(tmp_path) is None


def test_a_lock_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """A link in its place is not followed."""
    os.symlink("/nowhere", tmp_path / lock.LOCK_NAME)
    with pytest.raises(StoreError, match=r"cannot be locked.*plain file"):
        lock.try_take(tmp_path)
    assert not lock.is_taken(tmp_path)


def test_a_wish_lasts_as_long_as_its_process(tmp_path: Path) -> None:
    """The row stays behind; the lock beside it says that it means nothing."""
    with closing(open_database(tmp_path)) as db:
        place = lock.try_queue_up(tmp_path)
        assert place is not None
        lock.remember_successor(db, Holder(1, "run", 0.0))
        assert lock.has_successor(tmp_path)
        assert lock.try_queue_up(tmp_path) is None
        place.release()
        assert lock.last_successor(db) == Holder(1, "run", 0.0)
        assert not lock.has_successor(tmp_path)
