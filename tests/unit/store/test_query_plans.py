"""Whatever is asked again and again is answered by an index, however many jobs there are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlite_utils import Database

import uploadd
from uploadd.model.states import State
from uploadd.store import statements
from uploadd.store.connection import open_database
from uploadd.store.listing import Choice, condition

# Their rows do not become more with the jobs. `other` is an alias of accounts.
SMALL = frozenset(
    {"accounts", "other", "backfills", "calls", "facts", "folders", "pauses", "roots", "sends"}
    | {
        "grounds",
        "walks",
        "CONSTANT",
        "json_each",
        "sqlite_master",
        "sqlite_sequence",
        "(subquery-3)",
        "with_files",
    }
)
# Partial indexes of jobs that are few: none has a row for each job that is queued or done.
FEW = frozenset(
    {"never_read", "held_back", "due_work", "fresh_tickets", "stale_tags", "one_in_flight"}
)
# What must be asked of the others, so that they find the jobs of one file, content or photo.
BOUNDED_BY = {
    "one_per_content": "name=?",
    "waiting_twins": "sha256=?",
    "jobs_of_photo": "photo_id=?",
    "failed_files": "name=?",
    "ledger_of_photo": "photo_id=?",
    "history_of_job": "job_id=?",
    "files_by_inode": "inode=?",
}

ONCE = "once, when a person gives a command"
# Statements that read many rows, and why they may. Everything else is held to the rule, so a new
# statement that reads a row for each job fails until it is mended or has a reason here.
READ_MANY = {
    "COUNTS": ONCE,
    "STANDINGS_BELOW": ONCE,
    "NEWEST_PHOTOS_BELOW": ONCE,
    "NAME_FOLDER": ONCE,
    "ON_THE_WAY_IN": ONCE,
    "NOT_THERE_IN": ONCE,
    "FORGET_PROOFS": ONCE,
    "TORN_PHOTOS": ONCE,
    "WRONG_ROWS": ONCE,
    "LAST_UPDATE": ONCE,
    "ANY_ROW": ONCE,
    "AHEAD_IN_QUEUE": ONCE,
    "HAS_JOBS": ONCE,
    "JOBS_CHOSEN": ONCE,
    "IDS_CHOSEN": ONCE,
    "SUMS_CHOSEN": ONCE,
    "GIVE_JOBS": "once, where a login turns out to be another account's",
    "DROP_JOBS_OF": "once, where a login turns out to be another account's",
    "INSERT_ACCOUNT": "once an account: SQLite looks for jobs that were waiting for it",
    "REBASE_WAITS": "at a start, and when the clock was set",
    "REBASE_ALL": "at a start, and when the clock was set",
    "SHIFT_ALL": "when the clock was set",
    "DOUBT_FULLY": "at a start with an older database",
    "MOVE_DEVICE": "the rows of one directory, when its disk has another number",
    "KNOWN_FILES": "the rows of one directory, which is walked",
    "KNOWN_DIRECTORIES_AFTER": "once a walk, in portions: an entry of an index for each directory",
    "NEXT_KNOWN_DIRECTORY": "it stops at the first, when a disk has come or gone",
    "ELDERS_IN": "the rows of one directory, while its disk is away",
    "NAMES_IN": ONCE,
    "KNOWN_AFTER": "a large directory, which is walked, in portions",
    "COUNT_KNOWN": "the rows of one directory, which is walked",
    "KNOWN_DEVICES": "the rows of one directory, which is walked",
    "COUNTS_BELOW": "a backfill, after a job has moved (`Oversight._count`)",
    "NEXT_DUE_BELOW": "a backfill with --no-wait, as seldom as it counts",
    "IS_OPEN_BELOW": "after a job has moved (`RequestLoop._tidy`); it stops at the first",
    "BYTES_SENT_AFTER": "a backfill beside a daemon, after a job has moved",
    "OPEN_COUNTS": "after a job has moved (`OpenCounts`), and in the index alone",
    "TO_BE_SENT_BY_FOLDER": "until the first walk has ended, and in the index alone",
    "TOTALS": "a status that a person looks at, and in the index alone",
    "DONE_SINCE": "a status that a person looks at, and in the index alone",
    "FAILURES_SINCE": "jobs that failed since a person was told",
    "NEXT_DUE_IN_QUEUE": "the first entry of the index",
    "LAST_STORY": "the last row",
    "NEXT_IN_QUEUE": "it stops at the first, and chooses in the index",
    "WITNESSES": "it stops after some",
}


IMPORTED = {"ABOUT_A_PHOTO", "FOREIGN_ROOT"}


class Step(NamedTuple):
    """A line of a query plan. `index`: empty for the table itself, and for its primary key."""

    is_scan: bool
    table: str
    is_covering: bool
    index: str
    bounds: str


PLAN = re.compile(
    r"(SCAN|SEARCH) (\S+)(?: USING (?:(COVERING )?INDEX (\S+)|.*?PRIMARY KEY))?(?: \((.*)\))?"
)


def every_statement() -> Iterator[tuple[str, str]]:
    """Each statement with the name that it is known by; a template with a condition in it."""
    for name, found in vars(statements).items():
        if name.isupper() and not name.startswith("_") and name not in IMPORTED:
            texts = found.values() if isinstance(found, dict) else found
            for text in (found,) if isinstance(found, str) else texts:
                yield name, text.format("1", table="jobs", condition="1", marks="?")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database of today, of which SQLite knows no statistics."""
    opened = open_database(tmp_path)
    yield opened
    opened.close()


