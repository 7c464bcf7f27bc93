"""When a candidate is no longer being written. Pure: time, looks and signs are handed in.

A file has settled when its size, mtime and ctime have been the same for long enough, and nobody
has it open for writing as far as one can tell. How long is enough: `intake/candidate.py`.
Two clocks say how long the file has been the same:

- Observation: how long two looks in a row showed the same, on the monotonic clock.
- The file's own times: every write sets ctime, and no program can set it back, so a ctime that is
  an hour old means an hour of rest. That needs no second look, but a wall clock that is right.
  It is not believed after the clock jumped, for times in the future, and where another machine's
  clock makes the times (network file systems: `is_own_clock=False`).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from uploadd.files.fingerprint import Stat
from uploadd.intake.candidate import Candidate, Unrest, Writer
from uploadd.model.delays import growing
from uploadd.model.events import Sign
from uploadd.model.restless import MOST_NAMED, Restless

LOOK_SPACING_SECONDS = 0.1
"""Sightings may come by the thousand; looks at one file come no closer than this."""

FIRST_OPEN_WAIT_SECONDS = 1.0
MOST_OPEN_WAIT_SECONDS = 30.0
"""How often a file is looked at again that is quiet but still open for writing, or lacks its end:
no event need tell of its change."""

# The kernel's file times lag behind its clock by a timer tick at most.
_TICK_SECONDS = 0.01
# Clocks that are being adjusted drift apart by 0.05 % at most; more is a jump.
_JUMP_SECONDS = 0.02
_DRIFT = 0.001


@dataclass(frozen=True, slots=True)
class Settled:
    """The file is quiet. It is forgotten here; a new sighting begins anew.

    `rested_seconds`: for how long, as far as is known. `is_proven`: the kernel, or a close, says
    that nobody writes; else the quiet time alone.
    """

    stat: Stat
    rested_seconds: float = field(default=0.0, compare=False)
    is_proven: bool = True


@dataclass(frozen=True, slots=True)
class Waiting:
    """Look again at `due` (monotonic). `is_open`: it is quiet, but somebody has it open."""

    due: float
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such file any more. It is forgotten here."""


