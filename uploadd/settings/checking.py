"""Layers in, valid settings and every problem out.

A key with a problem is left out and the rest is looked at again, so that a person sees at once
everything that is wrong, the rules between keys included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from uploadd.settings.hints import unknown_key
from uploadd.settings.layers import Layer, merged
from uploadd.settings.problems import KeyPath, Problem, kind, shown, written
from uploadd.settings.schema import SECRET_KEYS, Settings, expectation, table_at

ITEM_EXPECTED = "a text that is not empty"
SECTION_EXPECTED: dict[KeyPath, str] = {
    ("accounts",): "tables with a name, such as [accounts.me]",
    ("folders",): "tables with a name, such as [folders.camera]",
}


def checked(layers: Sequence[Layer]) -> tuple[Settings, list[Problem]]:
    """What is valid in `layers`, the strongest first, and a problem for everything that is not."""
    problems: list[Problem] = []
    left_out: frozenset[KeyPath] = frozenset()
    while True:
        try:
            return merged(layers, left_out), problems
        except ValidationError as error:
            details = error.errors(include_url=False)
        problems += [
            _problem(detail, layers) for detail in details if not _is_known(detail, left_out)
        ]
        left_out |= {_culprit(detail) for detail in details}


def _culprit(detail: Mapping[str, Any]) -> KeyPath:
    """The key to leave out: the table where a key is missing, the list where an item is wrong."""
    path: KeyPath = tuple(detail["loc"])
    if detail["type"] == "missing":
        return path[:-1]
    return _key(path)


def _key(path: KeyPath) -> KeyPath:
    """The path without what stands behind the key: an item's number."""
    for depth, part in enumerate(path):
        if isinstance(part, int):
            return path[:depth]
    return path


def _is_known(detail: Mapping[str, Any], left_out: frozenset[KeyPath]) -> bool:
    """Whether a key is missing only because it was wrong and therefore left out."""
    return detail["type"] == "missing" and tuple(detail["loc"]) in left_out


def _problem(detail: Mapping[str, Any], layers: Sequence[Layer]) -> Problem:
    path: KeyPath = tuple(detail["loc"])
    return Problem(place_of(path, layers), written(path), _text(detail, path))


def place_of(path: KeyPath, layers: Sequence[Layer]) -> str:
    """Where the key was set; for a missing one, where its table is."""
    key = _key(path)
    while key:
        for layer in layers:
            if _has(layer, key):
                return layer.place_of(key)
        key = key[:-1]
    return ""


def _has(layer: Layer, path: KeyPath) -> bool:
    table: Any = layer.tree
    for part in path:
        if not isinstance(table, dict) or part not in table:
            return False
        table = table[part]
    return True


def _text(detail: Mapping[str, Any], path: KeyPath) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return unknown_key(path)
        case "missing":
            return f"is missing, expected {_expected(path)}"
        case "value_error":
            return str(detail["ctx"]["error"])
    return f"found {_found(detail['input'], path)}, expected {_expected(path)}"


def _found(value: object, path: KeyPath) -> str:
    if path[-1] in SECRET_KEYS or _is_table(path):
        return kind(value)
    return "an empty list" if value == [] else shown(value)


def _expected(path: KeyPath) -> str:
    if path != _key(path):
        return ITEM_EXPECTED
    if _is_table(path):
        return SECTION_EXPECTED.get(path, "a table")
    return expectation(path)


def _is_table(path: KeyPath) -> bool:
    return table_at(path) is not None or path in SECTION_EXPECTED
