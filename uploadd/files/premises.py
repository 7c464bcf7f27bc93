"""What lies in the state directory under a name of ours, and whether somebody else put it there.

The directory itself belongs to the user that runs uploadd, and nobody else may write it. That may
not always have been so: a database that somebody else owns, or a link in its place, could have
been left behind in that time.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from uploadd.files.standing import objection_at, open_by_own_links, standing_at, standing_of
from uploadd.model.ownership import Objection

# The database, what SQLite keeps beside it, one that is being restored; the mark; the locks.
_BEGINNINGS = ("uploadd.db", "uploadd.mark", "deliverer.lock", "successor.lock")
_MARK = "uploadd.mark"
_BACKUPS_DIRECTORY = "backups"
# In the directory of backups: those, and one that is being made.
_BACKUPS = ("uploadd-", "uploadd.db")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def is_own(state_dir: Path) -> bool:
    """Whether this process's user owns it, or it is not there yet (blocking)."""
    try:
        return os.stat(state_dir).st_uid == os.geteuid()
    except OSError:
        return True


def is_kept_by_us(file: Path, identity: tuple[int, int]) -> bool:
    """Whether a file with this device and inode lies where nobody else may write (blocking).

    Its directory is judged, and the file looked up in it, by one descriptor: whoever may write
    above it cannot exchange it in between.
    """
    with suppress(OSError):
        descriptor = open_by_own_links(file.parent, _DIRECTORY)
        try:
            if objection_at(os.path.abspath(file.parent), standing_of(descriptor)) is not None:
                return False
            there = os.stat(file.name, dir_fd=descriptor, follow_symlinks=False)
            return (there.st_dev, there.st_ino) == identity
        finally:
            os.close(descriptor)
    return False


def distrusted(state_dir: Path) -> Iterator[tuple[Path, Objection]]:
    """Everything of ours that somebody else may have written, and why (blocking).

    The state directory itself first; what is in it is not looked at where that is not ours. What
    cannot be looked at is left to whoever opens it.
    """
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        yield from _distrusted_in(state_dir, _BEGINNINGS)
        with suppress(FileNotFoundError):
            yield from _distrusted_in(state_dir / _BACKUPS_DIRECTORY, _BACKUPS)


def _distrusted_in(
    directory: Path, beginnings: tuple[str, ...]
) -> Iterator[tuple[Path, Objection]]:
    descriptor = open_by_own_links(directory, _DIRECTORY)
    try:
        objection = objection_at(os.path.abspath(directory), standing_of(descriptor))
        if objection is not None:
            yield directory, objection
            return
        for name in sorted(os.listdir(descriptor)):
            if name.startswith(beginnings):
                path = directory / name
                with suppress(FileNotFoundError):  # SQLite's come and go
                    objection = _objection_to_file(path, descriptor)
                    if objection is not None:
                        yield path, objection
    finally:
        os.close(descriptor)


def _objection_to_file(path: Path, directory: int) -> Objection | None:
    standing = standing_at(path.name, directory)
    if stat.S_ISREG(standing.mode):
        return objection_at(os.path.abspath(path), standing)
    if path.name == _MARK:
        return None  # nothing stops for it, and it is opened by no link (store/mark.py)
    if stat.S_ISLNK(standing.mode):
        text, first = "is a symbolic link, which uploadd does not follow here", _keep_own(path)
    else:
        text, first = "is no plain file", "see what it is, then"
    return Objection(text, f"{first}: rm {shlex.quote(str(path))}")


def _keep_own(link: Path) -> str:
    """A person may have moved the file to another disk: it must not be given up for a new one."""
    name = shlex.quote(str(link))
    return (
        f'if it leads to your own file, put that here: mv -T "$(readlink -f {name})" {name}; else'
    )
