"""When a file was made. Its inode's number may be that of an earlier file, its birth is not.

No program can set it. What was renamed keeps both.
"""

from __future__ import annotations

import ctypes
import sys

_EMPTY_PATH = 0x1000
_BIRTH = 0x800
_MADE_UP_NS = 10_000_000
"""vfat and exfat, which make up inodes, keep births in hundredths of a second: many files of a
camera are born in one."""


class _Statx(ctypes.Structure):
    """struct statx, statx(2), as far as it is read here."""

    _fields_ = (
        ("mask", ctypes.c_uint32),
        ("not_read", ctypes.c_uint32 * 19),
        ("birth_seconds", ctypes.c_int64),
        ("birth_ns", ctypes.c_uint32),
        ("rest", ctypes.c_uint32 * 41),
    )


_CALL = getattr(ctypes.CDLL(None), "statx", None) if sys.platform == "linux" else None


def birth_of(descriptor: int) -> int:
    """When an open file was made, in unix nanoseconds; 0 where that is not told exactly. Blocks."""
    found = _Statx()
    if _CALL is None or _CALL(descriptor, b"", _EMPTY_PATH, _BIRTH, ctypes.byref(found)):
        return 0
    is_exact = found.mask & _BIRTH and found.birth_ns % _MADE_UP_NS
    return int(found.birth_seconds * 10**9 + found.birth_ns) if is_exact else 0
