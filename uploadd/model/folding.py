"""One spelling for names that differ only in case, or in how their accents are written.

macOS writes an umlaut as two signs, other systems as one; cameras write `.JPG`, people `.jpg`.
What only looks alike (`²` and `2`) stays different. Bytes that are no text go through unchanged.
"""

from __future__ import annotations

import re
import unicodedata

# Turkish has two letters: I and ı, İ and i. Whoever writes one in capitals means its own small
# letter, which Unicode's rules give to the other one. So all four are one letter here.
_DOTS = re.compile("[i\u0131]\u0307*")

EXPANDING = re.compile(
    "[\u00df\u0130\u0149\u01f0\u0390\u03b0\u0587\u1e96-\u1e9e\u1f50-\u1fff\ufb00-\ufb17]"
)
"""Finds every sign that `folded` may make several of; also some others."""


def folded(text: str) -> str:
    """The same for all texts that differ only in case or in their normal form.

    Unicode, section 3.13, D145 (canonical caseless matching), with the Turkish letters as one.
    """
    if text.isascii():
        return text.lower()
    folds = unicodedata.normalize("NFD", text).casefold()
    return unicodedata.normalize("NFC", _DOTS.sub("i", unicodedata.normalize("NFD", folds)))


def plain(text: str) -> str:
    """The same with one sign for one sign: `ß` stays `ß`, where `folded` has `ss`."""
    composed = unicodedata.normalize("NFC", text)
    if EXPANDING.search(composed) is None:
        return folded(composed)
    return unicodedata.normalize("NFC", "".join(map(_plain_sign, composed)))


def _plain_sign(sign: str) -> str:
    for one in (folded(sign), sign.lower()):
        if len(one) == 1:
            return one
    return sign
