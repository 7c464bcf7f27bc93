"""A state directory, a login or a configuration that somebody else may have written."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from unit.cli.test_commands import Home, home
from uploadd.store import backups
from uploadd.store.connection import DATABASE_NAME, open_database
from uploadd.store.lock import LOCK_NAME, SUCCESSOR_NAME, try_queue_up, try_take
from uploadd.store.mark import MARK_NAME, marked, open_mark

__all__ = ["home"]

OTHER = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
COMMANDS = [
    ["run"], ["backfill", "{photos}"], ["backfill", "{photos}", "--dry-run"],
    ["auth", "me"], ["check"], ["status"], ["jobs"], ["why", "a.jpg"], ["retry", "--failed"],
    ["ignore", "1"], ["pause", "me"], ["resume", "me"], ["adopt", "--account", "me"], ["restore"],
    ["replace", "a.jpg", "--photo-id", "1", "--account", "me"],
    ["call", "flickr.test.login", "--account", "me"],
]  # fmt: skip


def login_of(home: Home) -> Path:
    """A saved login, as `uploadd auth` leaves it."""
    directory = home.configuration.state_dir / "credentials"
    directory.mkdir(parents=True, mode=0o700)
    home.configuration.state_dir.chmod(0o700)
    file = directory / "uploadd.me.token"
    file.touch(mode=0o600)
    file.write_text("a-token")
    return file


def refused(home: Home, *words: str) -> str:
    """The one line with which a command ends by 2."""
    result = home.uploadd(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.strip()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("what", ["configuration", "state_dir"])
def test_no_command_goes_by_what_others_may_write(home: Home, words: list[str], what: str) -> None:
    """Whoever may write the one names the commands that run; in the other he plants a login."""
    login_of(home)
    place = home.config if what == "configuration" else home.configuration.state_dir
    place.chmod(0o777)
    words = [word.format(photos=home.photos) for word in words]
    if words == ["check"]:
        result = home.uploadd(*words)
        assert result.exit_code == 2
        told = result.stdout
    else:
        told = refused(home, *words)
    assert f"{place}" in told
    assert "can be written by everybody" in told
    assert f"chmod go-w {place}" in told


Spoil = Callable[[Path], None]


def a_link(path: Path) -> None:
    """Put the thing elsewhere, and a link of our own in its place."""
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def given_away(path: Path) -> None:
    """Let it be somebody else's."""
    os.lchown(path, OTHER, OTHER)


def open_to_all(path: Path) -> None:
    """Let everybody write it."""
    path.chmod(path.stat().st_mode | 0o002)


SPOILT = [
    pytest.param(a_link, "is a symbolic link", "rm ", id="link"),
    pytest.param(open_to_all, "can be written by everybody", "chmod go-w ", id="open"),
    pytest.param(given_away, "belongs to ", "chown root ", id="foreign", marks=as_root),
]


@pytest.mark.parametrize(("spoil", "told", "remedy"), SPOILT)
@pytest.mark.parametrize("what", ["credentials", "login"])
def test_a_planted_login_is_not_read(
    home: Home, what: str, spoil: Spoil, told: str, remedy: str
) -> None:
    """Neither a link nor what others own or may write; the token is not shown."""
    file = login_of(home)
    path = file if what == "login" else file.parent
    spoil(path)
    line = refused(home, "status")
    assert f"{path}: {told}" in line
    assert remedy + str(path) in line
    assert "a-token" not in line


def test_all_of_them_are_findings(home: Home) -> None:
    """`check` shows each login, with its command, and ends by 2."""
    file = login_of(home)
    other = file.with_name("uploadd.me.api_secret")
    other.symlink_to("/etc/hostname")
    file.chmod(0o602)
    result = home.uploadd("check", "--json")
    found = json.loads(result.stdout)["findings"]
    assert [(one["level"], one["subject"]) for one in found] == [
        ("error", str(other)),
        ("error", str(file)),
    ]
    assert result.exit_code == 2


