"""Pauses: why a whole account stops, what stops with it, and how it goes on again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from uploadd.model.delays import Delay, growing

HOUR = 3600.0
DAY = 24 * HOUR

UNREACHED = "network"
"""The code of a pause for a service at which nothing answers."""
MOST_UNREACHED_SECONDS = 120.0
"""The longest wait between two probes: one that reaches nobody costs nothing."""


class PauseCause(StrEnum):
    """Why an account is paused. Two causes may hold one account at the same time."""

    WAIT = "wait"  # Flickr 14: non_pro_desktop_upload_wait_time
    FULL = "full"  # Flickr 6: the account's limit of items is reached
    VIDEOS_FULL = "videos-full"  # Flickr 7: the account's limit of videos
    RATE = "rate"  # too many calls: HTTP 429, ipernity 112 and 113
    CREDENTIALS = "credentials"  # the key or the token is refused
    CLOCK = "clock"  # the service refuses our timestamps
    BREAKER = "breaker"  # many files in a row met passing faults
    AWAY = "away"  # nothing answers at the service's address
    HAND = "hand"  # `uploadd pause`


class Stops(StrEnum):
    """What a pause stops."""

    VIDEOS = "videos"  # no upload of a video is begun
    UPLOADS = "uploads"  # no upload is begun; tickets, look-ups and filing go on
    CALLS = "calls"  # every call but the probe


class EndsBy(StrEnum):
    """What ends a pause."""

    TIME = "time"  # its length
    PROBE = "probe"  # a read call that is answered well, tried when the length is over
    QUOTA = "quota"  # the service's quota shows room, asked when the length is over
    PERSON = "person"  # `uploadd resume`


@dataclass(frozen=True, slots=True)
class PauseRule:
    """How one cause behaves. Lengths in seconds, for where the service names none."""

    stops: Stops
    ends_by: EndsBy
    first_seconds: float
    most_seconds: float
    needs_person: bool = False


RULES: dict[PauseCause, PauseRule] = {
    PauseCause.WAIT: PauseRule(Stops.UPLOADS, EndsBy.TIME, 60, HOUR),
    PauseCause.FULL: PauseRule(Stops.UPLOADS, EndsBy.QUOTA, HOUR, DAY, needs_person=True),
    PauseCause.VIDEOS_FULL: PauseRule(Stops.VIDEOS, EndsBy.QUOTA, HOUR, DAY, needs_person=True),
    PauseCause.RATE: PauseRule(Stops.CALLS, EndsBy.TIME, 60, HOUR),
    PauseCause.CREDENTIALS: PauseRule(Stops.CALLS, EndsBy.PROBE, HOUR, DAY, needs_person=True),
    PauseCause.CLOCK: PauseRule(Stops.CALLS, EndsBy.PROBE, 60, HOUR, needs_person=True),
    PauseCause.BREAKER: PauseRule(Stops.CALLS, EndsBy.PROBE, 60, HOUR),
    PauseCause.AWAY: PauseRule(Stops.CALLS, EndsBy.PROBE, 5, 15 * 60),
    PauseCause.HAND: PauseRule(Stops.UPLOADS, EndsBy.PERSON, 0, 0),
}


TRIED = frozenset({EndsBy.PROBE, EndsBy.QUOTA})
"""Pauses that end so are probed at each start; before that they prove nothing."""

ACCUSING = frozenset({PauseCause.CREDENTIALS, PauseCause.CLOCK})
"""Pauses that blame the account. They are probed at once: one file may be at fault."""


@dataclass(frozen=True, slots=True)
class ActivePause:
    """One pause of one account as the database keeps it.

    `delay` is None where only a person ends it; `times` counts how often it came since a send
    last went well; `is_ended`: a probe or the quota ended it, and only that count is still of use.
    """

    account_id: int
    cause: PauseCause
    code: str
    text: str
    remedy: str
    since: float
    delay: Delay | None
    times: int
    is_ended: bool = False

    @property
    def rule(self) -> PauseRule:
        """How this cause behaves."""
        return RULES[self.cause]

    @property
    def until(self) -> float | None:
        """When it is over or tried again by itself (unix seconds); None: a person must act."""
        return self.delay.end if self.delay and not self.rule.needs_person else None

    def is_over(self, now: float) -> bool:
        """True once its length has passed (a probe may still be needed)."""
        return self.delay is not None and self.delay.remaining(now) <= 0

    def holds(self, now: float) -> bool:
        """True while it stops something: until its time, its probe or its person ended it."""
        if self.is_ended:
            return False
        return self.rule.ends_by is not EndsBy.TIME or not self.is_over(now)


def pause_seconds(
    cause: PauseCause, named: float | None, times: int, patience: float, code: str = ""
) -> float:
    """How long the `times`-th pause of a row lasts.

    What the service named is kept as it is; only our own growing delay is scaled by `patience`.
    """
    if named is not None and named > 0:  # `Retry-After: 0` would be an invitation to spin
        return named
    rule = RULES[cause]
    is_unreached = cause is PauseCause.AWAY and code == UNREACHED
    most_seconds = MOST_UNREACHED_SECONDS if is_unreached else rule.most_seconds
    return patience * growing(rule.first_seconds, most_seconds, times)


def what_stops(pauses: Iterable[ActivePause], now: float) -> frozenset[Stops]:
    """Everything that is stopped at `now`: calls stop uploads, uploads stop videos."""
    stopped: set[Stops] = set()
    for pause in pauses:
        if pause.holds(now):
            stopped.add(pause.rule.stops)
    if Stops.CALLS in stopped:
        stopped.add(Stops.UPLOADS)
    if Stops.UPLOADS in stopped:
        stopped.add(Stops.VIDEOS)
    return frozenset(stopped)


def first_end(pauses: Iterable[ActivePause], now: float) -> float | None:
    """When the first of the pauses ends that end by time alone (unix seconds)."""
    ends = (
        pause.delay.end
        for pause in pauses
        if pause.delay and pause.rule.ends_by is EndsBy.TIME and not pause.is_over(now)
    )
    return min(ends, default=None)
