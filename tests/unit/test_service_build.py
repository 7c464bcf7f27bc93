"""`make service WORK=DIR` removes things in DIR and runs what lies there as root: only its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[1] / "service" / "build.sh"


def refused(directory: Path) -> str:
    """What the script says of a directory before it does anything."""
    command = ["bash", str(BUILD), str(directory), "/nonexistent"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_a_directory_with_files_of_a_person_is_refused(tmp_path: Path) -> None:
    """It once removed DIR/tree."""
    mine = tmp_path / "tree" / "oak.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    assert "is not empty" in refused(tmp_path)
    assert [*tmp_path.iterdir(), *mine.parent.iterdir()] == [mine.parent, mine]


def test_a_directory_that_others_may_write_is_refused(tmp_path: Path) -> None:
    """They could lay a shell into it, which root then runs."""
    tmp_path.chmod(0o1777)
    assert f"chmod go-w '{tmp_path}'" in refused(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_refused(tmp_path: Path) -> None:
    """Whoever made it chooses the directory."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert "not a directory of your own" in refused(link)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_owner_is_refused(tmp_path: Path) -> None:
    """In /tmp anyone may have made it first."""
    os.chown(tmp_path, 65534, 65534)
    assert "not a directory of your own" in refused(tmp_path)