def test_the_command_that_is_named_helps(home: Home) -> None:
    """It is run as it stands, and then everything works again."""
    file = login_of(home)
    for path in (home.config, home.configuration.state_dir, file.parent, file):
        open_to_all(path)
    for _ in range(4):
        line = refused(home, "status")
        command = line.partition("Run: ")[2]
        assert command.startswith("chmod go-w /")
        subprocess.run(shlex.split(command), check=True)
    assert home.uploadd("status").exit_code == 0


def test_ones_own_links_to_the_directory_and_the_configuration(home: Home) -> None:
    """A state directory on another disk, a configuration from a repository of dot files."""
    login_of(home)
    a_link(home.configuration.state_dir)
    (home.config.parent / "elsewhere").rename(home.config.parent / "disk")
    home.configuration.state_dir.unlink()
    home.configuration.state_dir.symlink_to("disk")
    a_link(home.config)
    assert home.uploadd("status").exit_code == 0


@as_root
@pytest.mark.parametrize("what", ["configuration", "state_dir"])
def test_a_link_of_somebody_else_is_not_followed(home: Home, what: str) -> None:
    """He chooses where it leads; the remedy makes it one's own."""
    login_of(home)
    path = home.config if what == "configuration" else home.configuration.state_dir
    a_link(path)
    given_away(path)
    line = refused(home, "status")
    assert f"is reached by {path}, a symbolic link of " in line
    subprocess.run(shlex.split(line.partition("then: ")[2]), check=True)
    assert home.uploadd("status").exit_code == 0


@as_root
def test_a_configuration_of_somebody_else(home: Home) -> None:
    """Root is told both ways: to be that user, or to believe what he wrote."""
    given_away(home.config)
    line = refused(home, "status")
    assert "belongs to " in line
    assert "uploadd …" in line
    subprocess.run(shlex.split(line.partition("root's: ")[2]), check=True)
    assert home.uploadd("status").exit_code == 0


def test_a_configuration_from_a_pipe(home: Home) -> None:
    """`--config <(…)`."""
    reading, writing = os.pipe()
    os.write(writing, home.config.read_bytes())
    os.close(writing)
    home.config = Path(f"/dev/fd/{reading}")
    assert home.uploadd("status").exit_code == 0
    os.close(reading)


PLACES = [
    DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", f"{DATABASE_NAME}-journal",
    f"{DATABASE_NAME}.restoring", LOCK_NAME, SUCCESSOR_NAME,
    f"{backups.DIRECTORY_NAME}/uploadd-000001-20260101T000000Z.db",
    f"{backups.DIRECTORY_NAME}/uploadd.db.part",
]  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("how", ["link", "dangling", "fifo", "open", "foreign"])
def test_what_lay_there_before(home: Home, name: str, how: str) -> None:
    """The directory is safe now; what somebody left in it while it was not is not opened."""
    home.failed("a.jpg")
    path = home.configuration.state_dir / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    outside = home.photos / "outside"
    if how in {"link", "dangling"}:
        path.symlink_to(outside)
        if how == "link":
            outside.write_bytes(b"precious")
    elif how == "fifo":
        os.mkfifo(path, 0o600)
    else:
        path.touch()
        if how == "open":
            path.chmod(0o602)
        elif os.geteuid() == 0:
            os.chown(path, OTHER, OTHER)
        else:
            pytest.skip("only root gives a file away")
    for words in (["status"], ["backfill", str(home.photos)], ["run"]):
        line = refused(home, *words)
        assert str(path) in line
        assert {"link": "rm ", "dangling": "rm ", "fifo": "rm ", "open": "chmod go-w "}.get(
            how, "chown root "
        ) + str(path) in line
    (finding,) = json.loads(home.uploadd("check", "--json").stdout)["findings"][-1:]
    assert (finding["level"], finding["subject"]) == ("error", "state_dir")
    assert str(path) in finding["remedy"]
    if how == "link":
        assert outside.read_bytes() == b"precious"
    assert outside.exists() is (how == "link")


