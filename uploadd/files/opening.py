"""Opening one regular file for reading, and saying in words what stands in the way.

No symbolic link is followed, and a FIFO or a device never blocks.
"""

from __future__ import annotations

import errno
import os
import stat

from uploadd.files.beneath import open_beneath
from uploadd.model.errors import (
    FileChangedError,
    FileTrouble,
    FileUnreadableError,
    FileVanishedError,
)
from uploadd.model.signs import printable as printable  # noqa: PLC0414

CHUNK_BYTES = 1 << 18
"""How much is read at a time: enough that Python costs little beside the disk, and so little that
a large file needs no more memory than a small one."""

_FLAGS = os.O_RDONLY | os.O_NONBLOCK

# ESTALE: a network file system whose file was removed on the server.
_VANISHED = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})
# What opening a symbolic link, a socket or a device without a driver answers.
_NOT_REGULAR = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR})

_REMEDIES = {
    errno.EACCES: "let the user that uploadd runs as read it: chmod +r on the file, "
    "chmod +x on the directories above it",
    errno.EPERM: "let the user that uploadd runs as read it: look at its attributes (lsattr) "
    "and at the service's sandbox",
    errno.EIO: "the disk or the connection to it may be failing: look at the kernel's log (dmesg)",
    errno.EMFILE: "raise the limit of open files (LimitNOFILE in the unit, ulimit -n)",
    errno.ENFILE: "raise the system's limit of open files (sysctl fs.file-max)",
    errno.ENAMETOOLONG: "shorten the names of the directories above it",
}
_DEFAULT_REMEDY = "see that `cat` can read it, then `uploadd retry` the job"


def trouble(error: OSError, path: bytes) -> FileTrouble:
    """What `error`, raised for the file at `path`, means to us."""
    name = printable(path)
    if error.errno in _VANISHED:
        return FileVanishedError(f"{name} is not there any more")
    if error.errno in _NOT_REGULAR:
        return not_regular(path)
    if error.errno == errno.EWOULDBLOCK:
        # O_NONBLOCK against a lease: a file server lets one of its clients write.
        return FileChangedError(f"{name} is held by another program, which may be writing it")
    text = f"{name} cannot be read: {error.strerror or error}"
    return FileUnreadableError(text, _REMEDIES.get(error.errno or 0, _DEFAULT_REMEDY))


def not_regular(path: bytes) -> FileVanishedError:
    """A link, a directory or a device in the place of a file: the file is gone from there."""
    return FileVanishedError(f"{printable(path)} is not a regular file")


def open_in(directory: int, name: bytes, path: bytes) -> int:
    """A descriptor of the regular file `name` in an open directory, to be closed by the caller.

    `path`: for people. Raises `FileVanishedError` (also where something else has taken its place),
    `FileUnreadableError`, or `FileChangedError` where another program has leased it for writing.
    """
    try:
        descriptor = open_beneath(directory, name, _FLAGS)
    except OSError as error:
        raise trouble(error, path) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise not_regular(path)
    return descriptor


def look_in(directory: int, name: bytes, path: bytes) -> os.stat_result:
    """What the file system says of the regular file `name` in an open directory.

    `path`: for people. Raises `FileVanishedError` where there is none, `FileUnreadableError` where
    that cannot be told.
    """
    try:
        seen = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        raise trouble(error, path) from None
    if not stat.S_ISREG(seen.st_mode):
        raise not_regular(path)
    return seen
