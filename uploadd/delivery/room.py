"""What an account still has room for: the service's numbers, less what was sent since.

Several uploads are under way at a time, and the service is asked for its numbers once an hour. So
that the last places of an account are not stormed, each upload takes its place here before it
begins, and where none is left, the service is asked again before anything else is sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from uploadd.model.jobs import Job
from uploadd.model.limits import (
    Load,
    Quota,
    Short,
    has_room,
    items_count,
    left_of,
    load_of,
    shortage,
    too_large,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Pause

NOTHING = Load()


class Fitting(NamedTuple):
    """Which uploads there is room for. `most_bytes`: None for any size."""

    with_videos: bool = True
    most_bytes: int | None = None


ANYTHING = Fitting()


class Room:
    """One account's room, in memory: a restart asks the service again."""

    def __init__(self) -> None:
        self.quota = Quota()
        self.was_asked = False
        """Whether the service was asked since the start and the last doubt: sends wait for it."""
        self.doubts_answered = 0
        """How many of a person's doubts (`accounts.doubt_limits`) these numbers answer."""
        self.wanted: Load | None = None
        """What there seems to be no room for: the service is to be asked again."""
        self.kept = NOTHING
        """All that this deliverer has sent to the account, as far as it may have arrived."""
        self._kept_before = NOTHING
        self._in_flight: dict[int, Load] = {}
        self._disproved: set[PauseCause] = set()

    @property
    def has_changed(self) -> bool:
        """Whether anything was sent since the service was asked."""
        return self.kept != self._kept_before

    def doubt(self) -> None:
        """A person knows better: nothing is sent before the service was asked again."""
        self.was_asked = False

    def learn(self, quota: Quota, kept_before: Load, doubts: int = 0) -> None:
        """What the service says now, asked when `kept` was `kept_before`."""
        self.quota, self._kept_before, self.was_asked = quota, kept_before, True
        self.doubts_answered = doubts
        self._disproved = {cause for cause in self._disproved if not has_room(quota, cause)}

    def learn_nothing(self, doubts: int = 0) -> None:
        """The service was asked and gave no answer: its last numbers are too old to go by.

        The sizes seldom change. They are kept, unless they are what was doubted.
        """
        sizes = Quota(self.quota.photo_max_bytes, self.quota.video_max_bytes)
        is_doubted = doubts != self.doubts_answered
        self.learn(Quota() if is_doubted else sizes, self.kept, doubts)

    def disprove(self, cause: PauseCause) -> None:
        """A person wants it tried: these numbers are ignored until they show room again."""
        self._disproved.add(cause)

    def begin(self, job: Job) -> None:
        """An upload takes its place."""
        self._in_flight[job.id] = load_of(job)

    def keep(self, job: Job) -> None:
        """It may have arrived, so the place is taken."""
        self.kept += self._in_flight.pop(job.id, NOTHING)

    def end(self, job: Job) -> None:
        """It has ended: a place that was not kept is free again."""
        self._in_flight.pop(job.id, None)

    def shortage(self, job: Job) -> Short | None:
        """What the account lacks for this job. A file that is too large needs no room: it fails."""
        if too_large(self.quota, job.size, is_video=job.is_video) is not None:
            return None
        return self._shortage(self.left(), load_of(job))

    def left(self) -> Quota:
        """The numbers, less what was sent since and what is being sent."""
        return left_of(self._settled(), sum(self._in_flight.values(), NOTHING))

    def fitting(self) -> Fitting:
        """What else there is room for, where one job has none."""
        left = self.left()
        has_videos = self._shortage(left, Load(videos=1)) is None
        is_disproved = PauseCause.FULL in self._disproved
        return Fitting(has_videos, None if is_disproved else left.bytes_left)

    def wants(self, load: Load) -> bool:
        """Note that the service is to be asked for room; True where that is news.

        Not while an upload is under way whose end may leave room: that is waited for.
        """
        if self.wanted is not None:
            return False
        if self._in_flight and self.was_asked and self._shortage(self._settled(), load) is None:
            return False
        self.wanted = load
        return True

    def shortage_for(self, load: Load) -> Short | None:
        """What the account lacks for this load, by the service's own numbers."""
        return self._shortage(self.quota, load)

    def counted(self, pause: Pause) -> Pause:
        """The pause after a refusal, with the count that the service gave last."""
        count = items_count(self.quota) if pause.cause is PauseCause.FULL else ""
        if not count:
            return pause
        reason = pause.reason
        text = f"{reason.text} ({count} when it was asked last)"
        return replace(pause, reason=replace(reason, text=text))

    def _settled(self) -> Quota:
        return left_of(self.quota, self.kept - self._kept_before)

    def _shortage(self, quota: Quota, load: Load) -> Short | None:
        short = shortage(quota, load)
        return None if short is None or short.cause in self._disproved else short
