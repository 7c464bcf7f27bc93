"""A page for the person's own browser, which leads on to an address that nobody else may see.

Every user of the machine can read the command lines of all others. Whoever saw the address of a
login there could open it first and agree as himself. So the browser is given the name of a file
that only its owner can read.

It lies in the home directory itself and has no dot in front: a browser in a sandbox of its own
(a snap) sees neither /tmp nor hidden directories. While it is in use it is locked. A killed run
leaves a file without a lock, which the next one removes.
"""

from __future__ import annotations

import fcntl
import html
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from uploadd.operations.auth.safe_place import is_safe, objection

PREFIX: Final = "uploadd-login-"
SUFFIX: Final = ".html"
_OURS = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}" + re.escape(SUFFIX))
PAGE: Final = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>uploadd</title>
<p><a rel="noreferrer" href="{url}">Go on to the page where you let uploadd in</a></p>
"""


@contextmanager
def leading_to(url: str, places: Sequence[Path]) -> Iterator[Path]:
    """A page that leads to `url`, in the first fitting place, until the context ends. Blocks.

    Raises `OSError` where no place fits: it must be a directory in which no other user can put
    another file in this one's place.
    """
    directory = next((place for place in places if is_safe(place)), None)
    if directory is None:
        raise PermissionError("; ".join(map(objection, places)) or "there is no home directory")
    descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=directory)  # mode 0600
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            with suppress(OSError):  # not every file system has locks; then no rest is removed
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.write(PAGE.format(url=html.escape(url)))
            file.flush()
            yield Path(name)
    finally:
        with suppress(OSError):
            os.unlink(name)


def remove_rests(places: Sequence[Path]) -> None:
    """Remove pages whose run was killed: of our form, our own, and locked by nobody. Blocks."""
    for directory in filter(is_safe, places):
        with suppress(OSError):
            for name in filter(_OURS.fullmatch, os.listdir(directory)):
                _remove_rest(directory / name)


def _remove_rest(path: Path) -> None:
    with suppress(OSError):  # a link, another user's, or one that is in use
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            seen = os.fstat(descriptor)
            if stat.S_ISREG(seen.st_mode) and seen.st_uid == os.geteuid() and seen.st_nlink == 1:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        finally:
            os.close(descriptor)
