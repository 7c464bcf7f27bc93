"""The questions that the loops ask all the time are answered by an index, however many jobs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlite_utils import Database

from uploadd.model.states import State
from uploadd.store import statements
from uploadd.store.connection import open_database
from uploadd.store.listing import Choice, condition

ASKED_ALL_THE_TIME = (
    "JOB",
    "KNOWN_FILES",
    "KNOWN_FILE",
    "NEXT_IN_QUEUE",
    "NEXT_DUE_IN_QUEUE",
    "DUE_IN_STATE",
    "NEXT_DUE_IN_STATE",
    "FRESH_TICKETS",
    "TICKETS_TO_ASK",
    "OPEN_COUNTS",
    "TO_BE_SENT_BY_FOLDER",
    "SETTLE_TWINS",
    "STALE_TAGS",
    "TELL_TWINS",
    "LEDGER_ROW",
    "WITNESSES",
    "CALLS_SINCE",
    "BYTES_SENT_AFTER",
    "DOUBT_OF_JOB",
    "MARK_ABSENT",
    "DOUBTED_ONLY",
    "FAILURES_SINCE",
    "TOTALS",
    "DONE_SINCE",
    "FORMER_IN_FLIGHT",
    "PHOTOS_OF_PATH",
    "PRIVACY_OF_PHOTO",
    "OTHER_FILE_OF_PHOTO",
    "HEIR_OF_PATH",
    "OTHER_CONTENT_THERE",
    "OTHER_CONTENT_SINCE",
    "KNOWN_DIRECTORIES_AFTER",
    "KNOWN_DEVICES",
    "KNOWN_AFTER",
    "COUNT_KNOWN",
    "COUNTS_BELOW",
    "NEXT_DUE_BELOW",
    "NEXT_QUESTION_BELOW",
    "TWIN_IN_FLIGHT",
    "HAS_JOBS",
)


@pytest.mark.parametrize("name", ASKED_ALL_THE_TIME)
def test_no_scan(tmp_path: Path, name: str) -> None:
    """SQLite leaves a partial index aside unless its own condition is in the statement."""
    found = getattr(statements, name)
    db = open_database(tmp_path)
    for statement in found.values() if isinstance(found, dict) else (found,):
        assert not _scans(_plan(db, statement))
    db.close()


@pytest.mark.parametrize(
    "choice",
    [
        Choice((State.FAILED,), below=(b"/p", b"/q")),
        Choice((State.SKIPPED,), below=(b"/p",)),
        Choice(below=(b"/p", b"/q")),
    ],
)
def test_a_directory_is_a_range(tmp_path: Path, choice: Choice) -> None:
    """A retry or a sum of one directory does not read the jobs of all others."""
    db = open_database(tmp_path)
    where, parameters = condition(choice)
    for statement in (statements.IDS_CHOSEN, statements.SUMS_CHOSEN):
        text = f"EXPLAIN QUERY PLAN {statement.format(where)}"
        assert not _scans([row[3] for row in db.execute(text, parameters)])
    db.close()


SUMS_OF_ALL = {"COUNTS", "TOTALS", "DONE_SINCE", "FAILURES_SINCE"}


def test_only_sums_read_all_jobs_of_a_state(tmp_path: Path) -> None:
    """The index for them would be taken for other questions, and read the whole queue there."""
    db = open_database(tmp_path)
    questions = {
        name: text
        for name, text in vars(statements).items()
        if isinstance(text, str) and not name.startswith("_") and "jobs" in text and "{" not in text
    }
    users = {
        name
        for name, text in questions.items()
        if any("jobs_by_state" in step for step in _plan(db, text))
    }
    assert users == SUMS_OF_ALL
    assert len(questions) > 50
    db.close()


def test_a_dry_run_asks_each_directory_for_its_own_files(tmp_path: Path) -> None:
    """Not for all of the account's jobs: a tree has thousands of directories."""
    db = open_database(tmp_path)
    assert [step.split(" (")[0] for step in _plan(db, statements.NOT_THERE_IN)] == [
        "SEARCH files USING PRIMARY KEY",
        "SEARCH jobs USING INDEX one_per_content",
    ]
    db.close()


def _scans(steps: list[str]) -> list[str]:
    """The steps that read a whole table; what a statement has gathered by itself is none."""
    own = ("SCAN CONSTANT ROW", "SCAN with_files", "SCAN (")
    return [step for step in steps if step.startswith("SCAN ") and not step.startswith(own)]


def _plan(db: Database, statement: str) -> list[str]:
    named = re.findall(r"(?<!:):([a-z_0-9]+)", statement)
    parameters = dict.fromkeys(named, 1) if named else (1,) * statement.count("?")
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
