"""The rows of the accepted directories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from uploadd.model.roots import AcceptedRoot, FollowedLink
from uploadd.store import roots
from uploadd.store.connection import open_database
from uploadd.store.roots import RootRow

LINK = FollowedLink(b"/srv/caf\xe9", 4294967294, b"../\xff")
ACCEPTED = AcceptedRoot(b"/srv/caf\xe9", 2**64 - 1, 2**63 + 5, 4294967294, frozenset({LINK}))
BEFORE = RootRow("camera", b"/srv/caf\xe9")
AFTER = replace(BEFORE, accepted=ACCEPTED)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    with closing(open_database(tmp_path)) as opened:
        yield opened


def test_what_was_written_is_what_is_read(db: Database) -> None:
    """Names of any bytes, numbers of any size."""
    assert roots.row_of(db, "camera", b"/srv/caf\xe9") == BEFORE
    assert roots.put(db, BEFORE, AFTER)
    assert roots.row_of(db, "camera", b"/srv/caf\xe9") == AFTER
    refused = replace(AFTER, refused="it is not", remedy="do it", needs_person=True)
    assert roots.put(db, AFTER, refused)
    assert roots.every(db) == {("camera", b"/srv/caf\xe9"): refused}


@pytest.mark.parametrize(
    "garbage", ["", "x", "[1]", '[["/a"]]', "[[1, 2, 3]]", "{", "[" * 100_000, "null"]
)
def test_garbage_accepts_nothing_and_forgets_no_owner(db: Database, garbage: str) -> None:
    """The table can be edited by hand."""
    roots.put(db, BEFORE, AFTER)
    db.execute("UPDATE roots SET links = ?, place = ?", (garbage, garbage))
    found = roots.row_of(db, "camera", b"/srv/caf\xe9").accepted
    assert found is not None
    assert (found.owner, found.links) == (ACCEPTED.owner, frozenset())


def test_what_somebody_else_wrote_meanwhile_stands(db: Database) -> None:
    """A command and a daemon may look at the same time."""
    roots.put(db, BEFORE, AFTER)
    assert not roots.put(db, BEFORE, replace(BEFORE, refused="it is not"))
    assert roots.row_of(db, "camera", b"/srv/caf\xe9") == AFTER


def test_another_path_and_another_name_are_other_folders(db: Database) -> None:
    """Who writes another path into the configuration has chosen it."""
    roots.put(db, BEFORE, AFTER)
    assert roots.row_of(db, "camera", b"/srv/other").accepted is None
    assert roots.row_of(db, "other", b"/srv/caf\xe9").accepted is None


def test_a_forgotten_folder_is_new(db: Database) -> None:
    """With every path that it ever had."""
    roots.put(db, BEFORE, AFTER)
    roots.put(db, replace(BEFORE, path=b"/a"), replace(AFTER, path=b"/a"))
    roots.forget(db, "camera")
    assert roots.every(db) == {}
