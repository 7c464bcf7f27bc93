"""Numbers in texts have one form, and one of a thing is not several."""

from __future__ import annotations

import pytest

from uploadd.model.numbers import counted, number


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (6387, "6,387"), (1234567, "1,234,567"), (2.6, "3")]
)
def test_a_number_has_a_comma_at_each_thousand(value: float, text: str) -> None:
    """The same in every text."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (6387, "6,387 files")]
)
def test_one_file_is_not_several(count: int, text: str) -> None:
    """`1 file`, never `1 files`."""
    assert counted(count, "file") == text


def test_a_plural_may_be_named() -> None:
    """Where an `s` does not make it."""
    assert counted(1, "job is", "jobs are") == "1 job is"
    assert counted(1200, "directory", "directories") == "1,200 directories"
