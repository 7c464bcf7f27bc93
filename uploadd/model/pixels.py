"""How many pixels a picture has: what speaks against a tag that tells of its content. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_TEXT = re.compile(r"(\d{1,9})x(\d{1,9}) (image/[a-z]+)")


class Pixels(NamedTuple):
    """The width and height of a picture of a type, as its file holds it."""

    width: int
    height: int
    media_type: str

    def __str__(self) -> str:
        """`4000x3000 image/jpeg`: for the database, and for people."""
        return f"{self.width}x{self.height} {self.media_type}"


def pixels_of(text: str) -> Pixels | None:
    """What `str` made of pixels; None for anything else, such as an empty text."""
    found = _TEXT.fullmatch(text)
    return Pixels(int(found[1]), int(found[2]), found[3]) if found else None


def contradict(one: Pixels | None, other: Pixels | None) -> bool:
    """Whether these cannot be the same content.

    Never where nothing is known of one of them, nor where their types differ: a service may have
    converted it. A picture that was turned by 90 degrees is the same one.
    """
    if one is None or other is None or one.media_type != other.media_type:
        return False
    return sorted((one.width, one.height)) != sorted((other.width, other.height))


def difference(photo: Pixels, file: Pixels) -> str:
    """How a photo on a service differs from a file that should be its content."""
    told, held = (f"{one.width} x {one.height}" for one in (photo, file))
    return f"{told} pixels, and the file has {held}"
