"""Files of another user, and files that are written in pieces: none is sent before it is whole.

The kernel tells nobody but its owner whether a file is open for writing. Here root writes, and
the daemon belongs to somebody else.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from integration.preloaded import Running
from integration.processes import BEGIN, JPEG, LOGINS, environment, wait_until
from uploadd.sandbox import SandboxOptions
from uploadd.sandbox.server import running_sandbox

ANOTHER_USER = 65534
SETTLE, UNPROVEN, UNFINISHED = 0.5, 3.0, 5.0
PAUSE = 1.5
"""Longer than `settle_seconds`, shorter than `settle_unproven_seconds`."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


class Home:
    """A folder of root's, and a daemon that only reads it."""

    def __init__(self, home: Path, url: str, sandbox: object) -> None:
        self.photos = home / "photos"
        self.photos.mkdir()
        self.state_dir = home / "state"
        self.state_dir.mkdir()
        os.chown(self.state_dir, ANOTHER_USER, ANOTHER_USER)
        self._log = home / "log"
        self._log.touch(0o666)
        self._log.chmod(0o666)
        self._config = home / "uploadd.toml"
        self._sandbox = sandbox
        told = BEGIN.format(
            home=home, url=url, settle=SETTLE, service="flickr", login=LOGINS["flickr"]
        )
        waits = f"settle_unproven_seconds = {UNPROVEN}\nsettle_unfinished_seconds = {UNFINISHED}\n"
        self._config.write_text(told + waits)

    @contextmanager
    def running(self, user: int | None = ANOTHER_USER) -> Iterator[None]:
        """The daemon, until the block ends."""
        if user is None:
            os.chown(self.state_dir, 0, 0)
        line = ["--config", str(self._config), "run"]
        process = Running(line, environment(), self._log, self._log, user=user)
        try:
            wait_until(lambda: "folder.walked" in self.log(), 20, "the folder was walked")
            yield
        finally:
            process.kill()
            process.wait(timeout=20)

    def log(self) -> str:
        """What the daemon has printed."""
        return self._log.read_text()

    def sent(self) -> list[str]:
        """The hash of each upload, in order."""
        return [str(one.sha256) for one in list(self._sandbox.photos)]  # type: ignore[attr-defined]


@pytest.fixture
def home() -> Iterator[Home]:
    """A home that another user may enter, and a sandbox on a socket."""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as directory,
        running_sandbox(SandboxOptions()) as server,
    ):
        os.chmod(directory, 0o755)
        yield Home(Path(directory), server.url, server.sandbox)


def photo() -> tuple[bytes, bytes]:
    """The two halves of a JPEG of a megabyte; the first one lacks the end."""
    noise = Random(5).randbytes(1 << 20).replace(b"\xff", b"\xfe")
    whole = JPEG[:-2] + noise + JPEG[-2:]
    return whole[: 1 << 19], whole[1 << 19 :]


def plain() -> tuple[bytes, bytes]:
    """The two halves of a GIF, whose end nobody looks for."""
    whole = b"GIF89a" + Random(6).randbytes(1 << 20)
    return whole[: 1 << 19], whole[1 << 19 :]


def write_slowly(path: Path, halves: tuple[bytes, bytes], pause: float) -> None:
    """In one go, with a pause in the middle."""
    with path.open("wb", buffering=0) as file:
        file.write(halves[0])
        time.sleep(pause)
        file.write(halves[1])


def append_later(path: Path, halves: tuple[bytes, bytes], pause: float) -> None:
    """As `curl -C -` does it, or a browser that sends a file in pieces."""
    path.write_bytes(halves[0])
    time.sleep(pause)
    with path.open("ab", buffering=0) as file:
        file.write(halves[1])


def assert_whole(home: Home, halves: tuple[bytes, bytes]) -> None:
    """It was sent once, and nothing else was."""
    wait_until(lambda: bool(home.sent()), 20, "something was sent")
    time.sleep(1.0)
    assert home.sent() == [sha256(b"".join(halves)).hexdigest()]


@pytest.mark.parametrize("halves", [photo, plain])
def test_a_file_of_another_user_that_comes_slowly(
    home: Home, halves: Callable[[], tuple[bytes, bytes]]
) -> None:
    """The copy pauses for longer than `settle_seconds`, and goes on."""
    with home.running():
        write_slowly(home.photos / "slow.jpg", halves(), PAUSE)
        assert_whole(home, halves())


def test_a_copy_whose_birth_was_seen_may_pause_for_long(home: Home) -> None:
    """Longer than `settle_unproven_seconds`: it is waited for until it is closed."""
    with home.running():
        write_slowly(home.photos / "slow.gif", plain(), UNPROVEN + 2)
        closed = time.monotonic()
        assert_whole(home, plain())
        assert time.monotonic() - closed < UNPROVEN, "its close was not noticed"


@pytest.mark.parametrize("user", [None, ANOTHER_USER])
def test_a_photo_that_is_written_in_pieces(home: Home, user: int | None) -> None:
    """Closed in between, so that nothing shows that more is to come but its missing end."""
    with home.running(user):
        append_later(home.photos / "pieces.jpg", photo(), PAUSE)
        assert_whole(home, photo())


def test_a_photo_that_stays_without_its_end_is_sent(home: Home) -> None:
    """After it has rested: there will be no more of it. The log says what it lacks."""
    with home.running():
        (home.photos / "cut.jpg").write_bytes(photo()[0])
        begun = time.monotonic()
        wait_until(lambda: bool(home.sent()), 20, "the photo was sent")
        assert time.monotonic() - begun >= UNFINISHED - 0.1
        assert "file.truncated" in home.log()


def test_old_files_of_another_user_do_not_wait(home: Home) -> None:
    """Whole or not: what has rested for long enough by its own times is taken at once."""
    (home.photos / "whole.gif").write_bytes(b"".join(plain()))
    (home.photos / "cut.jpg").write_bytes(photo()[0])
    time.sleep(UNFINISHED + 0.2)
    with home.running():
        wait_until(lambda: len(home.sent()) == 2, UNPROVEN - 0.5, "both were sent at once")
