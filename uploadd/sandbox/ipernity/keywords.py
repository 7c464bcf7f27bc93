"""Keywords as ipernity reads them: separated by commas, with quotes around what holds one."""

from __future__ import annotations


def split_keywords(text: str) -> list[str]:
    """The keywords in a `keywords` field (`"blue sky",sunset`), each once."""
    words: list[str] = []
    word, is_quoted = "", False
    for character in text:
        if character == '"':
            is_quoted = not is_quoted
        elif character == "," and not is_quoted:
            words.append(word)
            word = ""
        else:
            word += character
    words.append(word)
    return list(dict.fromkeys(clean for one in words if (clean := one.strip())))
