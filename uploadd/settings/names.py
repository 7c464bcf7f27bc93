"""Which account or folder a name means, where case does not count."""

from __future__ import annotations

from collections.abc import Sequence


def matching_name(name: str, known: Sequence[str]) -> str | None:
    """The one of `known` that `name` means, without regard to case, then with `_` for `-`."""
    for fold in (str.lower, _with_underscores):
        for candidate in known:
            if fold(candidate) == fold(name):
                return candidate
    return None


def _with_underscores(name: str) -> str:
    return name.lower().replace("-", "_")
