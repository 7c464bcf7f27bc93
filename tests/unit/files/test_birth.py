"""When a file was made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from uploadd.files import birth


def birth_at(path: Path) -> int:
    """Of the file at a path."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return birth.birth_of(descriptor)
    finally:
        os.close(descriptor)


def test_a_renamed_file_keeps_its_birth_and_another_has_its_own(tmp_path: Path) -> None:
    """Whatever times are given to it."""
    first = tmp_path / "a.jpg"
    first.write_bytes(b"a")
    born = birth_at(first)
    if not born:
        pytest.skip("this file system tells no birth")
    second = first.rename(tmp_path / "b.jpg")
    os.utime(second, (1, 1))
    assert birth_at(second) == born
    while birth_at(second) == born:  # the clock of files ticks every few milliseconds
        second.unlink()
        second.write_bytes(b"a")


@pytest.mark.parametrize(("nanoseconds", "told"), [(30_000_000, 0), (30_000_001, 7_030_000_001)])
def test_a_birth_to_the_hundredth_of_a_second_is_none(
    nanoseconds: int, told: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on vfat, whose inodes are others after each mount."""

    def statx(_descriptor: int, _path: bytes, _flags: int, _mask: int, found: Any) -> int:
        found._obj.mask, found._obj.birth_seconds, found._obj.birth_ns = 0xFFF, 7, nanoseconds
        return 0

    monkeypatch.setattr(birth, "_CALL", statx)
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a")
    assert birth_at(path) == told


def test_a_system_that_cannot_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error, or no such call."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a")
    monkeypatch.setattr(birth, "_CALL", lambda *_: -1)
    assert birth_at(path) == 0
    monkeypatch.setattr(birth, "_CALL", None)
    assert birth_at(path) == 0
