"""A folder that a real daemon takes in, and the jobs that it makes; nothing is ever sent."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from integration.preloaded import Running
from integration.processes import JPEG, environment, wait_until

NOBODY = 65534
SETTLE = 0.3
FOLDER = """
[folders.{name}]
path = "{path}"
accounts = ["me"]
settle_seconds = {settle}
settle_unproven_seconds = {settle}
poll_seconds = 1
rescan_seconds = 3600
"""
BEGIN = """
state_dir = "{home}/state"
[accounts.me]
base_url = "http://127.0.0.1:1"
api_key = "key"
api_secret = "secret"
token = "token"
token_secret = "token-secret"
"""


UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "--"]
STARTER = "from uploadd.cli.app import main; main()"


def _can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


class Watched:
    """A home with the folder `photos`, and a daemon in it that cannot reach any service.

    `user`: who runs uploadd, where root runs the tests; all else is done by whoever runs them.
    """

    def __init__(self, home: Path, user: int | None = None, settle: float = SETTLE) -> None:
        self.home = home
        self.user = user
        self.photos = home / "photos"
        self.photos.mkdir()
        self.outside = home / "outside"
        self.outside.mkdir()
        self.state = home / "state"
        self.state.mkdir(mode=0o700)
        self.settle = settle
        self.config = home / "uploadd.toml"
        self.config.write_text(BEGIN.format(home=home))
        self.configure("camera", self.photos)
        if user is not None:
            os.chown(self.state, user, user)
        (home / "log").touch()
        self.dice = Random(1)

    def configure(self, name: str, path: Path, more: str = "") -> None:
        """One more folder; `more`: further lines of its table."""
        with self.config.open("a") as file:
            file.write(FOLDER.format(name=name, path=path, settle=self.settle) + more)

    def change(self, old: str, new: str) -> None:
        """Other settings."""
        told = self.config.read_text()
        assert old in told
        self.config.write_text(told.replace(old, new))

    def photo(self, name: str, size: int = 500) -> Path:
        """A new photo with content of its own below the home."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG + self.dice.randbytes(size))
        return path

    def words(self, *words: str) -> list[str]:
        """A command line."""
        return ["--config", str(self.config), *words]

    def uploadd(self, *words: str) -> tuple[int, str, str]:
        """A command to its end: its exit code and what it printed."""
        with tempfile.TemporaryDirectory() as directory:
            stdout, stderr = Path(directory, "stdout"), Path(directory, "stderr")
            running = Running(self.words(*words), environment(), stdout, stderr, user=self.user)
            code = running.wait(timeout=60)
            return code, stdout.read_text("utf-8"), stderr.read_text("utf-8")

    @contextmanager
    def running(self, walks: int = 1) -> Iterator[Running]:
        """The daemon, after so many more walks of folders; it is killed at the end."""
        log, before = self.home / "log", self.walks()
        process = Running(self.words("run"), environment(), log, log, user=self.user)
        try:
            wait_until(lambda: self.walks() >= before + walks, 20, "the first walks")
            yield process
        finally:
            process.kill()
            process.wait(timeout=20)

    def walks(self) -> int:
        """How often a folder was walked to its end."""
        return self.log().count("folder.walked")

    @contextmanager
    def limited(self, kind: str, most: int) -> Iterator[Callable[[int], None]]:
        """The daemon where it has no more inotify `watches` or `instances`; gives what sets that.

        In a user namespace of its own, which is skipped where nobody may make one.
        """
        limit = f"/proc/sys/user/max_inotify_{kind}"
        orders = self.home / "orders"
        os.mkfifo(orders)
        keeper = f"while read number; do echo $number > {limit}; done < {orders}"
        setup = f'echo {most} > {limit}; {{ {keeper}; }} & exec "$@"'
        line = [*UNSHARE, "sh", "-c", setup, "sh", sys.executable, "-c", STARTER]
        if not _can_unshare():
            pytest.skip("this system lets nobody make a user namespace")
        with (self.home / "log").open("ab") as log:
            process = subprocess.Popen(
                [*line, *self.words("run")], stdout=log, stderr=log, env=environment()
            )
        try:
            with orders.open("w") as order:
                wait_until(lambda: "folder.walked" in self.log(), 20, "the first walk")

                def set_limit(number: int) -> None:
                    order.write(f"{number}\n")
                    order.flush()

                yield set_limit
        finally:
            process.kill()
            process.wait(timeout=20)

    def log(self) -> str:
        """What the daemon has printed."""
        return (self.home / "log").read_text("utf-8", errors="surrogateescape")

    def folder(self, name: str = "camera") -> dict[str, Any]:
        """What `status` says of a folder."""
        code, told, said = self.uploadd("status", "--json")
        assert code == 0, said
        found: dict[str, Any] = json.loads(told)["folders"][name]
        return found

    def rows(self, statement: str, *values: bytes) -> list[tuple[Any, ...]]:
        """What the database answers, beside the daemon."""
        with closing(sqlite3.connect(f"file:{self.state}/uploadd.db?mode=ro", uri=True)) as db:
            return db.execute(statement, values).fetchall()

    def jobs(self) -> dict[bytes, str]:
        """The state of each path's newest job."""
        told = self.rows("SELECT directory, name, state FROM jobs ORDER BY id")
        return {os.path.join(directory, name): state for directory, name, state in told}

    def queued(self) -> set[bytes]:
        """The paths with a job that will be sent."""
        return {path for path, state in self.jobs().items() if state == "queued"}

    def missing(self, paths: Sequence[Path], seconds: float = 8) -> list[str]:
        """Those of the photos that are in no job after at most so many seconds."""
        wanted = {os.fsencode(path) for path in paths}
        end = time.monotonic() + seconds
        while (lost := wanted - self.queued()) and time.monotonic() < end:
            time.sleep(0.05)
        return sorted(os.fsdecode(os.path.relpath(path, os.fsencode(self.home))) for path in lost)


def photos_below(directory: Path) -> list[Path]:
    """Every `.jpg` there."""
    return sorted(path for path in directory.rglob("*.jpg") if path.is_file())


MakeWatched = Callable[..., Watched]


@contextmanager
def a_home() -> Iterator[Path]:
    """A directory that every user may enter, unlike pytest's own; in memory if these are."""
    base = os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp")
    with tempfile.TemporaryDirectory(dir=base) as home:
        Path(home).chmod(0o755)
        yield Path(home)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