def test_no_statement_reads_a_row_for_each_job(db: Database) -> None:
    """But those that are asked seldom, and say why."""
    greedy: dict[str, list[str]] = {}
    for name, text in every_statement():
        found = [str(step) for step in _steps(db, text) if _reads_many(step)]
        if found:
            greedy[name] = found
    assert {name: found for name, found in greedy.items() if name not in READ_MANY} == {}
    assert set(READ_MANY) - set(greedy) == set(), "these need no reason"


def test_every_statement_is_looked_at() -> None:
    """The rule would hold of none."""
    assert len({name for name, _ in every_statement()}) > 150


def test_the_rule_finds_what_read_the_whole_queue(db: Database) -> None:
    """Each of these was, or could have been, asked every few seconds."""
    for text in (
        "SELECT folder, count(*) FROM jobs WHERE account_id = ? AND state = 'queued' GROUP BY 1",
        "SELECT count(*) FROM jobs WHERE state = 'queued'",
        "SELECT sha256 FROM jobs WHERE account_id = ? AND state = 'queued' AND due > ?",
        "SELECT min(due) FROM jobs WHERE directory > ?",
        "SELECT count(*) FROM history WHERE state = 'done'",
        "SELECT count(*) FROM ledger WHERE account_id = ? AND photo_id != ''",
    ):
        assert any(_reads_many(step) for step in _steps(db, text)), text


def test_no_statement_stands_elsewhere() -> None:
    """Where nobody would look at its plan."""
    root = Path(uploadd.__file__).parent
    known = {root / "store" / "statements.py", root / "store" / "schema.py"}
    strays = [
        f"{path.relative_to(root)}: {text[:60]}"
        for path in sorted(root.rglob("*.py"))
        if path not in known and root / "sandbox" not in path.parents
        for text in _statements_in(path)
    ]
    assert strays == []


def test_a_story_is_told_with_each_move() -> None:
    """`last_story` says whether to count anew: whoever adds a name here tells a story with it."""
    moving = {
        name
        for name, text in every_statement()
        if re.search(r"INSERT INTO jobs\b|UPDATE jobs\b[^?]*?\bSET\b[^?]*?\bstate = :state", text)
        or re.search(r"UPDATE jobs\s+SET state\b", text)
    }
    assert moving == {"INSERT_JOB", "NEW_JOB", "SETTLE_JOB", "SETTLE_TWINS"}


@pytest.mark.parametrize(
    "choice",
    [
        Choice((State.FAILED,), below=(b"/p", b"/q")),
        Choice((State.SKIPPED,), below=(b"/p",)),
        Choice(below=(b"/p", b"/q")),
    ],
)
def test_a_directory_is_a_range(db: Database, choice: Choice) -> None:
    """A retry or a sum of one directory does not read the jobs of all others."""
    where, parameters = condition(choice)
    for statement in (statements.IDS_CHOSEN, statements.SUMS_CHOSEN):
        text = f"EXPLAIN QUERY PLAN {statement.format(where)}"
        plan = [row[3] for row in db.execute(text, parameters)]
        assert [step for step in plan if step.startswith("SCAN ")] == []


SUMS_OF_ALL = {"COUNTS", "TOTALS", "DONE_SINCE", "FAILURES_SINCE"}


def test_only_sums_read_all_jobs_of_a_state(db: Database) -> None:
    """The index for them would be taken for other questions, and read the whole queue there."""
    users = {
        name
        for name, text in every_statement()
        if any(step.index == "jobs_by_state" for step in _steps(db, text))
    }
    assert users == SUMS_OF_ALL


def test_a_dry_run_asks_each_directory_for_its_own_files(db: Database) -> None:
    """Not for all of the account's jobs: a tree has thousands of directories."""
    assert [(step.table, step.index) for step in _steps(db, statements.NOT_THERE_IN)] == [
        ("files", ""),
        ("jobs", "one_per_content"),
    ]


def _reads_many(step: Step) -> bool:
    """Whether a step may read a row of a table for each job, or each entry of an index."""
    if step.table in SMALL or step.index in FEW:
        return False
    if step.is_scan:
        return True
    if step.index:
        return BOUNDED_BY.get(step.index, "nothing") not in step.bounds
    return re.search(r"\b(rowid|id|name|sha256)=\?", step.bounds) is None


def _steps(db: Database, statement: str) -> list[Step]:
    if statement.startswith("PRAGMA"):
        return []
    bare = re.sub(r"'[^']*'", "", statement)
    named = re.findall(r":([a-z_0-9]+)", bare)
    parameters = dict.fromkeys(named, 1) if named else (1,) * bare.count("?")
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    found = [PLAN.match(line) for line in plan]
    return [
        Step(one[1] == "SCAN", one[2], bool(one[3]), one[4] or "", one[5] or "")
        for one in found
        if one is not None
    ]


def _statements_in(path: Path) -> Iterator[str]:
    """The texts in a module that begin as a statement does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.split()
            if len(words) > 2 and words[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
                yield node.value.strip()
