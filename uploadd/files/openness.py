"""Is somebody still writing a file? The kernel knows: it grants a read lease only where not.

A lease is asked for and given back at once. Should another program open the file for writing in
those microseconds, the kernel would tell us by SIGIO, whose default action ends the process. So
the lease is bound to SIGURG first, whose default action is to do nothing; and
`ignore_lease_signals` takes SIGIO out of the game for a whole process, as a second bolt. That
other program waits until the lease is given back (or, where it opens with O_NONBLOCK, is told
EWOULDBLOCK and opens again).
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal

from uploadd.files.mounts import file_system_of, is_network
from uploadd.files.reaching import Route, open_unplanted
from uploadd.model.errors import FileTrouble

_HARMLESS_SIGNAL = signal.SIGURG


def ignore_lease_signals() -> None:
    """Let SIGIO pass unnoticed. To be called once, from the main thread, by a daemon."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def is_open_for_writing(route: Route) -> bool | None:
    """Whether any process has the file open for writing; None where that cannot be told. Blocks.

    It can be told for files of our own user, and for all with CAP_LEASE, on local file systems.
    Never raises for the file, and never waits for a FIFO.
    """
    try:
        with route.parent() as directory:
            return is_open_in(directory, route.name, route.path)
    except FileTrouble:
        return None


def is_open_in(directory: int, name: bytes, path: bytes) -> bool | None:
    """The same of a name in an open directory. `path`: the file's."""
    try:
        descriptor, _ = open_unplanted(directory, name, path)
    except FileTrouble:
        return None
    try:
        return has_writer(descriptor, path)
    finally:
        os.close(descriptor)


def has_writer(descriptor: int, path: bytes) -> bool | None:
    """The same of an open file."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, _HARMLESS_SIGNAL)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        if error.errno == errno.EAGAIN and not is_network(file_system_of(path)):
            return True
        # NFS answers EAGAIN to every lease that its server did not delegate.
        return None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
