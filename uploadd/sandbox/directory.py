"""The directory that a person names for the sandbox: taken only if nothing of theirs is in it.

A directory is the sandbox's if it has the sandbox's mark, a file that is written before anything
else. Any other directory must be empty. A process that dies before the mark is written leaves an
empty directory; one that dies while it is written leaves the beginning of the mark, which counts.
"""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = ".uploadd-sandbox"
RECORDS = "records.jsonl"
OWN_DIRECTORY = 0o700
OWN_FILE = 0o600

_MARK_TEXT = b"Made by `uploadd sandbox`, which removes unfinished uploads from incoming/.\n"


class DirectoryRefusedError(Exception):
    """The sandbox does not take a directory. One line: what is wrong, where, and what helps."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(f"{text}: {remedy}")
        self.text = text
        self.remedy = remedy


def claim(directory: Path) -> Path:
    """Make a directory the sandbox's, or take one that is. Returns its real path.

    The parts `photos` and `incoming` are there afterwards, and nothing in it is a link.
    Raises DirectoryRefusedError.
    """
    try:
        root = _made(directory)
        _mark(root)
        for part in (root / "photos", root / "incoming"):
            part.mkdir(mode=OWN_DIRECTORY, exist_ok=True)
            _check_directory(part)
        _check_file(root / RECORDS)
    except OSError as error:
        where = error.filename or directory
        raise DirectoryRefusedError(
            f"the sandbox cannot use {where}: {error.strerror}", "name another directory"
        ) from error
    return root


@contextmanager
def alone_in(directory: Path | None) -> Iterator[None]:
    """Claim a directory for one process while the block runs; None: nothing to claim.

    Raises DirectoryRefusedError, also if another process is in it.
    """
    if directory is None:
        yield
        return
    mark = os.open(claim(directory) / MARK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise DirectoryRefusedError(
            f"another sandbox is at work in {directory}", "end it, or name another directory"
        ) from error
    finally:
        os.close(mark)


def _made(directory: Path) -> Path:
    _check_link(directory)
    if not os.path.lexists(directory):
        directory.mkdir(mode=OWN_DIRECTORY, parents=True)
    root = directory.resolve()
    _check_directory(root)
    return root


def _check_link(directory: Path) -> None:
    if directory.is_symlink() and (owner := directory.lstat().st_uid) not in (0, os.geteuid()):
        raise DirectoryRefusedError(
            f"{directory} is a link that {_name(owner)} made", "name the directory itself"
        )


def _check_directory(path: Path) -> None:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise DirectoryRefusedError(f"{path} is not a directory", "move it away, or name another")
    _check_owner(path, found)
    if _is_writable_by_others(path, found):
        raise DirectoryRefusedError(
            f"others may write in {path}", f"run: chmod go-w {shlex.quote(str(path))}"
        )


def _is_writable_by_others(path: Path, found: os.stat_result) -> bool:
    if found.st_mode & stat.S_IWOTH:
        return True
    if not found.st_mode & stat.S_IWGRP:
        return False
    # With an access list the group's bits bound what it gives to others.
    return _has_access_list(path) or not _is_private_group(found.st_gid)


def _has_access_list(path: Path) -> bool:
    try:
        return bool(os.getxattr(path, "system.posix_acl_access"))
    except OSError:  # there is none, or the file system has no such lists
        return False


def _is_private_group(group: int) -> bool:
    """Whether it has our user's name and nobody else in it, as with a umask of 002."""
    try:
        named, user = grp.getgrgid(group), pwd.getpwuid(os.geteuid())
        first = {one.pw_name for one in pwd.getpwall() if one.pw_gid == group}
    except KeyError:
        return False
    return named.gr_name == user.pw_name and {*first, *named.gr_mem} <= {user.pw_name}


def _check_file(path: Path) -> None:
    if not os.path.lexists(path):
        return
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise DirectoryRefusedError(f"{path} is not a file of the sandbox's", "move it away")
    _check_owner(path, found)


def _check_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise DirectoryRefusedError(
            f"{path} belongs to {_name(found.st_uid)}, the sandbox runs as {_name(os.geteuid())}",
            "name a directory of your own",
        )


def _mark(root: Path) -> None:
    names = os.listdir(root)
    if not names:
        mark = os.open(root / MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWN_FILE)
        with open(mark, "wb") as file:
            file.write(_MARK_TEXT)
    elif MARK not in names or not _is_mark(root / MARK):
        inside = shlex.quote(str(root / "sandbox"))
        raise DirectoryRefusedError(
            f"{root} is not empty, and was not made by the sandbox", f"take --dir {inside}"
        )


def _is_mark(path: Path) -> bool:
    found = path.lstat()
    is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
    return is_ours and found.st_size <= len(_MARK_TEXT) and _MARK_TEXT.startswith(path.read_bytes())


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
