"""What is told of a thing in the state directory that somebody else may have put there."""

from __future__ import annotations

import subprocess
from pathlib import Path

from uploadd.files.premises import distrusted


def test_a_persons_own_file_behind_a_link_is_kept(tmp_path: Path) -> None:
    """Who moved the database to another disk does not lose it by the command that is told."""
    state, disk = tmp_path / "my state", tmp_path / "other disk"
    state.mkdir(mode=0o700)
    disk.mkdir()
    (disk / "moved.db").write_bytes(b"precious")
    database = state / "uploadd.db"
    database.symlink_to(disk / "moved.db")
    [(place, objection)] = distrusted(state)
    assert place == database
    command = objection.remedy.partition("put that here: ")[2].partition("; else: rm ")[0]
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert (database.is_symlink(), database.read_bytes()) == (False, b"precious")
    assert list(distrusted(state)) == []
