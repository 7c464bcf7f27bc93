"""What a command loads before it does anything."""

from __future__ import annotations

import subprocess
import sys

import pytest

WIRE = (
    "httpx",
    "tenacity",
    "oauthlib",
    "watchdog",
    "exifread",
    "uploadd.delivery",
    "uploadd.daemon",
)
SETTINGS = ("pydantic_settings", "sqlite_utils")


@pytest.mark.parametrize(
    ("words", "left_out"),
    [
        (["--version"], WIRE + SETTINGS),
        (["sandbox", "--help"], WIRE + SETTINGS),
        (["status", "--help"], WIRE),
        (["jobs", "--help"], WIRE),
    ],
    ids=lambda case: " ".join(case[:2]),
)
def test_a_command_loads_no_other(words: list[str], left_out: tuple[str, ...]) -> None:
    """Nor what only others need: a start would take twice the time."""
    program = (
        f"import sys; sys.argv[1:] = {words}; from uploadd.__main__ import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout
    assert set(ended.stderr.split()).isdisjoint(left_out)


def test_a_package_that_a_command_misses() -> None:
    """The same clear line as where the command line itself cannot be loaded."""
    program = "import sys; sys.modules['httpx'] = None; from uploadd.__main__ import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "run"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "httpx" in line
    assert "pip install" in line
