"""Which signs are shown, and how the others are written."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from uploadd.model.signs import blanked, escaped, escaped_json, is_unsafe, shortened

UNSAFE = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    *"\u2028\u2029\u200b\u2060\ufeff\ufff9\ufffa\ufffb",
    *"\ud800\udfff\ufffe\uffff\ufdd0\ufdef\U0001fffe\U0010ffff",
    *"\U000e0001\U000e0020\U000e007f",
]
SAFE = "aé☃ \u200c\u200d🏖️👩\u200d🚀שלום\u0301\u3000\xa0\ue000"


@pytest.mark.parametrize("sign", UNSAFE, ids=ascii)
def test_a_sign_that_a_terminal_or_an_eye_is_deceived_by_is_unsafe(sign: str) -> None:
    """And it goes out of every form."""
    assert is_unsafe(sign)
    assert blanked(f"a{sign}b") == "a b"
    assert not any(map(is_unsafe, escaped(f"a{sign}b")))
    told = json.dumps(f"a{sign}b", ensure_ascii=False)
    assert json.loads(escaped_json(told)) == f"a{sign}b"
    assert not any(map(is_unsafe, escaped_json(told)))


def test_what_people_write_stays() -> None:
    """Scripts, emoji with joiners, and blanks of other scripts."""
    assert not [sign for sign in SAFE if is_unsafe(sign)]
    assert blanked(SAFE) == escaped(SAFE) == escaped_json(SAFE) == SAFE


def test_every_sign_that_there_is_is_judged() -> None:
    """Nothing of the categories that hold controls is missed, the joiners apart."""
    missed = [
        hex(number)
        for number in range(sys.maxunicode + 1)
        if unicodedata.category(chr(number)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and not is_unsafe(chr(number))
    ]
    assert missed == ["0x200c", "0x200d"]


def test_no_letter_stands_under_a_heap_of_marks() -> None:
    """The marks would cover the lines above and below."""
    assert blanked("e" + "\u0301" * 500 + "x\u0302") == "e" + "\u0301" * 8 + "x\u0302"


def test_line_ends_may_be_kept() -> None:
    """A traceback has lines."""
    assert escaped("a\nb\x1b", "\n") == "a\nb\\x1b"


def test_a_long_text_keeps_its_ends() -> None:
    """And says how much is missing."""
    assert shortened("a" * 10, 10) == "a" * 10
    assert shortened("ab" + "x" * 96 + "yz", 4) == "ab … 96 signs left out … yz"
