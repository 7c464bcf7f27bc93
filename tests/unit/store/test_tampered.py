"""A database or a backup that holds what uploadd never made: refused before it can do anything."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from unit.operations.records import Records
from uploadd.model.errors import StoreError, UsageError
from uploadd.store import backups, shape, statements
from uploadd.store.connection import DATABASE_NAME, open_database
from uploadd.store.inspection import wrong_row
from uploadd.store.restoring import Restored, restore
from uploadd.store.schema import MIGRATIONS

NOW = 1_700_000_000.0
NAMES = [migration.name for migration in MIGRATIONS._migrations]


class House(Records):
    """A state directory with a photo on the account, one that failed, and a backup of it."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.state_dir = self.configuration.state_dir
        self.done("a.jpg")
        self.failed("b.jpg")
        self.database = self.state_dir / DATABASE_NAME
        self.backup = backups.make(self.state_dir, self.database, NOW, lambda: True).path

    def restore(self) -> Restored:
        return restore(self.state_dir, self.backup, NOW)

    def ledger(self) -> int:
        with closing(sqlite3.connect(self.database)) as db:
            (rows,) = db.execute("SELECT count(*) FROM ledger").fetchone()
        return int(rows)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """With one row in the ledger."""
    made = House(tmp_path)
    assert made.ledger() == 1
    return made


def change(path: Path, *words: str) -> None:
    """Do something to a database that uploadd never does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        for word in words:
            db.execute(word)


def replaced(table: str, old: str, new: str) -> str:
    """Rewrite the words that a table or an index was made by."""
    quoted = [text.replace("'", "''") for text in (old, new)]
    return (
        f"UPDATE sqlite_master SET sql = replace(sql, '{quoted[0]}', '{quoted[1]}')"
        f" WHERE name = '{table}'"
    )


EMPTIED = """
CREATE TRIGGER steal AFTER UPDATE ON facts BEGIN DELETE FROM ledger; END
"""
FOREIGN = [
    (EMPTIED, "the trigger steal"),
    ("CREATE TRIGGER x INSTEAD OF INSERT ON v BEGIN SELECT 1; END", "the trigger x"),
    ("CREATE VIEW mine AS SELECT * FROM jobs", "the view mine"),
    ("CREATE TABLE mine (a)", "the table mine"),
    ("CREATE VIRTUAL TABLE mine USING fts5 (a)", "the table mine"),
    ("CREATE INDEX mine ON jobs (folder)", "the index mine"),
    ("ALTER TABLE jobs ADD COLUMN mine TEXT", "another table jobs"),
    ("ALTER TABLE jobs ADD COLUMN mine AS (hex(zeroblob(9)))", "another table jobs"),
    (replaced("jobs", "'failed')", "'failed', 'mine')"), "another table jobs"),
    (replaced("one_in_flight", "UNIQUE ", ""), "another index one_in_flight"),
    (replaced("one_in_flight", "'filing'", "'mine'"), "another index one_in_flight"),
    ("DROP INDEX one_in_flight", "a database without the index one_in_flight"),
    ("DROP TABLE facts", "a database without the table facts"),
    ("DELETE FROM _sqlite_migrations WHERE id = 1", "its list of migrations"),
    ("UPDATE _sqlite_migrations SET name = 'x' || name WHERE id = 2", "newer"),
]


@pytest.mark.parametrize(("words", "told"), FOREIGN)
@pytest.mark.parametrize("which", ["backup", "database"])
def test_what_uploadd_never_made_is_refused(
    house: House, which: str, words: str, told: str
) -> None:
    """In a backup that is restored, and in the database whenever it is opened."""
    place = house.backup if which == "backup" else house.database
    first = ["CREATE VIEW v AS SELECT 1"] if " ON v " in words else []
    change(place, *first, words)
    before = (house.database.stat().st_ino, house.ledger())
    with pytest.raises(StoreError) as refused:
        house.restore() if which == "backup" else open_database(house.state_dir)
    assert told in refused.value.text or (first and "the view v" in refused.value.text)
    assert "nothing was changed" in refused.value.text
    assert (house.database.stat().st_ino, house.ledger()) == before
    assert not list(house.state_dir.glob("aside-*"))
    assert not list(house.state_dir.glob("*.restoring*"))
    assert bool(backups.flaw(house.backup)) is (which == "backup")


def test_a_trigger_that_empties_the_ledger_never_runs(house: House) -> None:
    """What the restore itself writes would have set it off."""
    change(house.backup, EMPTIED)
    with pytest.raises(StoreError, match="the trigger steal"):
        house.restore()
    with closing(sqlite3.connect(house.backup)) as db:
        assert db.execute("SELECT count(*) FROM ledger").fetchone() == (1,)


def test_the_line_for_a_database_names_the_commands(house: House) -> None:
    """The newest good backup, and what takes a thing of one's own away again."""
    change(house.database, 'CREATE TABLE "my \'own" (a)')
    with pytest.raises(StoreError) as refused:
        open_database(house.state_dir)
    assert f"`uploadd restore {house.backup}`" in refused.value.remedy
    change(house.backup, EMPTIED)
    with pytest.raises(StoreError) as refused:
        open_database(house.state_dir)
    assert "uploadd restore" not in refused.value.remedy
    assert f"sqlite3 {house.database} " in refused.value.remedy
    change(house.database, 'DROP TABLE "my \'own"')
    open_database(house.state_dir).close()


