"""The kernel's news of mounts and unmounts, as this process sees them."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Callable
from typing import Protocol

MOUNTINFO = "/proc/self/mountinfo"


class OpenNews(Protocol):
    """Calls `heard`, from a thread, after each mount and unmount. Returns what ends that."""

    def __call__(self, heard: Callable[[], None]) -> Callable[[], None]: ...


def no_news(_heard: Callable[[], None]) -> Callable[[], None]:
    """Where nobody tells of mounts."""
    return lambda: None


def open_mount_news(heard: Callable[[], None]) -> Callable[[], None]:
    """The real news. They cost nothing while nothing is mounted; where there is no /proc, none."""
    try:
        table = os.open(MOUNTINFO, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return no_news(heard)
    ended, end = os.pipe2(os.O_CLOEXEC)
    thread = threading.Thread(
        target=_listen, args=(table, ended, heard), name="mount-news", daemon=True
    )
    thread.start()

    def stop() -> None:
        os.close(end)
        thread.join()
        for descriptor in (table, ended):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    return stop


def _listen(table: int, ended: int, heard: Callable[[], None]) -> None:
    """Until the other end of `ended` is closed."""
    poll = select.poll()
    poll.register(table, select.POLLPRI | select.POLLERR)
    poll.register(ended, select.POLLIN | select.POLLHUP)
    while not any(number == ended for number, _ in poll.poll()):
        heard()
