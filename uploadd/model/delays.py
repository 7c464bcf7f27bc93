"""Durations that are kept in the database, and how the growing ones grow.

A durable delay stores its begin and its length, so that a clock that jumps back can never make
it longer than it was meant to be (design section 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

BACKOFF_FIRST_SECONDS = 5.0
BACKOFF_MOST_SECONDS = 15 * 60.0


@dataclass(frozen=True, slots=True)
class Delay:
    """A wait that began at `begin` (unix seconds) and lasts `seconds`."""

    begin: float
    seconds: float

    @property
    def end(self) -> float:
        """When it is over, in unix seconds."""
        return self.begin + self.seconds

    def remaining(self, now: float) -> float:
        """Seconds left at `now`: never more than the whole length, whatever the clock did."""
        return min(self.seconds, max(0.0, self.end - now))


def growing(first: float, most: float, times: int) -> float:
    """The `times`-th interval (from 1) of a series that doubles from `first` up to `most`."""
    doublings = min(max(times, 1) - 1, 32)
    return min(most, first * 2.0**doublings)


def backoff(attempts: int, random: Random, patience: float = 1.0) -> float:
    """Seconds until the next attempt after `attempts`: 5 s doubling to 15 min, full jitter."""
    ceiling = growing(BACKOFF_FIRST_SECONDS, BACKOFF_MOST_SECONDS, attempts)
    return patience * random.uniform(0.0, ceiling)