def test_what_sqlite_keeps_for_itself_is_not_foreign(house: House) -> None:
    """Statistics of ANALYZE, and the counters of AUTOINCREMENT."""
    for place in (house.database, house.backup):
        change(place, "ANALYZE")
    open_database(house.state_dir).close()
    house.restore()
    open_database(house.state_dir).close()


@pytest.mark.parametrize("number", range(1, len(NAMES)))
def test_an_older_backup_is_migrated(house: House, number: int) -> None:
    """One that any of our migrations has ended with; what is planted in it is seen all the same."""
    house.backup.unlink()
    with closing(sqlite3.connect(house.backup, isolation_level=None)) as connection:
        MIGRATIONS.apply(Database(connection), stop_before=NAMES[number])
    change(house.backup, "CREATE TABLE mine (a)")
    with pytest.raises(StoreError, match="the table mine"):
        house.restore()
    change(house.backup, "DROP TABLE mine")
    house.restore()
    with closing(open_database(house.state_dir)) as db:
        shape.check(db)
        assert shape.is_current(db)


ASKED = """
INSERT INTO backfills (directory, place, folder, accounts, state, asked_at)
VALUES (CAST('{}' AS BLOB), '', '', '{}', 'asked', 1.0)
"""
ROWS = [
    ("UPDATE jobs SET directory = x'72656c61746976'", "path"),
    ("UPDATE jobs SET directory = CAST('/srv/../etc' AS BLOB)", "path"),
    ("UPDATE jobs SET directory = CAST('/srv/..' AS BLOB)", "path"),
    ("UPDATE jobs SET directory = x'2f737276002f'", "path"),
    ("UPDATE jobs SET root = CAST('/srv/../../etc' AS BLOB)", "path"),
    ("UPDATE jobs SET directory = '/srv/photos'", "type"),  # a text in the place of bytes
    ("UPDATE jobs SET name = CAST('../x.jpg' AS BLOB)", "path"),
    ("UPDATE jobs SET name = CAST('..' AS BLOB)", "path"),
    ("UPDATE jobs SET name = x''", "path"),
    ("UPDATE jobs SET state = 'mine'", "CHECK"),
    ("UPDATE jobs SET kind = 'delete'", "CHECK"),
    ("UPDATE jobs SET doubt = 'mine'", "state"),
    ("UPDATE jobs SET asked_privacy = 'mine'", "state"),
    ("UPDATE jobs SET sha256 = 'x' || substr(sha256, 2)", "hash"),
    ("UPDATE jobs SET sha256 = 'ab'", "hash"),
    ("UPDATE jobs SET md5 = 'ab'", "hash"),
    ("UPDATE jobs SET sent_as = 'a b c'", "number"),
    ("UPDATE jobs SET sent_as = '1 2'", "number"),
    ("UPDATE jobs SET size = -1", "number"),
    ("UPDATE jobs SET size = 'much'", "type"),
    ("UPDATE jobs SET attempts = 9223372036854775807", "number"),
    ("UPDATE jobs SET due = 9e999", "number"),
    ("UPDATE jobs SET wait_begin = 1, wait_seconds = -1", "number"),
    ("UPDATE jobs SET photo_id = '1;rm -rf'", "id of a photo"),
    ("UPDATE jobs SET photo_id = '1' || char(27)", "id of a photo"),
    ("UPDATE jobs SET account_id = 77", "no account"),
    ("UPDATE files SET name = CAST('a/' || name AS BLOB)", "file"),
    ("UPDATE files SET covers = 'x'", "file"),
    ("UPDATE ledger SET doubt = 'mine'", "ledger"),
    ("UPDATE ledger SET photo_id = ''", "ledger"),
    ("UPDATE accounts SET identity = 'flickr:flickr.com:other'", "identity"),
    ("INSERT INTO pauses VALUES (1, 'mine', '', '', '', 1.0, NULL, NULL, 1, 0)", "pause"),
    ("INSERT INTO pauses VALUES (1, 'hand', '', '', '', 1.0, 1.0, -5.0, 1, 0)", "pause"),
    ("UPDATE sends SET begun = 9223372036854775807", "sends"),
    ("INSERT INTO calls VALUES ('x', 9e999, 1)", "call"),
    ("INSERT INTO folders VALUES ('x', CAST('y' AS BLOB), 'auto', NULL, '', '')", "folder"),
    (ASKED.format("/a/../b", "[]"), "request"),
    (ASKED.format("/a", "{"), "request"),
]


