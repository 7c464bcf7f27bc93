"""What is asked about a part of a directory."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from uploadd.store.connection import open_database
from uploadd.store.known import Asked, known_files


def test_a_part_without_files_is_a_question_like_any_other(tmp_path: Path) -> None:
    """The part of a large directory may hold directories alone."""
    (tmp_path / "state").mkdir(mode=0o700)
    with closing(open_database(tmp_path / "state")) as db:
        asked = [Asked(b"/p", []), Asked(b"/p", [b"a.jpg"]), Asked(b"/p")]
        assert known_files(db, asked) == [{}, {}, {}]
