"""What stands at the beginning of a file that should be a photo and is none, in words."""

from __future__ import annotations

from uploadd.files.opening import printable
from uploadd.model.numbers import number

_LATE = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"))
_TEXT_BYTES = 40
_SHOWN_BYTES = 8


def describe(head: bytes) -> str:
    """One clause about the file that begins with `head`, for a terminal: nothing in it acts."""
    if not head.strip(b"\x00"):
        return "it begins with zeros"
    for magic, name in _LATE:
        place = head.find(magic)
        if place > 0:
            return f"a {name} begins {number(place)} bytes late"
    text = _text_of(head)
    if text:
        return f"it begins with the text '{printable(text.encode())}'"
    return f"it begins with the bytes {head[:_SHOWN_BYTES].hex(' ')}"


def _text_of(head: bytes) -> str:
    """The first letters of `head`; empty where it is no text."""
    letters = head[:_TEXT_BYTES].decode("utf-8", errors="ignore")
    lost = len(head[:_TEXT_BYTES]) - len(letters.encode())
    is_cut = len(head) > _TEXT_BYTES and lost < 4
    is_text = (is_cut or lost == 0) and all(one.isprintable() or one.isspace() for one in letters)
    return letters if is_text else ""
