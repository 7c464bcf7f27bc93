"""What stands at the beginning of a file that should be a photo and is none, in words."""

from __future__ import annotations

from uploadd.files.opening import printable
from uploadd.model.numbers import number

_LATE = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"))
_TEXT_BYTES = 40
_SHOWN_BYTES = 8
_LETTER_BYTES = 4
_LETTERS_FOR_AN_ODD_ONE = 5


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
    """The first letters of `head`; empty where it is no text. A few odd letters may be in one."""
    shown = head[:_TEXT_BYTES]
    letters = shown.decode("utf-8", errors="ignore")
    lost = len(shown) - len(letters.encode())
    is_whole = lost == 0 or (lost < _LETTER_BYTES and len(head) > _TEXT_BYTES)
    odd = sum(not (one.isprintable() or one.isspace()) for one in letters)
    is_text = is_whole and "\0" not in letters and odd * _LETTERS_FOR_AN_ODD_ONE < len(letters)
    return letters if is_text else ""
