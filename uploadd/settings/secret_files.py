"""Files with one secret each, opened so that nobody can have planted or exchanged them.

Each is judged by the descriptor that it is read from.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from uploadd.files.standing import (
    ForeignLinkError,
    objection_at,
    open_by_own_links,
    standing_at,
    standing_of,
)
from uploadd.model.ownership import Objection

LARGEST_BYTES = 1 << 16
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class DistrustedError(Exception):
    """Somebody else may have written what is at `path`."""

    def __init__(self, path: Path, objection: Objection) -> None:
        super().__init__(objection.text)
        self.path = path
        self.objection = objection


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """An open directory of such files. `may_link`: they may be links of root or of this user."""

    path: Path
    descriptor: int
    may_link: bool

    def names(self) -> list[str]:
        """The files of ours, sorted. Raises `OSError`."""
        found = os.listdir(self.descriptor)
        return sorted(name for name in found if name.lower().startswith("uploadd."))

    def stamp(self, name: str) -> tuple[int, int]:
        """Differs where the file was replaced or written. Raises `OSError`."""
        seen = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        return seen.st_ino, seen.st_mtime_ns

    def read(self, name: str) -> tuple[str, bool]:
        """The secret, and whether others may read it.

        Raises `DistrustedError`, `OSError`, or `ValueError` for what can be no secret.
        """
        descriptor = self._opened(name)
        try:
            standing = standing_of(descriptor)
            objection = objection_at(str(self.path / name), standing)
            if objection is not None:
                raise DistrustedError(self.path / name, objection)
            is_open = bool(standing.mode & (stat.S_IRWXG | stat.S_IRWXO))
            return _secret(descriptor, standing.mode), is_open
        finally:
            os.close(descriptor)

    def _opened(self, name: str) -> int:
        if self.may_link:
            try:
                return open_by_own_links(self.path / name, _FILE)
            except ForeignLinkError as error:
                raise DistrustedError(self.path / name, error.objection) from None
        return _open_beside_links(self.path / name, self.descriptor, _FILE)


@contextmanager
def secrets_of_systemd(directory: Path) -> Iterator[SecretFiles]:
    """The credentials directory that the service manager has named. Raises `OSError`."""
    descriptor = os.open(directory, _DIRECTORY)
    try:
        yield SecretFiles(directory, descriptor, may_link=True)
    finally:
        os.close(descriptor)


@contextmanager
def saved_secrets(state_dir: Path, name: str) -> Iterator[SecretFiles | None]:
    """The directory `name` of saved logins below the state directory; None where there is none.

    None, too, where that is another user's: no command works with it, and each says so. Raises
    `DistrustedError` where somebody else may write either or has linked it, `OSError`.
    """
    with _open_state_dir(state_dir) as above:
        if above is None:
            yield None
            return
        path = state_dir / name
        descriptor = _open_beside_links(path, above, _DIRECTORY)
        try:
            _refuse_distrusted(path, descriptor)
            yield SecretFiles(path, descriptor, may_link=False)
        finally:
            os.close(descriptor)


@contextmanager
def _open_state_dir(state_dir: Path) -> Iterator[int | None]:
    try:
        descriptor = open_by_own_links(state_dir, _DIRECTORY)
    except ForeignLinkError as error:
        raise DistrustedError(state_dir, error.objection) from None
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            yield None
            return
        _refuse_distrusted(state_dir, descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def _refuse_distrusted(path: Path, descriptor: int) -> None:
    objection = objection_at(os.path.abspath(path), standing_of(descriptor))
    if objection is not None:
        raise DistrustedError(path, objection)


def _open_beside_links(path: Path, directory: int, flags: int) -> int:
    """Open a name in a directory. Raises `DistrustedError` for a link, whoever made it."""
    try:
        return os.open(path.name, flags | os.O_NOFOLLOW, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR) and _is_link(path.name, directory):
            text = "is a symbolic link; a saved login lies in the state directory itself"
            remedy = f"run: rm {shlex.quote(str(path))} (that removes the link alone), then log in"
            raise DistrustedError(path, Objection(text, f"{remedy} again")) from None
        raise


def _is_link(name: str, directory: int) -> bool:
    return stat.S_ISLNK(standing_at(name, directory).mode)


def _secret(descriptor: int, mode: int) -> str:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise ValueError("it is not a regular file")
    with open(descriptor, "rb", closefd=False) as file:
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
