"""`uploadd adopt` and `uploadd restore` as they are typed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unit.operations.records import account
from uploadd.cli.adopt import adopted_lines
from uploadd.cli.app import app
from uploadd.operations.adopt import Adopted
from uploadd.store import accounts, backups, lock
from uploadd.store.beside import writing
from uploadd.store.connection import DATABASE_NAME, open_database

NOW = 1_700_000_000.0
SETTINGS = """
state_dir = "{state}"
[accounts.me]
service = "flickr"
base_url = "http://127.0.0.1:1"
api_key = "k"
api_secret = "s"
{token}
"""
TOKEN = 'token = "t"\ntoken_secret = "ts"'


class Home:
    """A configuration, a state directory, and the command line."""

    def __init__(self, directory: Path) -> None:
        self.state = directory / "state"
        self.file = directory / "uploadd.toml"
        self.configure()
        with writing(self.state) as db:
            accounts.bind(db, "me", "flickr", "127.0.0.1:1", "digest")

    def configure(self, token: str = TOKEN) -> None:
        self.file.write_text(SETTINGS.format(state=self.state, token=token))
        self.file.chmod(0o600)

    def back_up(self) -> Path:
        return backups.make(self.state, self.state / DATABASE_NAME, NOW, lambda: True).path

    def say(self, *words: str) -> tuple[int, str]:
        """The exit code, and everything that was printed."""
        done = CliRunner().invoke(app, ["--config", str(self.file), *words])
        assert "Traceback" not in done.output
        return done.exit_code, done.output


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A state directory that knows one account."""
    return Home(tmp_path)


def test_without_a_backup_it_says_so(home: Home) -> None:
    """And when there will be one."""
    assert home.say("restore") == (
        0,
        "there is no backup yet: the daemon and each backfill make one a day\n",
    )


def test_the_backups_are_shown_with_the_command(home: Home) -> None:
    """The newest good one; a damaged one is called that."""
    good, bad = home.back_up(), home.back_up()
    bad.write_bytes(b"garbage" * 1000)
    code, said = home.say("restore")
    assert code == 0
    assert "damaged" in said
    assert f"uploadd restore {good}" in said


def test_a_restore_says_what_comes_next(home: Home) -> None:
    """Where the old database is, and the command for each account."""
    backup = home.back_up()
    code, said = home.say("restore", str(backup))
    assert code == 0
    (aside,) = home.state.glob("aside-*")
    assert f"what was there is in {aside}; nothing was deleted" in said
    assert "uploadd adopt --account me" in said
    assert DATABASE_NAME in os.listdir(aside)


def test_a_restore_waits_for_nobody(home: Home) -> None:
    """75 while somebody delivers, and nothing has changed."""
    backup = home.back_up()
    before = (home.state / DATABASE_NAME).stat().st_ino
    held = lock.take(home.state)
    code, said = home.say("restore", str(backup))
    held.release()
    assert code == 75
    assert "stop it first" in said
    assert (home.state / DATABASE_NAME).stat().st_ino == before


@pytest.mark.parametrize("kind", ["missing", "directory", "garbage", "foreign", "newer", "itself"])
def test_what_is_no_backup_is_refused(home: Home, tmp_path: Path, kind: str) -> None:
    """With one line, and the database stays where it is."""
    path = home.back_up()
    match kind:
        case "missing":
            path = tmp_path / "nowhere.db"
        case "directory":
            path = tmp_path
        case "garbage":
            path.write_bytes(b"garbage" * 1000)
        case "foreign":
            path = tmp_path / "foreign.db"
            with closing(open_database(tmp_path / "other")) as db:
                for table in ("jobs", "accounts"):
                    db.execute(f"ALTER TABLE {table} RENAME TO other_{table}")
            (tmp_path / "other" / DATABASE_NAME).rename(path)
        case "newer":
            with closing(sqlite3.connect(path)) as db, db:
                db.execute(
                    "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
                    " VALUES ('uploadd', 'from_the_future', 'later')"
                )
        case _:
            path = home.state / DATABASE_NAME
    before = (home.state / DATABASE_NAME).stat().st_ino
    code, said = home.say("restore", str(path))
    assert code in (1, 2)
    assert len(said.strip().splitlines()) == 1
    assert (home.state / DATABASE_NAME).stat().st_ino == before
    assert not list(home.state.glob("aside-*"))


def test_a_state_directory_that_is_gone_is_made(home: Home, tmp_path: Path) -> None:
    """The disk died; the backup was on another one."""
    backup = tmp_path / "elsewhere.db"
    backup.write_bytes(home.back_up().read_bytes())
    home.state.rename(tmp_path / "gone")
    assert home.say("restore", str(backup))[0] == 0
    with closing(open_database(home.state)) as db:
        (row,) = accounts.all_accounts(db)
    assert row.adopt_since == NOW - 86400.0


def test_adopt_refuses_what_it_cannot_do(home: Home) -> None:
    """A wrong account, a wrong date; and 77 without credentials."""
    code, said = home.say("adopt", "--account", "you")
    assert (code, "known are: me" in said) == (2, True)
    code, said = home.say("adopt", "--account", "me", "--since", "yesterday")
    assert (code, "2026-05-17" in said) == (2, True)
    home.configure(token="")
    code, said = home.say("adopt", "--account", "me")
    assert (code, "credentials are missing" in said) == (77, True)


def test_adopt_says_that_the_service_is_away(home: Home) -> None:
    """One line, exit code 1."""
    code, said = home.say("adopt")  # the only account is meant
    assert code == 1
    assert "give the command again" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("adopted", "told"),
    [
        (Adopted(0.0, 3, 2, 1, is_settled=True), "3 photos and videos; 2 of them carry"),
        (Adopted(0.0, 3, 2, 1, doubtful=1), "1 photo has several such tags"),
        (Adopted(NOW, 3, 3, 1, is_settled=False), "still awaits its adoption"),
        (Adopted(NOW, 3, 3, 1, is_settled=True, videos_after=NOW + 60), "videos are looked up"),
    ],
)
def test_what_came_of_an_adoption(adopted: Adopted, told: str) -> None:
    """For people."""
    assert told in "\n".join(adopted_lines(account("me"), adopted, NOW))


def test_photos_that_nobody_will_recognise_are_called_so() -> None:
    """Without `dedup_check` the service does not look at what arrives."""
    adopted = Adopted(0.0, 3, 2, 1, is_settled=True)
    told = list(adopted_lines(account("me"), adopted, NOW))
    assert told[1] == (
        "the 1 other can only be recognised by the service itself, when sent (dedup_check)"
    )
    told = list(adopted_lines(account("me", dedup_check=0), adopted, NOW))
    assert "the 1 other cannot be recognised, because dedup_check is 0" in told[1]
