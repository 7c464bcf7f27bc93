"""Which replies one account waits for, in memory; `activity.py` writes the long waits down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from uploadd.model.ports import Clock
from uploadd.model.waits import Awaited, Wait


class Waits:
    """The open waits of one account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[object, Wait] = {}

    @contextmanager
    def on(self, what: Awaited) -> Iterator[None]:
        """A question is put as long as the block runs."""
        with self.later(what) as begin:
            begin()
            yield

    @contextmanager
    def later(self, what: Awaited, name: str = "") -> Iterator[Callable[[], None]]:
        """The same, from the call of what it gives to the end of the block."""
        key = object()
        try:
            yield lambda: self._open.update({key: Wait(what, self._clock.wall(), name)})
        finally:
            self._open.pop(key, None)

    def longer_than(self, seconds: float) -> tuple[Wait, ...]:
        """Those that last longer than that, the oldest first."""
        latest = self._clock.wall() - seconds
        old = (wait for wait in self._open.values() if wait.since <= latest)
        return tuple(sorted(old, key=lambda wait: wait.since))
