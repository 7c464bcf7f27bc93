"""Settings from environment variables: `UPLOADD_`, then the key, `__` between levels.

`UPLOADD_PATIENCE`, `UPLOADD_ACCOUNTS__ME__TOKEN`, `UPLOADD_FOLDERS__CAMERA__PHOTO__TITLE`. Names
of accounts and folders are found without regard to case, and with `_` for `-`, because a shell
takes no `-` in a variable's name. A variable that is empty counts as not set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from uploadd.settings.hints import closest
from uploadd.settings.layers import Layer
from uploadd.settings.names import matching_name
from uploadd.settings.problems import Problem, quoted_key
from uploadd.settings.schema import SECRET_KEYS, Settings, table_at

PREFIX = "UPLOADD_"
NOT_SETTINGS = frozenset({"UPLOADD_CONFIG"})
SECTIONS = ("accounts", "folders")
TRUTHS = {"true": True, "yes": True, "on": True, "1": True}
FALSEHOODS = {"false": False, "no": False, "off": False, "0": False}

Names = Mapping[str, Sequence[str]]


def read_environment(environ: Mapping[str, str], names: Names) -> tuple[Layer, list[Problem]]:
    """The variables as a layer, and what is wrong with their names.

    `names`: the accounts and folders that the file has, by section.
    """
    layer = Layer({})
    problems = []
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS or not text.strip():
            continue
        path = _path(variable.removeprefix(PREFIX).lower(), names)
        if path is None:
            problems.append(_unknown(variable))
        elif path in layer.places:
            told = f"says the same as {layer.places[path]}; leave one of them out"
            problems.append(Problem(variable, "", told))
        else:
            layer.put(path, _value(path, text), variable)
    return layer, problems


def _path(name: str, names: Names) -> tuple[str, ...] | None:
    """The key that a variable means (its name in small letters, without prefix), or None."""
    section, _, below = name.partition("__")
    if section not in SECTIONS:
        return (name,) if name in Settings.model_fields else None
    owner, _, key = below.rpartition("__")
    tables: tuple[str, ...] = ()
    if owner.endswith("__photo"):
        owner, tables = owner.removesuffix("__photo"), ("photo",)
    owner = matching_name(owner, names.get(section, ())) or owner
    path = (section, owner, *tables, key)
    table = table_at(path[:-1])
    is_key = table is not None and key in table.model_fields and key != "photo"
    return path if owner and is_key else None


def _value(path: tuple[str, ...], text: str) -> object:
    """The text as the key's type; unchanged where it is none, for the schema to refuse."""
    table = table_at(path[:-1])
    wanted = _plain_type(table.model_fields[path[-1]].annotation) if table else str
    if wanted is list:
        return _list(text)
    if path[-1] in SECRET_KEYS or wanted not in {int, float, bool}:
        return text
    return _scalar(text.strip(), wanted)


def _scalar(text: str, wanted: Any) -> object:
    truth = {**TRUTHS, **FALSEHOODS}.get(text.lower())
    if wanted is bool:
        return text if truth is None else truth
    try:
        return wanted(text)
    except ValueError:
        # 0/1 fields take true and false; other numbers refuse them as what they are.
        return text if truth is None else truth


def _list(text: str) -> object:
    """A JSON list where it begins like one, else what stands between commas."""
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _plain_type(annotation: Any) -> Any:
    """`int` for `int | None`, `list` for `list[str]`."""
    if get_origin(annotation) in {Union, UnionType}:
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    origin = get_origin(annotation)
    if hasattr(annotation, "__metadata__"):
        return _plain_type(get_args(annotation)[0])
    return origin or annotation


def _unknown(variable: str) -> Problem:
    hint = closest(variable, _spellings(variable))
    if variable.removeprefix(PREFIX).lower() in SECTIONS:
        hint = "; set its keys one by one, such as UPLOADD_ACCOUNTS__ME__TOKEN"
    return Problem(quoted_key(variable), "", f"is not a setting{hint}")


def _spellings(variable: str) -> list[str]:
    """What the variable could have been: its own table's keys, else the top keys."""
    above, separator, _ = variable.rpartition("__")
    path = tuple(above.removeprefix(PREFIX).lower().split("__")) if separator else ()
    table = table_at(path)
    if table is None:
        return []
    start = above + separator if separator else PREFIX
    return [start + key.upper() for key in table.model_fields if key not in SECTIONS]
