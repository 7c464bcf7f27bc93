"""Directories in which no other user can put something else in the place of our file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from uploadd.files.standing import look_at_standing, us
from uploadd.model.ownership import ROOT, command_to_close
from uploadd.model.roots import Above, is_exchangeable


def is_safe(directory: Path) -> bool:
    """Whether it is ours or root's, may be written by us, and by others only as /tmp is. Blocks."""
    return not objection(directory)


def objection(directory: Path) -> str:
    """Why a directory is not safe, and what helps, in a clause; "" where it is. Blocks."""
    try:
        standing = look_at_standing(directory)
    except OSError as error:
        return f"{directory}: {error.strerror}"
    if not stat.S_ISDIR(standing.mode):
        return f"{directory} is no directory"
    asker = us()
    if standing.owner not in (ROOT, asker.user):
        return f"{directory} belongs to another user"
    if is_exchangeable(Above(os.fsencode(directory), standing, asker.user), asker.user, asker):
        command = command_to_close(str(directory), standing, asker.user)
        return f"other users may write in {directory} (if they need not: {command})"
    if not os.access(directory, os.W_OK | os.X_OK):
        return f"this user may not write in {directory}"
    return ""
