"""Why a directory cannot be used, in words, and what a person can do about it."""

from __future__ import annotations

import errno
import os
import pwd
import shlex
import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from uploadd.files.opening import printable

_TRIES = 8
_HIDDEN = frozenset({errno.EACCES, errno.EPERM})


class Trouble(NamedTuple):
    """What is wrong, and the remedy."""

    text: str
    remedy: str


SILENT_DISK = Trouble(
    "the disk does not answer", "see whether it, or the server behind it, is well"
)


def real_path(path: bytes) -> bytes:
    """Where a path leads to, through all links (blocking); it need not exist.

    A link that is taken away while it is read is looked at once more. Where that goes on, or the
    links are more than Python follows, the path itself is as good as any: what is read is reached
    through no link.
    """
    for _ in range(_TRIES):
        with suppress(OSError, RecursionError):
            return os.path.realpath(path)
    return os.path.abspath(path)


def how_to_let_in(paths: Iterable[bytes]) -> str:
    """The remedy where this user may not read directories: the command of their owner, or of root.

    It holds for what is below them, and for what will come there.
    """
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user without a name
        user = str(os.geteuid())
    quoted = " ".join(shlex.quote(printable(path)) for path in paths)
    return f"as its owner or root: setfacl -R -m u:{user}:rX,d:u:{user}:rX {quoted}"


def closed_above(path: bytes) -> bytes | None:
    """The first directory on the way to `path`, or `path`, that this user may not read and enter.

    None where there is no such directory. Blocks.
    """
    parts = path.split(b"/")
    for length in range(2, len(parts) + 1):
        directory = b"/".join(parts[:length])
        if not os.access(directory, os.X_OK, effective_ids=True):
            return directory if os.path.isdir(directory) else None
    is_closed = not os.access(path, os.R_OK, effective_ids=True)
    return path if is_closed and os.path.isdir(path) else None


def trouble_with_directory(path: bytes) -> Trouble | None:
    """Why nothing can be listed at `path` (blocking); None where it can be."""
    shown = printable(path)
    try:
        is_directory = stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        return _out_of_sight(shown, error)
    if not is_directory:
        return Trouble(f"{shown} is not a directory", "name a directory with photos")
    if not os.access(path, os.R_OK | os.X_OK, effective_ids=True):
        return Trouble(f"{shown} cannot be read by this user", how_to_let_in([path]))
    return None


def _out_of_sight(shown: str, error: OSError) -> Trouble:
    if error.errno in _HIDDEN:
        return Trouble(
            f"{shown} is hidden from this process: {error.strerror}",
            "let the user that uploadd runs as enter the directories above it; a service sees"
            " nothing below /home (ProtectHome) without the drop-in home-photos.conf"
            " (docs/service.md)",
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        remedy = "mount the disk, make the directory, or mend the path"
        return Trouble(f"{shown} does not exist", remedy)
    remedy = "see what the kernel says of that disk (dmesg)"
    return Trouble(f"{shown} cannot be looked at: {error.strerror}", remedy)
