"""Directories in which no other user can put something else in the place of our file."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def is_safe(directory: Path) -> bool:
    """Whether it is ours or root's, may be written by us, and by others only as /tmp is. Blocks."""
    try:
        seen = directory.stat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(seen.st_mode)
        and seen.st_uid in (os.geteuid(), 0)
        and (not seen.st_mode & 0o022 or bool(seen.st_mode & stat.S_ISVTX))
        and os.access(directory, os.W_OK | os.X_OK)
    )
