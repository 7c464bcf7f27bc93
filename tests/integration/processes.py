"""Real processes against a real sandbox on a socket."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from integration.preloaded import NO_LIMIT, Running

JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"
BEGIN = """
state_dir = "{home}/state"
patience = 0.01
[accounts.me]
service = "{service}"
base_url = "{url}"
{login}
calls_per_hour = 0
[folders.camera]
path = "{home}/photos"
accounts = ["me"]
settle_seconds = {settle}
"""
LOGINS = {
    "flickr": """api_key = "sandbox-key"
api_secret = "sandbox-secret"
token = "sandbox-token"
token_secret = "sandbox-token-secret"
""",
    "ipernity": """api_key = "sandbox-ipernity-key"
api_secret = "sandbox-ipernity-secret"
token = "sandbox-ipernity-token"
""",
}


class Desk:
    """A home directory with photos and a configuration, and uploadd run in it.

    `sandbox` is the service's side of its one account, which is on `service`.
    """

    def __init__(
        self, home: Path, url: str, sandbox: Any, settle: float, service: str = "flickr"
    ) -> None:
        self.home = home
        self.sandbox = sandbox
        self.photos = home / "photos"
        self.photos.mkdir()
        self.config = home / "uploadd.toml"
        login = LOGINS[service]
        told = BEGIN.format(home=home, url=url, settle=settle, service=service, login=login)
        self.config.write_text(told)
        self._log = home / "log"
        self._log.touch()
        self._dice = Random(1)

    def add(self, name: str, size: int = 500) -> Path:
        """A new photo with content of its own, old enough to have settled for a walk."""
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG + self._dice.randbytes(size))
        return path

    def command(self, *words: str) -> list[str]:
        """The command line of this desk's uploadd."""
        starter = "from uploadd.cli.app import main; main()"
        return [sys.executable, "-c", starter, *self._words(words)]

    def uploadd(
        self, *words: str, seconds: float = 60, file_bytes: int = NO_LIMIT
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; it makes no file larger than `file_bytes`."""
        with tempfile.TemporaryDirectory() as directory:
            stdout, stderr = Path(directory, "stdout"), Path(directory, "stderr")
            running = Running(
                self._words(words), environment(), stdout, stderr, file_bytes=file_bytes
            )
            try:
                code = running.wait(timeout=seconds)
            finally:
                running.kill()
            return subprocess.CompletedProcess(
                list(words), code, stdout.read_text(), stderr.read_text()
            )

    @contextmanager
    def started(self, *words: str) -> Iterator[Running]:
        """Run a command beside the test; it is killed at the end if it still runs."""
        process = Running(self._words(words), environment(), self._log, self._log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(timeout=20)

    def _words(self, words: tuple[str, ...]) -> list[str]:
        return ["--config", str(self.config), *words]

    def log(self) -> str:
        """What the processes have printed."""
        return self._log.read_text()

    def kept(self) -> Counter[str]:
        """How often each content is on the account."""
        self.sandbox.settle()
        return Counter(photo.sha256 for photo in list(self.sandbox.photos) if photo.is_on_account)


def environment() -> dict[str, str]:
    """The environment without a configuration of the user's own."""
    return {name: text for name, text in os.environ.items() if not name.startswith("UPLOADD")}


def wait_until(is_true: Callable[[], bool], seconds: float, what: str) -> None:
    """Look until `is_true`, for at most `seconds`; then fail."""
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            pytest.fail(f"after {seconds} s still not: {what}")
        time.sleep(0.05)
