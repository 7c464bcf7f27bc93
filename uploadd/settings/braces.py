"""What a shell makes of braces, which mean nothing in a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKEN = re.compile(r"\\.?|\[[!^]?+(?:\\.|[^\\/])(?:\\.|[^\]\\/])*\]|.", re.DOTALL)
"""A sign behind a backslash, a set in brackets, or one sign."""

_MOST_DEEP = 20
_NUMBERS = re.compile(r"([0-9]{1,6})\.\.([0-9]{1,6})")


class UnbalancedError(ValueError):
    """A brace opens and does not close, or there are more of them than anybody means."""


def expand(pattern: str) -> Iterator[str]:
    """Each pattern that a shell would make of it; itself where there is nothing to expand.

    Raises `UnbalancedError`.
    """
    if pattern.count("{") > _MOST_DEEP:
        raise UnbalancedError
    yield from _expand(TOKEN.findall(pattern))


def _expand(tokens: list[str]) -> Iterator[str]:
    if "{" not in tokens:
        yield "".join(tokens)
        return
    begin = tokens.index("{")
    end = _end(tokens, begin)
    before, rest = "".join(tokens[:begin]), tokens[end + 1 :]
    for choice in _choices(tokens[begin + 1 : end]):
        for after in _expand(rest):
            yield f"{before}{choice}{after}"


def _end(tokens: list[str], begin: int) -> int:
    depth = 0
    for position in range(begin, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[position], 0)
        if depth == 0:
            return position
    raise UnbalancedError


def _choices(inside: list[str]) -> Iterator[str]:
    parts: list[list[str]] = [[]]
    depth = 0
    for sign in inside:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(sign)
    numbers = _NUMBERS.fullmatch("".join(inside))
    if numbers is not None:
        first, last = map(int, numbers.groups())
        yield from (str(number).zfill(len(numbers[1])) for number in range(first, last + 1))
    elif len(parts) == 1:  # to a shell as well, these are braces
        yield f"{{{''.join(inside)}}}"
    else:
        for part in parts:
            yield from _expand(part)
