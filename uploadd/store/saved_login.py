"""A login that `uploadd auth` saved: two files below the state directory, replaced as one.

`STATE_DIR/credentials/uploadd.ACCOUNT.token` and `….token_secret`, mode 0600. Halves of two
logins fit nothing, so they never stand side by side under these names: the old token goes first,
then comes the new secret, then the new token, each brought to the disk before the next.

========================  ===================================================
a crash leaves            which means
========================  ===================================================
before the old token goes the old login, whole
after it                  a secret without a token: no login, so the account
                          waits, and `uploadd auth` is given again
after the new token came  the new login, whole
========================  ===================================================

The settings read both between two looks at the directory, and again where it has changed
(`settings.credentials.read_saved`).
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uploadd.model.errors import StoreError
from uploadd.model.secret import Secret

DIRECTORY_NAME = "credentials"


def file_name(account: str, key: str) -> str:
    """The name of the file that has this secret, here and in systemd's credentials."""
    return f"uploadd.{account}.{key}"


def save(state_dir: Path, account: str, token: Secret, token_secret: Secret) -> Path:
    """Save a login in the place of an older one; gives the directory. Blocks.

    An empty `token_secret` is one that the service does not have. Raises `StoreError`.
    """
    directory = state_dir / DIRECTORY_NAME
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.mkdir(exist_ok=True, mode=0o700)
        _sync(state_dir)
        with _alone(directory):
            _replace(directory, account, token.reveal(), token_secret.reveal())
    except OSError as error:
        raise StoreError(
            f"the login cannot be saved in {directory}: {error.strerror}",
            "make it writable for this user, with some room on its disk, and log in again",
        ) from None
    return directory


def _replace(directory: Path, account: str, token: str, token_secret: str) -> None:
    token_name, secret_name = file_name(account, "token"), file_name(account, "token_secret")
    _remove_rests(directory, account)
    new_token = _written(directory, token_name, token)
    new_secret = _written(directory, secret_name, token_secret) if token_secret else None
    (directory / token_name).unlink(missing_ok=True)
    _sync(directory)
    if new_secret is None:
        (directory / secret_name).unlink(missing_ok=True)
    else:
        new_secret.replace(directory / secret_name)
    _sync(directory)
    new_token.replace(directory / token_name)
    _sync(directory)


def _written(directory: Path, name: str, secret: str) -> Path:
    """The secret on the disk, under a name that nobody reads."""
    path = directory / f".{name}.{secrets.token_hex(4)}.part"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{secret}\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def _remove_rests(directory: Path, account: str) -> None:
    """What a save left that was cut short."""
    for path in directory.glob(".uploadd.*.part"):
        if path.name.startswith(f".{file_name(account, 'token')}"):
            path.unlink(missing_ok=True)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """No second save at the same time: the two could leave halves of two logins.

    Nor one of somebody else: the directory is no link, and becomes its owner's alone.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o700)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
