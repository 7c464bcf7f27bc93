"""What a pattern of `include` or `exclude` means, as a regular expression over folded paths.

The signs are those of a `.gitignore`: `*` and `?` stand for what is no slash, `[a-z]` for one of
several signs, `**` for any number of directories, a backslash takes a sign's meaning away. A
pattern with a slash before its end begins at the folder; any other one fits at every depth. A
slash at the end means directories only. A directory's path ends in a slash, a file's does not.

No name can make a match slow: what stands between two `*`, or two `**`, is tried where it fits
first, and there only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from uploadd.model.errors import ConfigurationError
from uploadd.model.folding import EXPANDING, folded, plain

_NOT_A_SLASH = "[^/]"
_ANY_DEPTH = "**"
_CLASS = re.compile(r"\[([!^]?+)((?:\\.|[^\\])(?:\\.|[^\]\\])*)\]", re.DOTALL)
_RANGE = re.compile(r"(\\.|[^\\])-(\\.|[^\\])|(\\.|[^\\])", re.DOTALL)
_MOST_IN_RANGE = 0x12000


@dataclass(frozen=True, slots=True)
class Glob:
    """One pattern that was read. `takes_back`: it begins with `!`.

    `itself` matches the paths that the pattern means; `below` these and all that lies in them.
    """

    itself: str
    below: str
    takes_back: bool


@lru_cache(maxsize=1024)
def read_glob(pattern: str) -> Glob:
    """Raises `ConfigurationError` for what can match nothing: what it does, and what to write."""
    takes_back = pattern.startswith("!")
    body = unicodedata.normalize("NFC", pattern[takes_back:])
    only_directories = body.endswith("/")
    segments = body.removeprefix("/").removesuffix("/").split("/")
    if "" in segments:
        remedy = 'write "*" for everything, and one "/" between names'
        raise ConfigurationError("has a place for a name, and no name in it", remedy)
    if len(segments) == 1 and not body.startswith("/"):
        segments.insert(0, _ANY_DEPTH)
    try:
        way = _way(segments)
    except _UnreadableError as error:
        raise ConfigurationError(error.text, error.remedy) from None
    itself, below = ("/", "/.*") if only_directories else ("/?", "(?:/.*)?")
    return Glob(way + itself, way + below, takes_back)


class _UnreadableError(Exception):
    """A segment cannot be read."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy


def _way(segments: list[str]) -> str:
    """The expression for a path of these segments, `**` among them."""
    runs: list[list[str]] = [[]]
    for segment in segments:
        if segment == _ANY_DEPTH:
            runs.append([])
        else:
            runs[-1].append(_segment(segment))
    first, *others = ["/".join(run) for run in runs]
    if not others:
        return first
    *inner, last = others
    begin = f"{first}/" if first else ""
    between = "".join(f"(?>(?:.*?/)??{run}/)" for run in inner if run)
    return begin + between + (f"(?:.*/)?{last}" if last else ".+")


def _segment(segment: str) -> str:
    """The expression for one name."""
    pieces = _pieces(segment)
    if len(pieces) == 1:
        return pieces[0]
    first, *inner, last = pieces
    between = "".join(f"(?>{_NOT_A_SLASH}*?{piece})" for piece in inner if piece)
    at_least = "+" if segment.strip("*") == "" else "*"
    return f"{first}{between}{_NOT_A_SLASH}{at_least}{last}"


def _pieces(segment: str) -> list[str]:
    """Expressions for what stands between the stars."""
    pieces, letters, position = [""], "", 0
    while position < len(segment):
        sign = segment[position]
        position += 1
        if sign not in "*?[":
            if sign == "\\":
                sign = segment[position : position + 1] or _raise_trailing()
                position += 1
            letters += sign
            continue
        pieces[-1] += _literal(letters)
        letters = ""
        if sign == "*":
            pieces.append("")
        elif sign == "?":
            pieces[-1] += _NOT_A_SLASH
        else:
            expression, position = _class(segment, position - 1)
            pieces[-1] += expression
    pieces[-1] += _literal(letters)
    return pieces


def _raise_trailing() -> str:
    raise _UnreadableError("ends a name in a backslash", 'write "/" behind a directory')


def _literal(letters: str) -> str:
    """Fits both spellings in which a path is looked at: see `folded` and `plain`."""
    expression, position = "", 0
    for found in EXPANDING.finditer(letters):
        begin, end = found.span()
        while end < len(letters) and unicodedata.combining(letters[end]):
            end += 1  # an accent belongs to the sign before it
        expression += re.escape(folded(letters[position:begin]))
        expression += _one_of({folded(letters[begin:end]), plain(letters[begin:end])})
        position = end
    return expression + re.escape(folded(letters[position:]))


def _class(segment: str, position: int) -> tuple[str, int]:
    """The expression for the brackets that open at `position`, and where they have closed."""
    found = _CLASS.match(segment, position)
    if found is None:
        text = "opens a [ that is not closed before the next /"
        raise _UnreadableError(text, "write [[] for the sign itself")
    negation, inside = found.groups()
    if inside.startswith("[:"):
        text = f"has {inside}], which is not known here"
        raise _UnreadableError(text, "write [a-z] for letters, [0-9] for digits")
    forms = {form for sign in _signs(inside) for form in (folded(sign), plain(sign))}
    if not negation:
        return _one_of(forms), found.end()
    single = {form for form in forms if len(form) == 1}
    return f"(?!{_one_of(single)}){_NOT_A_SLASH}", found.end()


def _signs(inside: str) -> Iterator[str]:
    """Every sign that stands between the brackets, or in one of the ranges there."""
    for low, high, single in _RANGE.findall(inside):
        first, last = (ord(sign[-1]) for sign in (low or single, high or single))
        if first > last:
            text = f"has the range {low}-{high}, whose end comes before its beginning"
            raise _UnreadableError(text, f"write [{high}-{low}], or the sign - last")
        if last - first > _MOST_IN_RANGE:
            text = f"has the range {low}-{high}, which is too long"
            raise _UnreadableError(text, "write ? for any sign")
        yield from map(chr, range(first, last + 1))


def _one_of(forms: set[str]) -> str:
    """The shorter ones first."""
    signs = "".join(re.escape(form) for form in sorted(forms) if len(form) == 1)
    longer = [re.escape(form) for form in sorted(forms, key=len) if len(form) > 1]
    choices = ([f"[{signs}]"] if signs else []) + longer
    return choices[0] if len(choices) == 1 else f"(?:{'|'.join(choices)})"
