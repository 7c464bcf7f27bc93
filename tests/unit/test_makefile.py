"""What `make` removes is what it made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"


@pytest.mark.parametrize("is_link", [False, True])
def test_an_environment_of_a_persons_own_is_never_emptied(tmp_path: Path, is_link: bool) -> None:
    """`make demo` once cleared a `.venv` whose Python is too old for it."""
    mine = tmp_path / ("elsewhere" if is_link else ".venv")
    (mine / "bin").mkdir(parents=True)
    (mine / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    if is_link:
        (tmp_path / ".venv").symlink_to(mine)
    command = ["make", "-C", str(tmp_path), "-f", str(MAKEFILE), ".venv/made"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "move it away" in ended.stderr
    assert (tmp_path / ".venv" / "bin" / "python").is_file()
    assert [path.name for path in mine.iterdir()] == ["bin"]
