"""A real daemon with its account paused: files become jobs, and nothing is sent."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from bench.measure import UPLOADD
from bench.stand_in import configured

NOBODY = "http://127.0.0.1:9"  # nothing is sent here
LOOK_SECONDS = 0.05
START_SECONDS = 60.0
STOP_SECONDS = 120.0
FOLDER = """
[folders.{name}]
path = "{path}"
accounts = ["sandbox"]
settle_seconds = {settle}
rescan_seconds = {rescan}
"""


class Desk:
    """A configuration with folders, its state directory, and the daemon that is run with it.

    Folders are the directories `names` in `place`, which are made.
    """

    def __init__(
        self,
        place: Path,
        names: tuple[str, ...] = ("camera",),
        *,
        settle_seconds: float = 1.0,
        rescan_seconds: float = 3600.0,
    ) -> None:
        self.place = place
        self.settle_seconds = settle_seconds
        self.config = configured(place, NOBODY)
        self.database = place / "state" / "uploadd.db"
        self.log = place / "log"
        with self.config.open("a") as stream:
            for name in names:
                self.folder(name).mkdir()
                stream.write(
                    FOLDER.format(
                        name=name,
                        path=self.folder(name),
                        settle=settle_seconds,
                        rescan=rescan_seconds,
                    )
                )
        self.uploadd("pause", "sandbox")

    def folder(self, name: str = "camera") -> Path:
        """A folder's directory."""
        return self.place / name

    def uploadd(self, *words: str) -> None:
        """Run a command to its end."""
        command = [UPLOADD, "--config", str(self.config), *words]
        subprocess.run(command, check=True, capture_output=True)

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """Run the daemon, until it is stopped at the end."""
        with self.log.open("wb") as log:
            command = [UPLOADD, "--config", str(self.config), "run", "--log-format", "json"]
            child = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield Daemon(self, child.pid)
        finally:
            child.send_signal(signal.SIGCONT)
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


class Daemon:
    """A daemon that runs. `began`: its first word, before it looks at a folder (unix seconds)."""

    def __init__(self, desk: Desk, pid: int) -> None:
        self.desk = desk
        self.pid = pid
        wait_until(lambda: desk.log.read_bytes().count(b"\n") > 0, START_SECONDS)
        first = json.loads(desk.log.read_text().splitlines()[0])
        self.began = datetime.fromisoformat(first["timestamp"]).timestamp()
        self._cpu_of_start = self._cpu_seconds()

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """The rows of a question to the database, beside the daemon."""
        uri = f"{self.desk.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as database:
            return database.execute(question, values).fetchall()

    def jobs(self) -> int:
        """How many jobs there are."""
        return self._number("SELECT count(*) FROM jobs")

    def has_job(self, path: Path) -> bool:
        """Whether a file is queued."""
        question = "SELECT count(*) FROM jobs WHERE directory = ? AND name = ? AND state = 'queued'"
        return self._number(question, os.fsencode(path.parent), os.fsencode(path.name)) > 0

    def queued(self) -> set[bytes]:
        """The paths of all files that are queued."""
        rows = self.ask("SELECT directory || '/' || name FROM jobs WHERE state = 'queued'")
        return {path if isinstance(path, bytes) else str(path).encode() for (path,) in rows}

    def walked_at(self) -> float:
        """When the last whole walk of a folder ended, in unix seconds; 0: never since the start."""
        (found,) = self.ask("SELECT coalesce(max(last_rescan), 0) FROM folders")[0]
        return float(str(found)) if float(str(found)) > self.began else 0.0

    def wait_for_walk(self, seconds: float = START_SECONDS) -> float:
        """Seconds until its first walk has ended."""
        if not wait_until(lambda: self.walked_at() > 0, seconds):
            raise TimeoutError(f"no walk ended within {seconds:.0f} s: see {self.desk.log}")
        return self.walked_at() - self.began

    def wait_for_jobs(self, count: int, patience_seconds: float = 30.0) -> float | None:
        """When there were so many jobs, in unix seconds; None where they became no more."""
        seen, changed_at = -1, time.time()
        while time.time() - changed_at < patience_seconds:
            now, found = time.time(), self.jobs()
            if found >= count:
                return now
            if found != seen:
                seen, changed_at = found, now
            time.sleep(LOOK_SECONDS)
        return None

    def peak_bytes(self) -> int:
        """Its largest resident set so far."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def cpu_seconds(self) -> float:
        """The processor's time that it has taken since its first word."""
        return self._cpu_seconds() - self._cpu_of_start

    def _cpu_seconds(self) -> float:
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the process still meanwhile, so that the kernel's events pile up."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def _number(self, question: str, *values: object) -> int:
        ((found,),) = self.ask(question, *values)
        return int(str(found))


def wait_until(is_true: Callable[[], bool], seconds: float) -> bool:
    """Look again and again; whether it came true in time."""
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_SECONDS)
    return True
