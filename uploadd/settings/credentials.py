"""Secrets that are files, one each: `uploadd.ACCOUNT.token` and so on.

systemd shows them to the service in $CREDENTIALS_DIRECTORY; a saved login lies below the
state directory. Both are read the same way, but not with the same strength (see `gathering`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from uploadd.settings.layers import Layer, value_at
from uploadd.settings.names import matching_name
from uploadd.settings.problems import Problem
from uploadd.settings.schema import SECRET_KEYS

LARGEST_BYTES = 1 << 16
READ_TRIES = 5
TOKEN_PAIR = ("token", "token_secret")  # given out together, worth nothing apart


def file_name(account: str, key: str) -> str:
    """The name of the file that has this secret."""
    return f"uploadd.{account}.{key}"


def read_systemd(directory: str, accounts: Sequence[str]) -> tuple[Layer, list[Problem]]:
    """The credentials in $CREDENTIALS_DIRECTORY, and warnings about those nobody asks for."""
    if not directory:
        return Layer({}), []
    layer, problems = _read_all(Path(directory), accounts)
    for path in _files(Path(directory), problems):
        if not _is_meant(path.name, accounts):
            told = "is not used: there is no such account, or no such secret"
            names = ", ".join(file_name("ACCOUNT", key) for key in SECRET_KEYS)
            problems.append(Problem(str(path), "", told, f"Credentials are named {names}"))
    return layer, problems


def read_saved(
    state_dir: Path | None, accounts: Sequence[str], stronger: Sequence[Layer]
) -> tuple[Layer, list[Problem]]:
    """The saved login, without tokens that belong to another login than `stronger`'s."""
    if state_dir is None:
        return Layer({}), []
    directory = state_dir / "credentials"
    found, problems = _read_whole(directory, accounts)
    for path in _files(directory, problems):
        if _is_meant(path.name, accounts) and _is_open(path):
            told = "holds a secret and can be read by others"
            problems.append(Problem(str(path), "", told, f"Run: chmod 600 {path}"))
    for account in accounts:
        if _has_other_token(account, found, stronger):
            problems.append(_not_used(account, found, stronger))
            for key in TOKEN_PAIR:
                found.tree["accounts"][account].pop(key, None)
    return found, problems


def set_logins(accounts: Sequence[str], layers: Sequence[Layer]) -> dict[str, tuple[str, ...]]:
    """By account, the places in `layers` that set a token or its secret."""
    found = {}
    for account in accounts:
        paths = [("accounts", account, key) for key in TOKEN_PAIR]
        places = [layer.place_of(path) for layer in layers for path in paths if _given(layer, path)]
        if places:
            found[account] = tuple(dict.fromkeys(places))
    return found


def _read_whole(directory: Path, accounts: Sequence[str]) -> tuple[Layer, list[Problem]]:
    """As `_read_all`, but never halves of two logins while `uploadd auth` puts one in."""
    for _ in range(READ_TRIES):
        before = _stamps(directory)
        read = _read_all(directory, accounts)
        if _stamps(directory) == before:
            break
    return read


def _stamps(directory: Path) -> list[tuple[str, int, int]]:
    """Differs where a file has come, gone, or been replaced."""
    stamps = []
    for path in _files(directory, []):
        with suppress(OSError):
            seen = path.stat()
            stamps.append((path.name, seen.st_ino, seen.st_mtime_ns))
    return stamps


def _read_all(directory: Path, accounts: Sequence[str]) -> tuple[Layer, list[Problem]]:
    layer, problems = Layer({}, str(directory)), list[Problem]()
    for path in _files(directory, problems):
        account, key = _meant(path.name, accounts)
        if account is None:
            continue
        try:
            layer.put(("accounts", account, key), _secret(path), str(path))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            problems.append(Problem(str(path), "", f"cannot be used: {reason}"))
    return layer, problems


def _secret(path: Path) -> str:
    """The file's text. Raises OSError, or ValueError for what can be no secret."""
    with open(path, "rb") as file:
        raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise ValueError("it is too large for a secret")
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    if not text:
        raise ValueError("it is empty")
    return text


def _files(directory: Path, problems: list[Problem]) -> Iterator[Path]:
    """The files of ours in `directory`. One that is missing has none; trouble is told once."""
    try:
        names = sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem = Problem(str(directory), "", f"cannot be listed: {reason}")
        if problem not in problems:
            problems.append(problem)
        return
    yield from (directory / name for name in names if name.lower().startswith("uploadd."))


def _meant(name: str, accounts: Sequence[str]) -> tuple[str | None, str]:
    """The account and the key that a file's name means."""
    _, _, below = name.partition(".")
    account, _, key = below.rpartition(".")
    if key not in SECRET_KEYS:
        return None, key
    return matching_name(account, accounts), key


def _is_meant(name: str, accounts: Sequence[str]) -> bool:
    return _meant(name, accounts)[0] is not None


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def _has_other_token(account: str, found: Layer, stronger: Sequence[Layer]) -> bool:
    """Whether a stronger place has another token (or token secret) than the one that was saved."""
    for key in TOKEN_PAIR:
        path = ("accounts", account, key)
        saved = value_at(found.tree, path)
        others = [value for layer in stronger if (value := _given(layer, path))]
        if saved and others and others[0] != saved:
            return True
    return False


def _given(layer: Layer, path: tuple[str, ...]) -> str:
    value = value_at(layer.tree, path)
    return value.strip() if isinstance(value, str) else ""


def _not_used(account: str, found: Layer, stronger: Sequence[Layer]) -> Problem:
    paths = [("accounts", account, key) for key in TOKEN_PAIR]
    places = [layer.place_of(path) for path in paths for layer in stronger if _given(layer, path)]
    return Problem(
        found.place,
        f"accounts.{account}.token",
        f"the saved login of {account} is not used, because {places[0]} sets another one",
        "Remove that one to use the saved login",
    )
