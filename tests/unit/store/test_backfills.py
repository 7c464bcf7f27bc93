"""The rows by which one process asks another for a backfill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from uploadd.model.left_alone import LeftAlone
from uploadd.store import backfills
from uploadd.store.backfills import Asked, Progress, Stage
from uploadd.store.connection import open_database

WANTED = Asked(b"/srv/caf\xe9", "18446744073709551615:2", "", False, ("me", "you"), "digest")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path)) as opened:
        yield opened


def test_what_was_asked_is_what_is_read(db: Database) -> None:
    """Names of any bytes, numbers of any size."""
    (number,) = backfills.ask(db, [WANTED], 5.0)
    (request,) = backfills.everything(db)
    assert request.id == number
    assert (request.directory, request.place) == (WANTED.directory, WANTED.place)
    assert request.accounts == ("me", "you")
    assert (request.state, request.is_walking) == (Stage.ASKED, True)
    assert request.pings != request.answers


def test_the_same_directory_is_the_same_row(db: Database) -> None:
    """Asked again it begins anew, and an answer to the first question is no answer to it."""
    first = backfills.ask(db, [WANTED], 5.0)
    backfills.begin(db, first[0])
    backfills.answer(db)
    assert backfills.ask(db, [WANTED], 6.0) == first
    backfills.tell(db, first[0], Progress(Stage.WALKED))
    (request,) = backfills.everything(db)
    assert request.state is Stage.ASKED
    assert request.pings != request.answers
    other = replace(WANTED, folder="camera")
    assert backfills.ask(db, [other], 6.0) != first


def test_progress_pings_and_the_end(db: Database) -> None:
    """One after the other."""
    left = LeftAlone(excluded=2, link=1, unread_directories=4, unread_named=("/a (no)", "/b (no)"))
    ids = backfills.ask(db, [WANTED], 5.0)
    backfills.begin(db, ids[0])
    backfills.tell(db, ids[0], Progress(Stage.SETTLING, "", 3, left, True))
    backfills.answer(db)
    (request,) = backfills.everything(db)
    assert (request.state, request.settling, request.left_alone) == (Stage.SETTLING, 3, left)
    assert request.is_probed
    assert request.pings == request.answers
    backfills.ping(db, ids)
    (request,) = backfills.everything(db)
    assert request.pings == request.answers + 1
    backfills.refuse(db, ids[0], "why", "what to do")
    (request,) = backfills.everything(db)
    assert (request.state, request.text, request.remedy) == (Stage.REFUSED, "why", "what to do")
    backfills.forget(db, ids)
    assert backfills.everything(db) == []
