"""What the last walk of a folder says of the folder's patterns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

PatternKey = tuple[str, str]
"""`include` or `exclude`, and the pattern as it was written."""

NOT_INCLUDED: PatternKey = ("include", "")
"""Stands for what no pattern of `include` matches."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk that came to its end. `ended_at` in unix seconds.

    `files`: how many files it asked the patterns about. `matches`: how many files and directories
    each pattern decided about; a directory that is not entered is one.
    """

    root: bytes
    ended_at: float
    files: int
    matches: Mapping[PatternKey, int]

    def as_text(self) -> str:
        """The counts for a row of the database; `matches_of_text` reads it."""
        return json.dumps([[*pattern, count] for pattern, count in self.matches.items()])


def summed(patterns: Iterable[PatternKey], counts: Iterable[int]) -> dict[PatternKey, int]:
    """The count of each pattern; one that is written twice has the sum."""
    total = Counter[PatternKey]()
    for pattern, count in zip(patterns, counts, strict=True):
        total[pattern] += count
    return dict(total)


def matches_of_text(text: str) -> dict[PatternKey, int]:
    """What `as_text` wrote; nothing where it cannot be read (the table can be edited by hand)."""
    with suppress(ValueError, TypeError, OverflowError, RecursionError):
        return {(str(key), str(pattern)): int(count) for key, pattern, count in json.loads(text)}
    return {}