@pytest.mark.parametrize(("words", "told"), ROWS)
def test_a_row_that_uploadd_never_wrote_is_refused(house: House, words: str, told: str) -> None:
    """The tables are ours; what stands in them is not."""
    with closing(sqlite3.connect(house.backup, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        if "jobs SET" in words:
            db.execute("DELETE FROM jobs WHERE id != 1")
        db.execute(words)
    before = house.database.stat().st_ino
    with pytest.raises(StoreError) as refused:
        house.restore()
    assert told in refused.value.text
    assert "nothing was changed" in refused.value.text
    assert house.database.stat().st_ino == before
    assert backups.flaw(house.backup)
    assert backups.newest_good(house.state_dir) is None


def test_an_index_that_hides_a_second_one_in_flight(house: House) -> None:
    """The promise is the index; that of a backup may leave rows out."""
    with closing(sqlite3.connect(house.backup, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        index = "FROM sqlite_master WHERE name = 'one_in_flight'"
        row = db.execute(f"SELECT * {index}").fetchone()
        db.execute(f"DELETE {index}")
        db.execute("PRAGMA writable_schema = RESET")
    with closing(sqlite3.connect(house.backup, isolation_level=None)) as db:
        db.execute("UPDATE jobs SET state = 'uncertain', sha256 = (SELECT sha256 FROM ledger)")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
    with pytest.raises(StoreError, match="index one_in_flight"):
        house.restore()


def test_jobs_outside_of_every_folder_are_legal(house: House) -> None:
    """A backfill of any directory makes them; names are any bytes."""
    change(
        house.backup,
        "UPDATE jobs SET folder = '', name = x'ff2e2e0a' WHERE id = 1",
        "UPDATE jobs SET directory = CAST('/x/..y/...' AS BLOB), root = x'2f' WHERE id = 2",
    )
    house.restore()


def test_what_is_no_file_is_no_backup(house: House, tmp_path: Path) -> None:
    """A FIFO or a device would never end."""
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero")):
        house.backup = path
        with pytest.raises(UsageError, match="is not a file"):
            house.restore()


def test_a_file_without_end_fills_no_disk(house: House, tmp_path: Path) -> None:
    """It is larger than the room that there is, though it takes none itself."""
    with house.backup.open("r+b") as file:
        file.truncate(1 << 50)
    with pytest.raises(StoreError, match="put in place"):
        house.restore()
    assert not list(house.state_dir.glob("*.restoring*"))


def test_a_log_beside_a_backup_is_checked_with_it(house: House, tmp_path: Path) -> None:
    """What it adds is part of the copy, a trigger as well as a row."""
    writing = tmp_path / "writing.db"
    house.backup.rename(writing)
    with closing(sqlite3.connect(writing, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(EMPTIED)
        for end in ("", "-wal"):
            text = writing.with_name(writing.name + end).read_bytes()
            house.backup.with_name(house.backup.name + end).write_bytes(text)
    with pytest.raises(StoreError, match="the trigger steal"):
        house.restore()


def test_no_connection_trusts_what_stands_in_the_schema(house: House) -> None:
    """SQLite's advice for a file that somebody else may have made."""
    with closing(open_database(house.state_dir)) as db:
        assert db.execute("PRAGMA trusted_schema").fetchone() == (0,)
    with backups.read_only(house.backup) as read:
        assert read.execute("PRAGMA trusted_schema").fetchone() == (0,)


def test_every_table_is_inspected(house: House) -> None:
    """Whoever adds a table says what a row of it may hold; its types are seen to in any case."""
    with closing(open_database(house.state_dir)) as db:
        assert wrong_row(db) == ""
        tables = {name for name in db.table_names() if not name.startswith(("sqlite_", "_"))}
    words = " ".join(statements.WRONG_ROWS.values())
    without_rules = {"facts", "history", "roots", "walks"}  # read as text that may be anything
    assert {name for name in tables if f"FROM {name} " not in words} == without_rules
