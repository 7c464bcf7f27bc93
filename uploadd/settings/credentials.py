"""Secrets that are files, one each: `uploadd.ACCOUNT.token` and so on.

systemd shows them to the service in $CREDENTIALS_DIRECTORY; a saved login lies below the
state directory. Both are read the same way, but not with the same strength (see `gathering`).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from uploadd.settings.layers import Layer, value_at
from uploadd.settings.names import matching_name
from uploadd.settings.problems import Problem, distrusted
from uploadd.settings.schema import SECRET_KEYS
from uploadd.settings.secret_files import (
    DistrustedError,
    SecretFiles,
    saved_secrets,
    secrets_of_systemd,
)

READ_TRIES = 5
TOKEN_PAIR = ("token", "token_secret")  # given out together, worth nothing apart


def file_name(account: str, key: str) -> str:
    """The name of the file that has this secret."""
    return f"uploadd.{account}.{key}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one place gives. `refused`: why it cannot be used; `doubted`: what to know of it."""

    layer: Layer
    doubted: list[Problem] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)


def read_systemd(directory: str, accounts: Sequence[str]) -> Secrets:
    """The credentials in $CREDENTIALS_DIRECTORY, and warnings about those nobody asks for."""
    found = Secrets(Layer({}, directory))
    if not directory:
        return found
    with _told(Path(directory), found), secrets_of_systemd(Path(directory)) as files:
        _read_all(files, accounts, found)
        for name in files.names():
            if not _is_meant(name, accounts):
                told = "is not used: there is no such account, or no such secret"
                names = ", ".join(file_name("ACCOUNT", key) for key in SECRET_KEYS)
                remedy = f"Credentials are named {names}"
                found.doubted.append(Problem(str(files.path / name), "", told, remedy))
    return found


def read_saved(
    state_dir: Path | None, accounts: Sequence[str], stronger: Sequence[Layer]
) -> Secrets:
    """The saved login, without tokens that belong to another login than `stronger`'s."""
    found = Secrets(Layer({}))
    if state_dir is None:
        return found
    directory = state_dir / "credentials"
    with _told(directory, found), saved_secrets(state_dir, directory.name) as files:
        if files is not None:
            found, are_open = _read_whole(files, accounts)
            for name in are_open:
                told = "holds a secret and can be read by others"
                path = directory / name
                remedy = f"Run: chmod 600 {shlex.quote(str(path))}"
                found.doubted.append(Problem(str(path), "", told, remedy))
    for account in accounts:
        if _has_other_token(account, found.layer, stronger):
            found.doubted.append(_not_used(account, found.layer, stronger))
            for key in TOKEN_PAIR:
                found.layer.tree["accounts"][account].pop(key, None)
    return found


def set_logins(accounts: Sequence[str], layers: Sequence[Layer]) -> dict[str, tuple[str, ...]]:
    """By account, the places in `layers` that set a token or its secret."""
    found = {}
    for account in accounts:
        paths = [("accounts", account, key) for key in TOKEN_PAIR]
        places = [layer.place_of(path) for layer in layers for path in paths if _given(layer, path)]
        if places:
            found[account] = tuple(dict.fromkeys(places))
    return found


@contextmanager
def _told(directory: Path, found: Secrets) -> Iterator[None]:
    """Trouble with the whole directory becomes a line. One that is missing has no files."""
    try:
        yield
    except DistrustedError as error:
        found.refused.append(distrusted(error.path, error.objection))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        found.doubted.append(Problem(str(directory), "", f"cannot be listed: {_reason(error)}"))


def _read_whole(files: SecretFiles, accounts: Sequence[str]) -> tuple[Secrets, list[str]]:
    """As `_read_all`, but never halves of two logins while `uploadd auth` puts one in."""
    for _ in range(READ_TRIES):
        before = _stamps(files)
        found = Secrets(Layer({}, str(files.path)))
        are_open = _read_all(files, accounts, found)
        if _stamps(files) == before:
            break
    return found, are_open


def _stamps(files: SecretFiles) -> list[tuple[str, tuple[int, int]]]:
    """Differs where a file has come, gone, or been replaced."""
    stamps = []
    for name in files.names():
        with suppress(OSError):
            stamps.append((name, files.stamp(name)))
    return stamps


def _read_all(files: SecretFiles, accounts: Sequence[str], found: Secrets) -> list[str]:
    """Put every secret into `found`. Returns the files that others may read."""
    are_open = []
    for name in files.names():
        account, key = _meant(name, accounts)
        if account is None:
            continue
        path = files.path / name
        try:
            secret, is_open = files.read(name)
            found.layer.put(("accounts", account, key), secret, str(path))
            if is_open:
                are_open.append(name)
        except DistrustedError as error:
            found.refused.append(distrusted(path, error.objection))
        except (OSError, ValueError) as error:
            found.doubted.append(Problem(str(path), "", f"cannot be used: {_reason(error)}"))
    return are_open


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _meant(name: str, accounts: Sequence[str]) -> tuple[str | None, str]:
    """The account and the key that a file's name means."""
    _, _, below = name.partition(".")
    account, _, key = below.rpartition(".")
    if key not in SECRET_KEYS:
        return None, key
    return matching_name(account, accounts), key


def _is_meant(name: str, accounts: Sequence[str]) -> bool:
    return _meant(name, accounts)[0] is not None


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
