"""When the pixels of two pictures show that they are not the same."""

from __future__ import annotations

import pytest

from uploadd.model.pixels import Pixels, contradict, difference, pixels_of

WIDE = Pixels(800, 600, "image/jpeg")


@pytest.mark.parametrize(
    ("other", "is_another"),
    [
        (WIDE, False),
        (Pixels(600, 800, "image/jpeg"), False),
        (Pixels(800, 601, "image/jpeg"), True),
        (Pixels(800, 800, "image/jpeg"), True),
        (Pixels(640, 480, "image/png"), False),
        (None, False),
    ],
)
def test_what_contradicts(other: Pixels | None, *, is_another: bool) -> None:
    """Turned is the same; another type may have been converted; what is not known shows nothing."""
    assert contradict(WIDE, other) is is_another
    assert contradict(other, WIDE) is is_another


def test_their_text_can_be_read_again() -> None:
    """As the database keeps it."""
    assert pixels_of(str(WIDE)) == WIDE


@pytest.mark.parametrize("text", ["", "800x600", "x image/jpeg", "-1x2 image/jpeg", "None"])
def test_another_text_tells_nothing(text: str) -> None:
    """An empty column, or one that was edited by hand."""
    assert pixels_of(text) is None


def test_people_are_told_of_both() -> None:
    """The photo first."""
    told = difference(Pixels(640, 480, "image/jpeg"), WIDE)
    assert told == "640 x 480 pixels, and the file has 800 x 600"
