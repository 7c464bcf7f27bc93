"""One list of patterns, and which of them decides about a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from uploadd.model.errors import ConfigurationError
from uploadd.model.folding import EXPANDING, folded, plain
from uploadd.model.globs import Glob, read_glob

_ONE_EXTENSION = re.compile(r"\*\.[a-z0-9_]+")

NO_PATTERN = -1

Spellings = tuple[str, str | None]
"""A path as patterns are compared with it: `folded`, and `plain` where that differs."""


def spellings(path: bytes) -> Spellings:
    """Both of a path. Patterns see a byte that is no text as one sign."""
    text = path.decode("utf-8", errors="surrogateescape")
    if text.isascii():
        return text.lower(), None
    first = folded(text)
    return first, plain(text) if EXPANDING.search(text) else None


class Patterns:
    """`include` (`reaches_below`) or `exclude` of a folder: the last one that matches decides.

    `reaches_below`: a pattern that means a directory means all that lies in it, too. Without it,
    nobody asks for what lies in a directory that is left out.
    Raises `ConfigurationError` for a pattern that can match nothing.
    """

    def __init__(self, key: str, patterns: Sequence[str], *, reaches_below: bool) -> None:
        globs = [_read(key, pattern) for pattern in patterns]
        self.takes_back = [glob.takes_back for glob in globs]
        """By the number of a pattern: whether it begins with `!`."""
        ways = [glob.below if reaches_below else glob.itself for glob in globs]
        self._extensions = {} if any(self.takes_back) else _extensions(patterns)
        decided = set() if reaches_below else set(self._extensions.values())
        self._of_file = _matcher({n: way for n, way in enumerate(ways) if n not in decided})
        self._of_directory = _matcher(dict(enumerate(ways)))

    def decide(self, path: Spellings) -> int:
        """The number of the pattern that decides about a file, or NO_PATTERN.

        An extension decides at once, where no pattern takes anything back.
        """
        text, other = path
        if self._extensions:
            number = self._extensions.get(text[text.rfind(".") :])
            if number is not None:
                return number
        number = self._of_file(text)
        return number if other is None else max(number, self._of_file(other))

    def decide_directory(self, path: Spellings) -> int:
        """The same for a directory."""
        text, other = path
        number = self._of_directory(f"{text}/")
        return number if other is None else max(number, self._of_directory(f"{other}/"))


def _read(key: str, pattern: str) -> Glob:
    try:
        return read_glob(pattern)
    except ConfigurationError as error:
        raise ConfigurationError(f'{key}: "{pattern}" {error.text}', error.remedy) from None


def _extensions(patterns: Sequence[str]) -> dict[str, int]:
    """The patterns that only look at an extension, by it."""
    small = [pattern.lower() for pattern in patterns]
    return {
        pattern[1:]: number
        for number, pattern in enumerate(small)
        if _ONE_EXTENSION.fullmatch(pattern)
    }


def _matcher(ways: dict[int, str]) -> Callable[[str], int]:
    """Finds the last of these expressions that fits, in one look; gives its number."""
    if not ways:
        return lambda _: NO_PATTERN
    numbers = sorted(ways, reverse=True)  # of the alternatives, the first one that fits is taken
    match = re.compile("|".join(f"({ways[n]})" for n in numbers), re.DOTALL).fullmatch

    def find(text: str) -> int:
        found = match(text)
        return NO_PATTERN if found is None else numbers[(found.lastindex or 0) - 1]

    return find
