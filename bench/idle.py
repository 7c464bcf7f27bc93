"""What an idle daemon costs: a minute with 300,000 jobs done, and one with as many queued."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from bench.measure import UPLOADD, say
from bench.stand_in import configured, stand_in
from uploadd.assembly import assembled
from uploadd.cli.logs import set_up_logs
from uploadd.runtime import real_runtime
from uploadd.settings import load

JOBS = 300_000
FILES_EACH = 100
SECONDS = 60.0
REST_SECONDS = 20.0
"""What a start does is over by then: it asks the account for its limits, and walks the folder."""
WANTED = 0.1
TICKS = os.sysconf("SC_CLK_TCK")

# From a directory that is no folder's, as a backfill leaves them: no walk looks for their files.
MAKE_JOBS = """
WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers LIMIT :jobs)
INSERT INTO jobs (account_id, folder, root, directory, name, kind, lane, state, sha256,
    media_type, size, mtime_ns, inode, device, photo_id, created_at, updated_at)
SELECT :account_id, '', CAST('/archive' AS BLOB),
    CAST(printf('/archive/roll %05d', number / :files_each) AS BLOB),
    CAST(printf('IMG_%06d.JPG', number) AS BLOB), 'upload', 'backfill', :state,
    printf('%064x', number), 'image/jpeg', 3000000, 1, number, 1,
    iif(:state = 'done', CAST(number AS TEXT), NULL), :now, :now
FROM numbers
"""
MAKE_LEDGER = """
INSERT INTO ledger (account_id, sha256, state, doubt, photo_id, since, job_id)
SELECT account_id, sha256, 'there', 'none', photo_id, :now, id FROM jobs WHERE state = 'done'
"""


def main() -> None:
    """Print the figures."""
    set_up_logs(level=logging.WARNING)
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else JOBS
    for state, told in (("done", "done"), ("queued", "queued, and the account paused")):
        with tempfile.TemporaryDirectory(prefix="uploadd-bench-") as name:
            place = Path(name)
            with stand_in(place / "sandbox") as sandbox:
                config = _prepared(place, sandbox.url, state, jobs)
                seconds = _idle_seconds(config)
        say(f"{jobs} {told}: {seconds:.2f} s of CPU in {SECONDS:.0f} s (wanted: {WANTED:.1f} s)")


def _prepared(place: Path, url: str, state: str, jobs: int) -> Path:
    """A configuration with a watched folder, and a database that holds the jobs."""
    config = configured(place, url)
    folder = place / "photos"
    folder.mkdir()
    with config.open("a") as stream:
        stream.write(f'\n[folders.photos]\npath = "{folder}"\naccounts = ["sandbox"]\n')
    asyncio.run(_fill(config, state, jobs))
    if state == "queued":
        subprocess.run([*_command(config), "pause", "sandbox"], check=True, capture_output=True)
    return config


async def _fill(config: Path, state: str, jobs: int) -> None:
    configuration = load(config, {}).configuration
    async with assembled(configuration, real_runtime(), "backfill") as assembly:
        desk = assembly.desks["sandbox"]
        which = {"account_id": desk.id, "state": state, "jobs": jobs, "files_each": FILES_EACH}
        await assembly.store.write(_make, {**which, "now": time.time()})


def _make(db: Database, which: dict[str, object]) -> None:
    db.execute(MAKE_JOBS, which)
    db.execute(MAKE_LEDGER, {"now": which["now"]})


def _idle_seconds(config: Path) -> float:
    """The seconds of processor that `uploadd run` takes while nothing happens."""
    say(f"  $ {shlex.join([*_command(config), 'run'])}")
    with _daemon(config) as pid:
        time.sleep(REST_SECONDS)
        before = _cpu_seconds(pid)
        time.sleep(SECONDS)
        return _cpu_seconds(pid) - before


@contextmanager
def _daemon(config: Path) -> Iterator[int]:
    with config.with_name("log").open("w") as log:
        child = subprocess.Popen([*_command(config), "run"], stdout=log, stderr=log)
    try:
        yield child.pid
        assert child.poll() is None, config.with_name("log").read_text()
    finally:
        child.terminate()
        child.wait()


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5): the fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _command(config: Path) -> list[str]:
    return [UPLOADD, "--config", str(config)]


if __name__ == "__main__":
    sys.exit(main())
