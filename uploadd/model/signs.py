"""Which signs of a text may reach a terminal, a log or a person's eyes. Pure.

Unsafe are those that a terminal obeys (C0, DEL, C1), that turn the order of what is read (bidi
controls), that end a line elsewhere (U+2028, U+2029), that nobody sees (tags, annotations, U+200B,
U+FEFF), and what is no text (surrogates, noncharacters). The joiners U+200C and U+200D stay:
scripts and emoji need them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_JOINERS = "\u200c\u200d"
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NOT_ASCII = re.compile(r"[^ -~]")
_MARKS = frozenset({"Mn", "Me"})

MOST_MARKS = 8
"""More signs that stand above or below one letter belong to no language."""


@lru_cache(maxsize=4096)
def is_unsafe(sign: str) -> bool:
    """Whether this one sign is not to be shown as it is. Line ends and tabs are unsafe, too."""
    if unicodedata.category(sign) in _UNSAFE_CATEGORIES:
        return sign not in _JOINERS
    number = ord(sign)
    return number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF


def blanked(text: str) -> str:
    """`text` with a blank for each unsafe sign, and with no letter under a heap of marks."""
    if text.isascii() and text.isprintable():
        return text
    kept, marks = [], 0
    for sign in text:
        marks = marks + 1 if unicodedata.category(sign) in _MARKS else 0
        if marks <= MOST_MARKS:
            kept.append(" " if is_unsafe(sign) else sign)
    return "".join(kept)


def escaped(text: str, kept: str = "") -> str:
    r"""`text` with each unsafe sign as Python writes it, as `\x1b`, but for those `kept`."""
    return _NOT_ASCII.sub(
        lambda found: found[0] if found[0] in kept or not is_unsafe(found[0]) else _named(found[0]),
        text,
    )


def printable(path: bytes) -> str:
    """`path` for a person's eyes: one line, whatever bytes are in it."""
    return escaped(path.decode("utf-8", errors="backslashreplace"))


def escaped_json(text: str) -> str:
    r"""JSON with each unsafe sign as `\uXXXX`: the same value. Line ends stay."""
    return _NOT_ASCII.sub(
        lambda found: _units(found[0]) if found[0] != "\n" and is_unsafe(found[0]) else found[0],
        text,
    )


def escaped_xml(text: str) -> str:
    """XML with each unsafe sign as a reference, in a text the same value. Line ends, tabs stay."""
    return _NOT_ASCII.sub(
        lambda found: (
            f"&#{ord(found[0])};" if found[0] not in "\n\t" and is_unsafe(found[0]) else found[0]
        ),
        text,
    )


def shortened(text: str, most: int) -> str:
    """At most `most` signs of `text`: its beginning and its end, and how many were left out."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} … {len(text) - 2 * half} signs left out … {text[-half:]}"


def _named(sign: str) -> str:
    return sign.encode("unicode_escape", errors="backslashreplace").decode("ascii")


def _units(sign: str) -> str:
    units = sign.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
