"""Waiting for a disk that may never answer."""

from __future__ import annotations

import _thread
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns. Raises what it raises, or `TimeoutError` where it lasts longer.

    Such work goes on by itself, on a thread that does not keep the process from its end.
    """
    results, errors, lasts = list[T](), list[BaseException](), _thread.allocate_lock()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - for whoever waits
            errors.append(error)
        finally:
            lasts.release()

    lasts.acquire()
    _thread.start_new_thread(run, ())  # half the cost of `threading.Thread`
    if not lasts.acquire(timeout=seconds):
        raise TimeoutError
    for error in errors:
        raise error
    return results[0]
