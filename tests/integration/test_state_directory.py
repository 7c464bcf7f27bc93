"""The state directory under stress: real processes, a full disk, a damaged database."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.processes import Desk, environment, wait_until
from uploadd.store import backups
from uploadd.store.connection import DATABASE_NAME

MakeDesk = Callable[..., Desk]
LITTLE_BYTES = 400_000
PHOTOS = 80


def limited(desk: Desk, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command that may make no file larger than a little."""
    return desk.uploadd(*words, file_bytes=LITTLE_BYTES)


def is_clear(done: subprocess.CompletedProcess[str]) -> str:
    """Its last line, which is no traceback."""
    assert "Traceback" not in done.stderr + done.stdout
    assert "should not happen" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("uploadd: ")
    return last


@pytest.mark.parametrize("command", ["run", "backfill"])
def test_no_room_in_mid_run_loses_nothing(make_desk: MakeDesk, command: str) -> None:
    """It stops with 1 and one line; with room, it goes on, and nothing is doubled."""
    desk = make_desk()
    for number in range(PHOTOS):
        desk.add(f"p{number:03d}.jpg", size=100)
    words = ("backfill", str(desk.photos)) if command == "backfill" else ("run",)
    done = limited(desk, *words)
    assert done.returncode == 1
    assert "cannot be used" in is_clear(done)
    for other in ("status", "jobs", "check"):
        looked = limited(desk, other)
        assert "Traceback" not in looked.stderr
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert len(desk.kept()) == PHOTOS
    assert set(desk.kept().values()) == {1}


def test_a_damaged_database_from_the_line_to_the_end(make_desk: MakeDesk) -> None:
    """Refused; the command that it names works; so do those that this one names."""
    desk = make_desk()
    for number in range(5):
        desk.add(f"p{number}.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0  # makes the day's backup
    assert backups.listed(desk.home / "state")
    desk.add("later.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    (desk.home / "state" / DATABASE_NAME).write_bytes(b"garbage" * 3000)
    refused = desk.uploadd("run")
    assert refused.returncode == 1
    named = re.search(r"`uploadd (restore [^`]+)`", is_clear(refused))
    assert named is not None
    for command in ("status", "jobs", "check", "backfill"):
        words = (command, str(desk.photos)) if command == "backfill" else (command,)
        looked = desk.uploadd(*words)
        assert looked.returncode == 1
        assert named[0] in " ".join((looked.stderr + looked.stdout).split())
    restored = desk.uploadd(*named[1].split())
    assert restored.returncode == 0
    then = re.search(r"uploadd (adopt --account \w+)", restored.stderr)
    assert then is not None
    assert "awaits its adoption" in desk.uploadd("status").stdout
    assert "uploadd adopt --account me" in desk.uploadd("check").stdout
    adopted = desk.uploadd(*then[1].split())
    assert (adopted.returncode, "1 of those are new" in adopted.stderr) == (0, True)
    assert "awaits its adoption" not in desk.uploadd("status").stdout
    desk.add("new.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert len(desk.kept()) == 7
    assert set(desk.kept().values()) == {1}


def test_an_adoption_beside_a_daemon(make_desk: MakeDesk) -> None:
    """An old copy was put in place; the daemon goes on safely, and hears of the adoption."""
    desk = make_desk()
    state = desk.home / "state"
    for number in range(5):
        desk.add(f"p{number}.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    copy = shutil.copy(state / DATABASE_NAME, desk.home / "copy.db")
    for number in range(5):
        desk.add(f"later{number}.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    shutil.copy(copy, state / DATABASE_NAME)
    with desk.started("run"):
        wait_until(lambda: "folder.walked" in desk.log(), 20, "the first walk")
        assert "database.older" in desk.log()
        adopted = desk.uploadd("adopt", "--account", "me")
        assert adopted.returncode == 0
        desk.add("new.jpg")
        wait_until(lambda: len(desk.kept()) == 11, 30, "the new photo")
    assert set(desk.kept().values()) == {1}


def test_a_state_directory_that_cannot_be_written(make_desk: MakeDesk, tmp_path: Path) -> None:
    """A clear line with the remedy, and 1; nothing was thrown away."""
    desk = make_desk()
    desk.add("a.jpg")
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    state = desk.home / "state"
    before = (state / DATABASE_NAME).read_bytes()
    script = f'mount --bind "{state}" "{state}" && mount -o remount,bind,ro "{state}" && exec "$@"'
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs mount namespaces")
    for words in (("run",), ("backfill", str(desk.photos)), ("status",), ("pause", "me")):
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, "sh", *desk.command(*words)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=environment(),
        )
        assert done.returncode == 1
        assert "nothing is lost" in is_clear(done)
    assert (state / DATABASE_NAME).read_bytes() == before
    assert os.listdir(tmp_path)
