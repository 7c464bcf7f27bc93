"""How far a backfill is, in one line."""

from __future__ import annotations

from uploadd.cli.progress import progress_line
from uploadd.model.states import State
from uploadd.operations.backfill.summary import Snapshot


def test_numbers_have_one_form_and_one_file_is_one_file() -> None:
    """As everywhere."""
    one = Snapshot(files={State.DONE: 1}, is_walking=False, seconds=1.0)
    assert progress_line(one).startswith("1 of 1 file, ")
    many = Snapshot(files={State.DONE: 6000, State.PROCESSING: 1200, State.QUEUED: 300})
    assert progress_line(many).startswith("7,200 of 7,500 files, ")
    assert "1,200 to be confirmed" in progress_line(many)


def test_files_that_count_more_than_once_are_said_to() -> None:
    """Three files for two accounts are six."""
    both = Snapshot(files={State.DONE: 2, State.QUEUED: 4}, accounts=2)
    assert progress_line(both).startswith("2 of 6 files for 2 accounts, ")
