"""The high-water mark: how many sends were begun, kept outside of the database.

A database that knows of fewer sends than the mark is older than what this state directory has
seen: a plain copy was put in its place, or it was deleted. The mark is written after the commit
that begins a send, without waiting for the disk: a crash in between leaves the database ahead,
which means nothing. Where the mark cannot be read or written, everything goes on without it.
"""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from pathlib import Path

import structlog

log = structlog.get_logger()

MARK_NAME = "uploadd.mark"
_FORM = re.compile(rb"uploadd has begun (\d{20}) sends ([0-9a-f]{8})\n")
_ROOM_BYTES = 256


class Mark:
    """The mark of one state directory. `begun`: the highest number that was ever noted."""

    def __init__(self, descriptor: int | None, begun: int) -> None:
        self._descriptor = descriptor
        self.begun = begun

    def note(self, begun: int) -> None:
        """So many sends were begun by now, and that is committed. Never raises."""
        if begun > self.begun:
            self.begun = begun
            self._write()

    def _write(self) -> None:
        if self._descriptor is None:
            return
        try:
            os.pwrite(self._descriptor, _line(self.begun), 0)
        except OSError as error:
            log.warning("mark.failed", text=error.strerror)
            self.close()

    def close(self) -> None:
        """Bring it to the disk and let go of it. Never raises; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.fsync(descriptor)
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def __del__(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def open_mark(state_dir: Path) -> Mark:
    """The mark of `state_dir`, made where there is none. Never raises."""
    path = state_dir / MARK_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        remedy = "let it be a plain file of this user; an old database is not noticed meanwhile"
        log.warning("mark.failed", path=str(path), text=error.strerror, remedy=remedy)
        return Mark(None, 0)
    try:
        text = os.pread(descriptor, _ROOM_BYTES, 0)
        begun = _read(text)
        if begun is None and text:
            log.warning("mark.unreadable", path=str(path), text="it is written anew")
            os.ftruncate(descriptor, 0)
        if begun is None:
            os.pwrite(descriptor, _line(0), 0)
    except OSError as error:
        log.warning("mark.failed", path=str(path), text=error.strerror)
        begun = None
    return Mark(descriptor, begun or 0)


def marked(state_dir: Path) -> int:
    """How many sends this state directory has seen begin; 0 where the mark does not say."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # no link, no FIFO's end
    try:
        descriptor = os.open(state_dir / MARK_NAME, flags)
    except OSError:
        return 0
    try:
        return _read(os.pread(descriptor, _ROOM_BYTES, 0)) or 0
    except OSError:
        return 0
    finally:
        os.close(descriptor)


def _line(begun: int) -> bytes:
    """Always as long, so that it is written over in place."""
    number = b"%020d" % begun
    return b"uploadd has begun %s sends %08x\n" % (number, zlib.crc32(number))


def _read(text: bytes) -> int | None:
    found = _FORM.fullmatch(text)
    if found is None or int(found[2], 16) != zlib.crc32(found[1]):
        return None
    return int(found[1])
