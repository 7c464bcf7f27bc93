"""A new login for systemd's encrypted credentials: laid out in memory, with what root runs.

A secret never stands on a command line, where every process of the machine can read it. So the
login lies in files of mode 0600, in a directory of mode 0700 on a file system that is only in
memory; the commands name those files, and remove them when they are encrypted.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from uploadd.files.mounts import file_system_of
from uploadd.model.errors import StoreError
from uploadd.operations.auth.safe_place import is_safe
from uploadd.services.authorising import Keys
from uploadd.store.saved_login import file_name

STORE = Path("/etc/credstore.encrypted")
IN_MEMORY = frozenset({"tmpfs", "ramfs"})


@dataclass(frozen=True, slots=True)
class LaidOut:
    """`directory` holds the secrets until `commands`, a script for root's shell, removes it."""

    directory: Path
    commands: tuple[str, ...]


def lay_out(
    account: str,
    keys: Keys,
    environ: Mapping[str, str],
    kind_of: Callable[[bytes], str] = file_system_of,
) -> LaidOut:
    """Write the login to memory, and say what encrypts it. Blocks. Raises `StoreError`."""
    directory = _made(environ, kind_of)
    names = []
    for key, secret in (("token", keys.token), ("token_secret", keys.token_secret)):
        if secret:
            names.append(file_name(account, key))
            _write(directory / names[-1], secret.reveal())
    return LaidOut(directory, tuple(_commands(directory, names)))


def _made(environ: Mapping[str, str], kind_of: Callable[[bytes], str]) -> Path:
    for place in _places(environ):
        # Root will read there what lies there by then.
        if kind_of(os.fsencode(place)) not in IN_MEMORY or not is_safe(place):
            continue
        try:
            return Path(tempfile.mkdtemp(prefix="uploadd-login-", dir=place))
        except OSError:
            continue
    raise StoreError(
        "there is no file system in memory to lay the login out in (/dev/shm)",
        "log in without --systemd-creds: the login is then saved in the state directory",
    )


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    own = environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(own):
        yield Path(own)
    yield Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private directory there


def _write(path: Path, secret: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)


def _commands(directory: Path, names: list[str]) -> Iterator[str]:
    yield "set -e"
    yield f"install -d -m 700 {STORE}"
    for name in names:
        source, target = shlex.quote(str(directory / name)), shlex.quote(str(STORE / name))
        yield f"systemd-creds encrypt {source} {target}"
    yield f"rm -r {shlex.quote(str(directory))}"
    # Not `try-restart`: a service that lacks its login has failed, and would stay so.
    yield "systemctl restart uploadd"