class Settler:
    """Keeps the candidates of all folders. Not thread-safe; it belongs to the event loop.

    The way of a path: `saw`, then `due` gives it out, then `observe` (or `forget`) takes it back,
    and so on until it has settled or gone. Each path that `due` gave must come back.
    """

    def __init__(self) -> None:
        self._candidates: dict[bytes, Candidate] = {}
        self._unrest: dict[bytes, Unrest] = {}
        self._looks: list[tuple[float, bytes]] = []  # a heap; rows that are out of date stay in it
        self._clock_offset: float | None = None
        self._clock_read_at = 0.0
        self._clock_steady_since: float | None = None  # None: as far as is known, always

    def __len__(self) -> int:
        return len(self._candidates)

    def __contains__(self, path: bytes) -> bool:
        return path in self._candidates

    def saw(
        self,
        path: bytes,
        now: float,
        quiet_seconds: float,
        *,
        unproven_seconds: float = 0.0,
        is_own_clock: bool = True,
        sign: Sign | None = None,
    ) -> None:
        """An event or a walk showed `path`. `now`: monotonic seconds, here and below.

        `sign`: what the event told, each one in its order; None: a walk. `unproven_seconds`: how
        long the file must rest where nothing proves that it is closed (if more than
        `quiet_seconds`).
        """
        candidate = self._candidates.get(path)
        if candidate is None:
            candidate = Candidate(quiet_seconds, unproven_seconds, is_own_clock, now)
            self._candidates[path] = candidate
            self._look_at(path, candidate, now)
        else:
            candidate.quiet_seconds = max(candidate.quiet_seconds, quiet_seconds)
            candidate.unproven_seconds = max(candidate.unproven_seconds, unproven_seconds)
            candidate.is_own_clock = candidate.is_own_clock and is_own_clock
            self._look_soon(path, candidate, now)
        candidate.hear(sign)

    def hold(self, path: bytes, stat: Stat, now: float, unfinished_seconds: float) -> None:
        """A file that had settled lacks its end: as it is, it must rest for so long.

        To be called after `saw`, which makes it a candidate again.
        """
        candidate = self._candidates[path]
        candidate.unfinished, candidate.unfinished_seconds = stat, unfinished_seconds
        self._unrest.setdefault(path, Unrest(now)).is_unfinished = True

    def is_awaiting_close(self, path: bytes) -> bool:
        """Whether the birth of the file was seen, and its close not yet."""
        candidate = self._candidates.get(path)
        return candidate is not None and candidate.writer is Writer.AT_WORK

    def doubt_closes(self, now: float) -> None:
        """Events were lost, or a watch has ended: no close that is awaited need ever come."""
        for path, candidate in self._candidates.items():
            if candidate.writer is not Writer.UNKNOWN:
                candidate.writer = Writer.UNKNOWN
                self._look_soon(path, candidate, now)

    def due(self, now: float, most: int | None = None) -> list[bytes]:
        """The paths to look at now, at most `most` of them, the longest due first."""
        paths: list[bytes] = []
        while self._looks and self._looks[0][0] <= now and (most is None or len(paths) < most):
            when, path = heapq.heappop(self._looks)
            candidate = self._candidates.get(path)
            if candidate is not None and candidate.due == when:
                candidate.due = None
                paths.append(path)
        return paths

    def next_due(self) -> float | None:
        """When `due` has something next; None where nothing waits."""
        while self._looks:
            when, path = self._looks[0]
            candidate = self._candidates.get(path)
            if candidate is not None and candidate.due == when:
                return when
            heapq.heappop(self._looks)
        return None

    def forget(self, path: bytes) -> None:
        """Drop a path that needs no more looks (it cannot be read, its folder was removed)."""
        self._candidates.pop(path, None)
        self.note_rest(path)

    def note_rest(self, path: bytes) -> None:
        """A settled file was read to its end."""
        self._unrest.pop(path, None)

    def note_disturbance(self, path: bytes, now: float) -> None:
        """A settled file changed, or vanished, while it was read."""
        self._unrest.setdefault(path, Unrest(now)).disturbed += 1

    def restless(self, now: float, limit_seconds: float) -> Restless:
        """The candidates that are held open, or keep changing, as far as the last looks showed."""
        found = {path: one.since for path, one in self._unrest.items() if one.is_restless}
        there = {path: since for path, since in found.items() if path in self._candidates}
        overdue = sum(now - since >= limit_seconds for since in there.values())
        return Restless(len(there), overdue, tuple(sorted(there)[:MOST_NAMED]))

    def observe(
        self,
        path: bytes,
        stat: Stat | None,
        wall_now: float,
        now: float,
        is_open: bool | None,
        *,
        until: float | None = None,
    ) -> Settled | Waiting | Gone:
        """What a look at `path` means. `stat`: None where there is no regular file any more.

        `wall_now` (unix seconds) and `now`: both clocks before the look; `until`: the monotonic
        one after it, where the look may have taken long. `is_open`: whether some process has the
        file open for writing, None where that cannot be told.
        """
        self._note_clock(wall_now, now)
        candidate = self._candidates.get(path)
        if candidate is None:  # nobody saw it: judged by this look alone
            candidate = self._candidates[path] = Candidate(0.0, 0.0, is_own_clock=True, due=None)
        self._note_unrest(path, candidate, stat, now, is_open=bool(is_open))
        if stat is not None and stat != candidate.stat:
            end = now if until is None else until
            candidate.quiet_since = self._last_change(candidate, stat, wall_now, now, end)
            candidate.stat = stat
            candidate.idle_looks = 0
        candidate.looked_at = now
        if candidate.was_seen_again:
            candidate.was_seen_again = False
            return self._look_at(path, candidate, now + LOOK_SPACING_SECONDS)
        if stat is None:
            self.forget(path)
            return Gone()
        candidate.compare_with_closed(stat)
        return self._judge(path, candidate, stat, now, is_open)

    def _note_unrest(
        self, path: bytes, candidate: Candidate, stat: Stat | None, now: float, *, is_open: bool
    ) -> None:
        unrest = self._unrest.setdefault(path, Unrest(now))
        unrest.is_open = is_open
        unrest.is_unfinished = stat is not None and stat == candidate.unfinished
        if candidate.stat is not None:
            unrest.changes = unrest.changes + 1 if stat != candidate.stat else 0

    def _judge(
        self, path: bytes, candidate: Candidate, stat: Stat, now: float, is_open: bool | None
    ) -> Settled | Waiting:
        quiet_seconds = candidate.quiet_for(stat, is_open)
        quiet_until = candidate.quiet_since + quiet_seconds
        if now < quiet_until:
            again = now + _wait(candidate) if stat == candidate.unfinished else quiet_until
            return self._look_at(path, candidate, min(again, quiet_until))
        if is_open:
            return self._look_at(path, candidate, now + _wait(candidate), is_open=True)
        del self._candidates[path]
        rested = max(quiet_seconds, now - candidate.quiet_since)  # a float may be a hair less
        return Settled(stat, rested, candidate.is_proven(stat, is_open))

    def _look_soon(self, path: bytes, candidate: Candidate, now: float) -> None:
        """Look again although a later look was agreed on."""
        if candidate.due is None:
            candidate.was_seen_again = True
            return
        soon = max(now, candidate.looked_at + LOOK_SPACING_SECONDS)
        if candidate.stat is not None and soon < candidate.due:
            self._look_at(path, candidate, soon)

    def _look_at(
        self, path: bytes, candidate: Candidate, when: float, *, is_open: bool = False
    ) -> Waiting:
        candidate.due = when
        heapq.heappush(self._looks, (when, path))
        return Waiting(when, is_open)

    def _last_change(
        self, candidate: Candidate, stat: Stat, wall_now: float, now: float, end: float
    ) -> float:
        """When the file was changed last (monotonic); `end` where only the look itself tells."""
        age = wall_now - max(stat.mtime_ns, stat.ctime_ns) / 1e9
        if not candidate.is_own_clock or age < 0:
            return end
        since = now - age + _TICK_SECONDS
        if candidate.stat is not None and since < candidate.looked_at:
            return end  # it changed after the last look: its times and our clock do not agree
        if self._clock_steady_since is not None:
            since = max(since, self._clock_steady_since)
        return min(since, end)

    def _note_clock(self, wall_now: float, now: float) -> None:
        """Notice where the wall clock jumped: what it says of earlier changes is worth nothing."""
        offset = wall_now - now
        if self._clock_offset is not None:
            allowed = _JUMP_SECONDS + _DRIFT * max(0.0, now - self._clock_read_at)
            if abs(offset - self._clock_offset) > allowed:
                self._clock_steady_since = now
        self._clock_offset = offset
        self._clock_read_at = now


def _wait(candidate: Candidate) -> float:
    """Seconds until the next of several looks, each of which shows the same."""
    candidate.idle_looks += 1
    return growing(FIRST_OPEN_WAIT_SECONDS, MOST_OPEN_WAIT_SECONDS, candidate.idle_looks)
