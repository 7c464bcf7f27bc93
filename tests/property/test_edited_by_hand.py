"""What stands beside the queue and may be edited by hand: facts in the database, and the mark."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlite_utils import Database

from uploadd.model.configuration import Configuration, Folder
from uploadd.operations.check.patterns import counted_in_walks
from uploadd.store import activity, clocks, lock, mark, older, overview, statements
from uploadd.store.connection import open_database
from uploadd.store.walks import last_walks


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all examples; what they write is rolled back."""
    made = open_database(tmp_path_factory.mktemp("facts"))
    yield made
    made.close()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["pid", "command", "since", "bytes_per_second", "at"]), inner
        ),
    ),
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=30),
    JSON.map(json.dumps),
    st.sampled_from(["nan", "-inf", "1e999", "9" * 5000, "[" * 100_000, "0x10", "1_0", "١"]),
)


@given(TEXTS)
@example('{"pid": 1, "command": "run", "since": 2, "more": 3}')
@example('{"pid": 1e400, "command": null, "since": "x"}')
def test_garbage_in_a_fact_is_as_good_as_none(db: Database, text: str) -> None:
    """Nobody fails over it: neither a deliverer, nor a command that only looks."""
    db.execute("BEGIN")
    try:
        _write_and_read(db, text)
    finally:
        db.execute("ROLLBACK")


def _write_and_read(db: Database, text: str) -> None:
    for name in (lock.FACT, lock.SUCCESSOR_FACT, "activity:1", clocks.FACT, "adopt_since"):
        overview.set_fact(db, name, text)
    overview.set_fact(db, older.BACKED_UP_AT, text)
    for holder in (lock.last_holder(db), lock.last_successor(db)):
        assert holder is None or (isinstance(holder.pid, int) and isinstance(holder.since, float))
    assert isinstance(activity.activity_of(db, 1, 0.0).bytes_per_second, int)
    assert 0 <= older.last_update(db, 2e9) <= 2e9
    number = overview.number_fact(db, "adopt_since")
    assert number is None or isinstance(number, float)
    clocks.keep_waits(db, "boot", 5.0, 2e9)
    assert json.loads(overview.fact(db, clocks.FACT) or "") == ["boot", 5.0]


@given(TEXTS, st.one_of(TEXTS, st.floats()), st.one_of(TEXTS, st.integers(0, 99), st.binary()))
def test_garbage_in_a_walk_is_as_good_as_none(db: Database, text: str, at: Any, other: Any) -> None:
    """A check goes on, and says that it is not known."""
    folder = Folder("camera", Path("/p"), ("me",), exclude=("a",))
    configuration = Configuration(state_dir=Path("/s"), folders={"camera": folder})
    db.execute("BEGIN")
    try:
        db.execute(statements.NOTE_WALK, ("camera", folder.root, at, other, text))
        findings = list(counted_in_walks(last_walks(db), configuration, 2e9))
    finally:
        db.execute("ROLLBACK")
    assert findings


RIGHT = b"uploadd has begun 00000000000000000042 sends f1c5fe95\n"


@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(
            lambda at, byte: RIGHT[:at] + byte + RIGHT[at + 1 :],
            st.integers(0, len(RIGHT) - 1),
            st.binary(max_size=2),
        ),
    )
)
def test_a_mark_of_any_bytes_is_a_number_or_nothing(content: bytes) -> None:
    """It is written anew where it cannot be read, and counts on from there."""
    with tempfile.TemporaryDirectory() as directory:
        state_dir = Path(directory)
        (state_dir / mark.MARK_NAME).write_bytes(content)
        read = mark.marked(state_dir)
        opened = mark.open_mark(state_dir)
        assert opened.begun == read >= 0
        opened.note(read + 1)
        opened.close()
        assert mark.marked(state_dir) == read + 1
