"""Directories in which no other user can put something else in the place of our file."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path


def is_safe(directory: Path) -> bool:
    """Whether it is ours or root's, may be written by us, and by others only as /tmp is. Blocks."""
    return not objection(directory)


def objection(directory: Path) -> str:
    """Why a directory is not safe, and what helps, in a clause; "" where it is. Blocks."""
    try:
        seen = directory.stat()
    except OSError as error:
        return f"{directory}: {error.strerror}"
    if not stat.S_ISDIR(seen.st_mode):
        return f"{directory} is no directory"
    if seen.st_uid not in (os.geteuid(), 0):
        return f"{directory} belongs to another user"
    if seen.st_mode & 0o022 and not seen.st_mode & stat.S_ISVTX:
        name = shlex.quote(str(directory))
        return f"other users may write in {directory} (if they need not: chmod go-w {name})"
    if not os.access(directory, os.W_OK | os.X_OK):
        return f"this user may not write in {directory}"
    return ""
