"""Files that go in by the thousand leave the same rows as those that go in one by one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from uploadd.model.configuration import OnChange
from uploadd.model.jobs import Lane
from uploadd.model.pixels import Pixels
from uploadd.model.refusals import HARD_LINK
from uploadd.model.sightings import Finding, Refusal
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store import accounts, sightings
from uploadd.store.connection import open_database
from uploadd.store.new_files import register_all

NOW = 1_700_000_000.0
ACCOUNTS = (1, 2, 3)
HASHES = ("a" * 64, "b" * 64, "c" * 64)
REFUSALS = (
    None,
    None,
    None,
    Refusal(State.SKIPPED, Reason(HARD_LINK, "it may have been planted", "copy it")),
    Refusal(State.SKIPPED, Reason("damaged", "no picture in it")),
    Refusal(State.FAILED, Reason("unreadable", "it cannot be read", "chmod +r")),
)


def _unread(finding: Finding) -> Finding:
    return replace(finding, sha256="", md5="", pixels=None, media_type="")


FINDINGS = st.builds(
    Finding,
    directory=st.sampled_from([b"/p", b"/p/q"]),
    name=st.sampled_from([b"a.jpg", b"b.jpg", b"c.jpg", b"d.jpg", b"\xff.jpg"]),
    device=st.just(1),
    inode=st.integers(1, 3),
    size=st.integers(1, 2),
    mtime_ns=st.integers(1, 2),
    sha256=st.sampled_from(HASHES),
    media_type=st.sampled_from(["image/jpeg", "image/x-raw", "video/mp4", "image/webp"]),
    folder=st.just("camera"),
    root=st.just(b"/p"),
    lane=st.sampled_from(Lane),
    account_ids=st.sampled_from([(), (1,), (2,), (1, 2), (1, 2, 3), (2, 9)]),
    refusal=st.sampled_from(REFUSALS),
    on_change=st.sampled_from(OnChange),
    md5=st.sampled_from(["", "e" * 32]),
    pixels=st.sampled_from([None, Pixels(4, 3, "image/jpeg"), Pixels(8, 6, "image/jpeg")]),
    flaw=st.sampled_from(["", "its end is missing"]),
    is_folder_named=st.booleans(),
).map(
    lambda one: (
        replace(one, sha256="") if one.refusal and one.refusal.state is State.FAILED else one
    )
)

LEDGER = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS),
        st.sampled_from(HASHES),
        st.sampled_from(["maybe", "there"]),
        st.sampled_from([None, "77"]),
        st.sampled_from(["", "4x3 image/jpeg"]),
    ),
    max_size=4,
    unique_by=lambda row: row[:2],
)


@cache
def _empty() -> Database:
    """With three accounts; made once, because that takes longer than all else."""
    with tempfile.TemporaryDirectory() as name:
        db = open_database(Path(name))
        accounts.bind(db, "me", "flickr", "flickr.com", "digest")
        accounts.bind(db, "you", "ipernity", "ipernity.com", "digest")
        accounts.bind(db, "they", "flickr", "flickr.com", "another")
        copy = _copy_of(db)
        db.close()
    return copy


def _copy_of(db: Database) -> Database:
    copy = Database(memory=True)
    db.conn.backup(copy.conn)
    return copy


@contextmanager
def _database(ledger: Sequence[tuple[Any, ...]], before: Sequence[Finding]) -> Iterator[Database]:
    with closing(_copy_of(_empty())) as db:
        for account_id, sha256, state, photo_id, pixels in ledger:
            db.execute(
                "INSERT INTO ledger (account_id, sha256, state, doubt, photo_id, since, job_id,"
                " pixels) VALUES (?, ?, ?, 'none', ?, 1.0, 0, ?)",
                (account_id, sha256, state, photo_id, pixels),
            )
        _one_by_one(db, before)
        yield db


def _one_by_one(db: Database, findings: Sequence[Finding]) -> list[int]:
    ready = []
    for finding in findings:
        ids = tuple(one for one in finding.account_ids if one in ACCOUNTS)
        ready += sightings.register(db, replace(finding, account_ids=ids), NOW)
    return ready


def _rows(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("files", "jobs", "history", "ledger", "sqlite_sequence")
    return {table: list(db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")) for table in tables}


@given(LEDGER, st.lists(FINDINGS, max_size=3), st.lists(FINDINGS, min_size=1, max_size=12))
def test_by_the_thousand_is_as_one_by_one(
    ledger: list[tuple[Any, ...]], before: list[Finding], findings: list[Finding]
) -> None:
    """Twins, several accounts, refusals, known contents, changed files, planted links: the same."""
    with _database(ledger, before) as slow, _database(ledger, before) as fast:
        assert register_all(fast, findings, NOW) == _one_by_one(slow, findings)
        assert _rows(fast) == _rows(slow)


@given(LEDGER, st.lists(FINDINGS, min_size=1, max_size=6))
def test_doing_it_twice_changes_nothing(
    ledger: list[tuple[Any, ...]], findings: list[Finding]
) -> None:
    """A process that died after the commit finds the same files again."""
    distinct = list({(one.directory, one.name): one for one in findings}.values())
    with _database(ledger, []) as once, _database(ledger, []) as twice:
        register_all(once, distinct, NOW)
        register_all(twice, distinct, NOW)
        register_all(twice, distinct, NOW)
        assert [row[:8] for row in _rows(twice)["jobs"]] == [row[:8] for row in _rows(once)["jobs"]]
        assert _rows(twice)["files"] == _rows(once)["files"]
