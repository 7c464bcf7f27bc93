"""Everything that a commit must pass (`make test`): lint, and beside it every suite.

The suites that compute have one worker a core. The tests of real processes wait two thirds of
their time, so they are a run of their own, with more workers. The last line is pytest's own sum
over both; what lint has to say comes after it, and only if it fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, NoReturn
from xml.etree import ElementTree as ET

CORES = len(os.sched_getaffinity(0))
WAITING = "tests/integration"
RUNS = (
    ("tests", f"--ignore={WAITING}", f"--numprocesses={CORES}"),
    (WAITING, f"--numprocesses={3 * CORES}"),
)
LINT = ("make", "--no-print-directory", "lint")
GRACE_SECONDS = 10.0
WORDS = ("failed", "passed", "skipped", "errors")


class Everything:
    """The commands under way, each in a session of its own: all that it starts can be ended."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._started: list[subprocess.Popen[bytes]] = []
        self._sum: Counter[str] = Counter()

    def run(self) -> bool:
        """Whether all of it is well."""
        began = time.monotonic()
        with (self._directory / "lint").open("w+b") as said:
            lint = self._start(LINT, said)
            codes = [self._test(options) for options in RUNS]
            is_clean = lint.wait() == 0
            print(told(self._sum, time.monotonic() - began), flush=True)
            if not is_clean:
                said.seek(0)
                print(said.read().decode(errors="replace"), "lint failed, see above", sep="")
        return is_clean and not any(codes)

    def end(self) -> None:
        """End what is still under way: as Ctrl-C does, and where that takes too long, at once."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for number, seconds in ((signal.SIGINT, GRACE_SECONDS), (signal.SIGKILL, None)):
            for process in self._started:
                if process.poll() is None:
                    os.killpg(process.pid, number)
            for process in self._started:
                try:
                    process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue

    def _test(self, options: Sequence[str]) -> int:
        report = self._directory / "report.xml"
        report.unlink(missing_ok=True)
        pytest = (sys.executable, "-m", "pytest", "--dist=worksteal", f"--junitxml={report}")
        code = self._start((*pytest, *options)).wait()
        self._sum += outcomes_in(report, is_well=code == 0)
        return code

    def _start(
        self, command: Sequence[str], output: IO[bytes] | None = None
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output and subprocess.STDOUT,
            start_new_session=True,
        )
        self._started.append(process)
        return process


def outcomes_in(report: Path, *, is_well: bool) -> Counter[str]:
    """How many tests ended how; an error where pytest was not well for another reason."""
    if not report.exists():
        return Counter(errors=1)
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    names = ("tests", "failures", "skipped", "errors")
    tests, failed, skipped, errors = (int(suite.attrib[name]) for name in names)
    passed = tests - failed - skipped - errors
    if not is_well and not failed + errors:
        errors = 1
    return Counter(failed=failed, passed=passed, skipped=skipped, errors=errors)


def told(outcomes: Counter[str], seconds: float) -> str:
    """The sum as pytest words it."""
    parts = [f"{outcomes[name]} {name}" for name in WORDS if outcomes[name]]
    line = f" {', '.join(parts)} in {seconds:.2f}s ({timedelta(seconds=int(seconds))}) "
    return line.center(80, "=")


def stop(_number: int, _frame: Any) -> NoReturn:
    """SIGTERM is as good as Ctrl-C."""
    raise KeyboardInterrupt


def main() -> int:
    """Run all of it. 1 where something failed, 130 where it was stopped."""
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with tempfile.TemporaryDirectory() as directory:
        everything = Everything(Path(directory))
        try:
            return 0 if everything.run() else 1
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            return 130
        finally:
            everything.end()


if __name__ == "__main__":
    sys.exit(main())
