"""Running a child and knowing what it cost; medians and lines for the results."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

UPLOADD = str(Path(sys.executable).with_name("uploadd"))


@dataclass(frozen=True)
class Run:
    """What a child cost. `peak_bytes`: its largest resident set."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int
    output: str


def run(command: Sequence[str], *, output: Path) -> Run:
    """Run a command, its standard output going to a file, and wait for it."""
    began = time.perf_counter()
    with output.open("w") as stream:
        child = subprocess.Popen(command, stdout=stream, stderr=subprocess.PIPE, text=True)
        assert child.stderr is not None
        complaints = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: exit {child.returncode}\n{complaints}")
    cpu = used.ru_utime + used.ru_stime
    return Run(seconds, cpu, used.ru_maxrss * 1024, child.returncode, output.read_text())


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def spread(values: Sequence[float]) -> str:
    """The smallest and the largest, for a reader who doubts a median."""
    return f"{min(values):.2f} to {max(values):.2f}"


def say(text: str = "") -> None:
    """A line of the result, at once."""
    print(text, flush=True)


def megabytes(size: float) -> str:
    """Bytes as MB (10^6)."""
    return f"{size / 1e6:.1f} MB"
