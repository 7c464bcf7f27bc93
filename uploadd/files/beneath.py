"""Opening what lies below an open directory, through no symbolic link on the way.

The kernel does it in one step (openat2, Linux 5.6); where it does not know that call, or a sandbox
forbids it, each directory on the way is opened from the one above it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

ON_THE_WAY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a directory is opened that is only passed: that needs the right to enter it, not to list."""

_OPENAT2 = 437  # the same number on every architecture
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_BENEATH = 0x08
_UNKNOWN = frozenset({errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.E2BIG, errno.EAGAIN})
"""What openat2 answers where it cannot be used, or was disturbed by a rename. Where the fault is
the file's, the way step by step says so once more."""
_NEVER = frozenset({b"", b".", b".."})


class _How(ctypes.Structure):
    """struct open_how, openat2(2)."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def open_beneath(directory: int, relative: bytes, flags: int) -> int:
    """A descriptor of `relative` below the open `directory` (empty: that directory itself). Blocks.

    Raises `OSError`: ELOOP or ENOTDIR where a symbolic link stands on the way or at its end.
    """
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC
    if not relative:
        return os.open(b".", flags, dir_fd=directory)
    names = relative.split(b"/")
    if not _NEVER.isdisjoint(names) or b"\0" in relative:
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), relative)
    if len(names) == 1:
        return os.open(relative, flags, dir_fd=directory)
    descriptor = open_at_once(directory, relative, flags)
    return _open_step_by_step(directory, names, flags) if descriptor is None else descriptor


def open_at_once(directory: int, relative: bytes, flags: int) -> int | None:
    """The same in one step, by openat2; None where that cannot be used."""
    if _LIBC is None:
        return None
    how = _How(flags, 0, _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS)
    answer: int = _LIBC.syscall(
        _OPENAT2, directory, ctypes.c_char_p(relative), ctypes.byref(how), ctypes.sizeof(how)
    )
    if answer >= 0:
        return answer
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return None
    raise OSError(number, os.strerror(number), relative)


def _open_step_by_step(directory: int, names: list[bytes], flags: int) -> int:
    at = directory
    try:
        for name in names[:-1]:
            below = os.open(name, ON_THE_WAY, dir_fd=at)
            if at != directory:
                os.close(at)
            at = below
        return os.open(names[-1], flags, dir_fd=at)
    finally:
        if at != directory:
            os.close(at)
