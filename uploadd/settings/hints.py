"""Guesses at what a misspelt or misplaced key was meant to be."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from uploadd.settings.problems import KeyPath, written
from uploadd.settings.schema import PhotoSettings, Settings, table_at

LONGEST_GUESSED = 100


def closest(key: str, known: Sequence[str]) -> str:
    """`; did you mean …?`, or nothing where no known key is near."""
    near = get_close_matches(key[:LONGEST_GUESSED], known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def unknown_key(path: KeyPath) -> str:
    """What to say about a key that does not exist at `path`."""
    *above, key = path
    home = _where_it_belongs(tuple(above), str(key))
    if home:
        return f"is not a setting here; it belongs in {home}"
    table = table_at(tuple(above))
    return "is not a setting" + closest(str(key), list(table.model_fields) if table else [])


def _where_it_belongs(above: KeyPath, key: str) -> str:
    owner = table_at(above[:2])
    if owner and len(above) == 2 and key in PhotoSettings.model_fields:
        return f"[{written((*above, 'photo'))}]"
    if owner and above[2:] == ("photo",) and key in owner.model_fields:
        return f"[{written(above[:2])}]"
    if above and key in Settings.model_fields:
        return "the top of the file, before the first [table]"
    return ""
