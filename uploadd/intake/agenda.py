"""The directories that events named: which is walked next, and when. Pure: time is handed in."""

from __future__ import annotations

import heapq

SOON_SECONDS = 1.0
"""A directory that something left is walked so much later: more may leave it meanwhile."""
REST = 10.0
"""It is not walked again for so many times as long as its last walk took."""


class Agenda:
    """Directories by their ways from the folder's root, each once. `now`: monotonic seconds."""

    def __init__(self) -> None:
        self._deep: dict[bytes, float] = {}
        self._shallow: dict[bytes, float] = {}
        self._waiting: list[tuple[float, bytes, bool]] = []  # a heap
        self._begun: dict[bytes, float] = {}
        self._rests: dict[bytes, float] = {}

    def add(self, way: bytes, now: float) -> None:
        """Something may be new in a directory, or below it."""
        self._add_deep(way, now, now)

    def add_lost(self, way: bytes, now: float) -> None:
        """A directory has gone."""
        self._add_deep(way, now, now + SOON_SECONDS)

    def add_left(self, way: bytes, now: float) -> None:
        """A file has left a directory: it alone is looked at, soon."""
        if way not in self._shallow:
            when = max(now + SOON_SECONDS, self._rests.get(way, 0.0))
            heapq.heappush(self._waiting, (when, way, False))
        self._shallow[way] = now

    def note_duration(self, way: bytes, seconds: float, now: float) -> None:
        """A walk of this directory alone has ended, after so many seconds."""
        self._rests = {one: until for one, until in self._rests.items() if until > now}
        if seconds * REST > SOON_SECONDS:
            self._rests[way] = now + seconds * REST

    def take(self, now: float) -> tuple[bytes, bool] | None:
        """What to walk now, and whether also what lies below it; None where nothing is due."""
        while self._waiting and self._waiting[0][0] <= now:
            _, way, is_deep = heapq.heappop(self._waiting)
            added = (self._deep if is_deep else self._shallow).pop(way)
            if self._is_covered(way, added, is_deep=is_deep):
                continue
            if is_deep:
                self._begun[way] = now
            return way, is_deep
        if not self._waiting:
            self._begun.clear()
        return None

    def next_due(self) -> float | None:
        """When `take` has something next."""
        return self._waiting[0][0] if self._waiting else None

    def clear(self) -> None:
        """Everything is walked anyway."""
        self._deep.clear()
        self._shallow.clear()
        self._waiting.clear()
        self._begun.clear()

    def _add_deep(self, way: bytes, now: float, when: float) -> None:
        if way not in self._deep:
            heapq.heappush(self._waiting, (when, way, True))
        self._deep[way] = now  # a walk that has begun before this does not stand for it

    def _is_covered(self, way: bytes, added: float, *, is_deep: bool) -> bool:
        """Whether a walk from above has begun since it was added last, or waits, too.

        Where a tree is removed, each of its directories is told of.
        """
        at = way if not is_deep else way.rpartition(b"/")[0]
        is_end = is_deep and not way
        while not is_end:
            if at in self._deep:
                self._deep[at] = max(self._deep[at], added)
                return True
            if self._begun.get(at, -1.0) >= added:
                return True
            is_end = not at
            at = at.rpartition(b"/")[0]
        return False
