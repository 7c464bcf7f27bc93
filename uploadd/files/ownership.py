"""Who decides what a path leads to: the owners of the directory, and of the links on the way.

The judgement on what was seen is `model/roots.py`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from uploadd.files.beneath import open_at_once
from uploadd.files.way import DIRECTORY, Reached, follow
from uploadd.model.roots import NOBODY, SeenRoot, Us

OVERFLOW_USER = Path("/proc/sys/kernel/overflowuid")


def open_directory(path: bytes) -> tuple[int, SeenRoot]:
    """A descriptor of the directory that `path` leads to, and what was seen on the way. Blocks.

    To be closed by the caller, and good for reaching what lies below. Raises `OSError`.
    """
    descriptor, real_path, links = _without_links(path) or follow(path)
    status = os.fstat(descriptor)
    seen = SeenRoot(real_path, status.st_dev, status.st_ino, status.st_uid, links)
    return descriptor, seen


def look_at_directory(path: bytes) -> SeenRoot:
    """What `open_directory` sees, without the descriptor."""
    descriptor, seen = open_directory(path)
    os.close(descriptor)
    return seen


def _without_links(path: bytes) -> Reached | None:
    """In one step, as nearly every path can be; None where it cannot."""
    if path == b"/" or path != os.path.normpath(path) or not path.startswith(b"/"):
        return None
    top = os.open(b"/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        descriptor = open_at_once(top, path.lstrip(b"/"), DIRECTORY)
    except OSError:
        return None
    finally:
        os.close(top)
    return None if descriptor is None else Reached(descriptor, path, ())


def us() -> Us:
    """Who this process is."""
    return Us(os.geteuid(), _overflow_user())


@cache
def _overflow_user() -> int:
    try:
        return int(OVERFLOW_USER.read_text())
    except (OSError, ValueError):
        return NOBODY
