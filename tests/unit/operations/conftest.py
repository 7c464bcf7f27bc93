"""Fixtures for what the commands do."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.operations.records import Records


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A home of its own."""
    return Records(tmp_path)
