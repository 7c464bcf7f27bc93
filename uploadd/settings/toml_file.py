"""Reading the configuration file, with a clear line for everything that can be wrong with it."""

from __future__ import annotations

import os
import shlex
import stat
import tomllib
from pathlib import Path

from uploadd.files.standing import (
    ForeignLinkError,
    objection_at,
    open_by_own_links,
    standing_of,
)
from uploadd.model.numbers import number
from uploadd.settings.layers import Layer, Tree, names_in, value_at
from uploadd.settings.problems import Problem, SettingsError, distrusted
from uploadd.settings.schema import SECRET_KEYS

LARGEST_BYTES = 1 << 20


def read_toml(path: Path) -> tuple[Layer, list[Problem]]:
    """The file as a layer, and warnings about it. Raises `SettingsError`."""
    raw, mode = _read(path)
    tree = _parsed(path, raw)
    warnings = []
    if mode & stat.S_IROTH and _has_secrets(tree):
        warnings.append(
            Problem(
                str(path),
                "",
                "holds secrets and can be read by everybody on this machine",
                f"Run: chmod o= {shlex.quote(str(path))}",
            )
        )
    return Layer(tree, str(path)), warnings


def _read(path: Path) -> tuple[bytes, int]:
    try:
        descriptor = open_by_own_links(path, os.O_RDONLY)
        try:
            standing, raw = standing_of(descriptor), _read_open(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise _error(path, "there is no such file") from None
    except IsADirectoryError:
        raise _error(path, "is a directory, expected a file") from None
    except PermissionError:
        raise _error(path, "may not be read by this user") from None
    except ForeignLinkError as error:
        raise SettingsError([distrusted(path, error.objection)]) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise _error(path, f"cannot be read: {reason}") from None
    # It names commands, and where everything lies: whoever may write it may do what we may.
    objection = objection_at(os.path.abspath(path), standing)
    if objection is not None:
        raise SettingsError([distrusted(path, objection)])
    if len(raw) > LARGEST_BYTES:
        raise _error(
            path, f"is larger than {number(LARGEST_BYTES)} bytes, expected a configuration file"
        )
    return raw, standing.mode


def _read_open(descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(LARGEST_BYTES + 1)


def _parsed(path: Path, raw: bytes) -> Tree:
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _error(path, f"is not UTF-8 text (line {line})") from None
    except tomllib.TOMLDecodeError as error:
        raise _error(path, f"is not TOML: {error}") from None
    except (ValueError, RecursionError):  # numbers of thousands of digits, endless nesting
        raise _error(path, "is not TOML: a value is too long or nested too deep") from None


def _has_secrets(tree: Tree) -> bool:
    return any(
        value_at(tree, ("accounts", name, key))
        for name in names_in(tree, "accounts")
        for key in SECRET_KEYS
    )


def _error(path: Path, text: str) -> SettingsError:
    return SettingsError([Problem(str(path), "", text)])
