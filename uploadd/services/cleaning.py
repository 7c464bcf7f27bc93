"""Text that comes from outside, made fit for XML, for HTTP, or for one line of a log. Pure."""

from __future__ import annotations

import html
import re
import unicodedata

from uploadd.model.signs import blanked

EXCERPT_CHARACTERS = 100
SEARCHED_BYTES = 64 * 1024

# What XML 1.0 forbids (section 2.2, Char) beside the control and surrogate categories.
_NONCHARACTERS = frozenset("\ufffe\uffff")
_KEPT_CONTROLS = frozenset("\t\n")
# Both with an end, or a page of thousands of them takes a second; and of a reference with
# thousands of digits Python makes no number, but an error.
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,1000})", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?")


def sendable(text: str) -> str:
    """`text` without the characters that XML or HTTP cannot carry; line ends become LF."""
    unified = _LINE_END.sub("\n", text)
    return "".join(character for character in unified if _is_sendable(character))


def one_line(text: str, most: int = EXCERPT_CHARACTERS) -> str:
    """`text` as at most `most` characters of one line, none of which a terminal obeys."""
    squeezed = " ".join(blanked(text[: 10 * most]).split())
    return squeezed if len(squeezed) <= most else squeezed[: most - 1] + "…"


def excerpt(body: bytes) -> str:
    """What a person needs of a reply that could not be used: a page's title, or its first words.

    OAuth's replies give nothing: the server repeats our key and token in them.
    """
    text = body[:SEARCHED_BYTES].decode("utf-8", errors="replace")
    if "oauth" in text or "debug_sbs" in text:
        return ""
    title = _TITLE.search(text)
    if title:
        return one_line(html.unescape(title[1]))
    return "" if text.lstrip().startswith("<") else one_line(text[: 4 * EXCERPT_CHARACTERS])


def _is_sendable(character: str) -> bool:
    if character in _KEPT_CONTROLS:
        return True
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in _NONCHARACTERS
