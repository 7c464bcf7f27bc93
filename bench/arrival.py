"""How files arrive: each figure of the intake, by a real daemon seen from outside."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench import bursts, live, moves, reads, scans
from bench.measure import say

HERE = Path(__file__).parent.parent


class Row(NamedTuple):
    """One figure. `measure` gets an empty directory and the part of the full size to take."""

    name: str
    figure: str
    wanted: str
    measure: Callable[[Path, float], str]


def count_lines(_place: Path, _scale: float) -> str:
    """Lines of the intake and of its rows."""
    paths = [*(HERE / "uploadd" / "intake").glob("*.py"), HERE / "uploadd/store/sightings.py"]
    lines = {path: len(path.read_text().splitlines()) for path in paths}
    return f"{sum(lines.values()):,} in {len(lines)} files"


ALL = "missed 0; done within 3 s"
SCANNED = "at most 3.3, 100 MB"
ROWS = (
    Row("burst", "50,000 files into 500 directories", ALL, bursts.into_directories),
    Row("nested", "50,000 files into new nested directories", ALL, bursts.into_nested),
    Row("moved-in", "a tree of 20,000 files moved in", ALL, bursts.moved_in),
    Row("overflow", "a forced overflow with 20,000 directories", ALL, bursts.overflow),
    Row("moves", "random moves at full speed", "missed 0 and 0", moves.at_full_speed),
    Row("gentle-moves", "random moves, 45 a second", "missed 0 and 0", moves.gently),
    Row("first", "first scan of 100,000 files", "8,000 files a second", scans.first_scan),
    Row("known-300k", "second scan of 300,000 files", SCANNED, scans.known_300_000),
    Row("known-1m", "second scan of 1,000,000 files", SCANNED, scans.known_1_000_000),
    Row("one-directory", "second scan of 500,000 in one directory", "100 MB", scans.one_directory),
    Row("live", "a live file in a first scan", "settle +0.5 s", live.during_first_scan),
    Row("large", "a live file behind one of 9 GB", "settle +0.5 s", live.behind_large_file),
    Row("rename", "read after a directory was renamed", "0 MB", reads.after_rename),
    Row("remount", "read after an unmount and a mount", "0 MB", reads.after_remount),
    Row("lines", "lines of intake/ and store/sightings.py", "at most 1,900", count_lines),
)


def main() -> None:
    """Print the figures that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench.arrival", description=__doc__)
    parser.add_argument("rows", metavar="ROW", nargs="*", help="a row's name; none: all of them")
    parser.add_argument("--scale", type=float, default=1.0, help="the part of the full size")
    parser.add_argument("--list", action="store_true", help="name the rows, measure nothing")
    given = parser.parse_args()
    unknown = set(given.rows) - {row.name for row in ROWS}
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}; --list names them")
    if given.list:
        for row in ROWS:
            say(f"{row.name:14} {row.figure} (wanted {row.wanted})")
        say(f"{'':14} idle for a minute: python -m bench.idle")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no daemon is left behind
    say(f"commit {_commit()}, scale {given.scale:g}, {os.cpu_count()} processors")
    for row in ROWS:
        if not given.rows or row.name in given.rows:
            _show(row, given.scale)


def _show(row: Row, scale: float) -> None:
    with tempfile.TemporaryDirectory(prefix="uploadd-bench-") as name:
        measured = row.measure(Path(name), scale)
    say(f"{row.figure}: {measured} (wanted {row.wanted}; load {os.getloadavg()[0]:.1f})")


def _commit() -> str:
    command = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
