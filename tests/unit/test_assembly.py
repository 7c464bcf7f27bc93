"""Whose database a deliverer sits down with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest

from uploadd.assembly import _check_seat
from uploadd.model.configuration import Configuration
from uploadd.model.errors import StoreError
from uploadd.store.seat import Seat

MALLORY = 4711
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


class _Lock:
    """While it is asked, Mallory exchanges the directory above which she may write."""

    def __init__(self, exchange: Any) -> None:
        self.whats_wrong = exchange


def test_a_directory_that_is_exchanged_twice_is_not_delivered_from(tmp_path: Path) -> None:
    """Hers is there while the database is opened, yours while the directory is judged."""
    yours, hers, third = (tmp_path / name for name in ("state", "hers", "third"))
    for directory in (yours, hers):
        directory.mkdir(mode=0o700)
        (directory / "uploadd.db").touch(0o600)
    for path in (hers, hers / "uploadd.db"):
        os.chown(path, MALLORY, MALLORY)

    def exchange() -> str:
        yours.rename(third)
        hers.rename(yours)
        third.rename(hers)
        return ""

    def seat_with(directory: Path, ask: Any) -> Seat:
        opened = (directory / "uploadd.db").stat()
        lock, nothing = cast("Any", _Lock(ask)), cast("Any", None)
        identity = (opened.st_dev, opened.st_ino)
        return Seat(lock, nothing, nothing, yours / "uploadd.db", identity)

    configuration = Configuration(state_dir=yours)
    _check_seat(seat_with(yours, lambda: ""), configuration)
    with pytest.raises(StoreError, match="exchanged while it was opened"):
        _check_seat(seat_with(hers, exchange), configuration)