@pytest.mark.parametrize("how", ["link", "fifo", "open"])
def test_the_mark_is_reached_by_no_link(home: Home, how: str) -> None:
    """Nothing stops where it is no file, as ever; one that others may write is refused."""
    home.failed("a.jpg")
    path = home.configuration.state_dir / MARK_NAME
    path.unlink(missing_ok=True)
    outside = home.photos / "outside"
    outside.write_bytes(b"precious")
    if how == "link":
        path.symlink_to(outside)
    elif how == "fifo":
        os.mkfifo(path)
    else:
        path.touch()
        path.chmod(0o602)
        assert f"chmod go-w {path}" in refused(home, "status")
        return
    assert marked(path.parent) == 0
    open_mark(path.parent).close()
    assert home.uploadd("status").exit_code == 0
    assert outside.read_bytes() == b"precious"


def test_nothing_else_of_ours_lies_there(home: Home) -> None:
    """The names that are looked at are all that uploadd makes, whatever is made some day."""
    home.done("a.jpg")
    state_dir = home.configuration.state_dir
    with try_take(state_dir) as _, try_queue_up(state_dir) as _, open_database(state_dir).conn:
        backup = backups.make(state_dir, state_dir / DATABASE_NAME, 1.7e9, lambda: True)
        open_mark(state_dir).close()
        made = {one.name for one in state_dir.iterdir()}
    known = ("uploadd.db", MARK_NAME, LOCK_NAME, SUCCESSOR_NAME, backups.DIRECTORY_NAME)
    assert {name for name in made if not name.startswith(known)} == set()
    for name in (*known, backup.path.name):
        path = (backup.path.parent if name == backup.path.name else state_dir) / name
        path.chmod(path.stat().st_mode | 0o002)
        assert str(path) in refused(home, "status")
        path.chmod(path.stat().st_mode & ~0o002)


def test_backups_may_lie_on_another_disk(home: Home) -> None:
    """A link of one's own; not where others may write there."""
    home.failed("a.jpg")
    elsewhere = home.photos.parent / "other disk"
    elsewhere.mkdir(mode=0o700)
    (home.configuration.state_dir / "backups").symlink_to(elsewhere)
    assert home.uploadd("status").exit_code == 0
    elsewhere.chmod(0o777)
    assert "chmod go-w" in refused(home, "status")


@pytest.mark.parametrize("umask", [0o002, 0o000, 0o077])
def test_the_database_is_its_owners_alone(home: Home, umask: int) -> None:
    """Never anybody else's, not even until its mode is set."""
    before = os.umask(umask)
    try:
        home.failed("a.jpg")
        assert home.uploadd("status").exit_code == 0
    finally:
        os.umask(before)
    state_dir = home.configuration.state_dir
    assert state_dir.stat().st_mode & 0o777 == 0o700
    assert (state_dir / DATABASE_NAME).stat().st_mode & 0o777 == 0o600


def doors(home: Home) -> list[dict[str, str]]:
    """What `check` says of the directories above, as warnings."""
    found = json.loads(home.uploadd("check", "--json").stdout)["findings"]
    return [one for one in found if "can take" in one["text"] and one["level"] == "warning"]


def test_a_directory_above_that_others_may_write_is_a_warning(home: Home) -> None:
    """They can take ours away, and put nothing of their own there; sticky ones let nobody."""
    login_of(home)
    assert doors(home) == []
    above = home.config.parent
    above.chmod(0o777)
    assert {one["subject"] for one in doors(home)} == {"state_dir", "configuration"}
    assert {one["remedy"] for one in doors(home)} == {f"run: chmod go-w {above}"}
    assert home.uploadd("status").exit_code == 0
    above.chmod(0o1777)
    assert doors(home) == []
