"""A disk that never answers: a FUSE mount whose server reads no request."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MNT_DETACH = 2
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def hanging(directory: Path) -> Iterator[None]:
    """Whoever looks at `directory` waits, until this ends; then it is what it was before."""
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"/dev/fuse: {error.strerror}")
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    where = os.fsencode(directory)
    if _LIBC.mount(b"hanging", where, b"fuse", 0, options) != 0:
        os.close(server)
        pytest.skip(f"a FUSE mount: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        _LIBC.umount2(where, MNT_DETACH)
        os.close(server)  # whoever waits gets ENOTCONN
