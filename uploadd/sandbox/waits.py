"""Error 14: uploads that a service puts off for everyone (Flickr upload API, error 14)."""

from __future__ import annotations

import math
from dataclasses import dataclass

CROSSING_SECONDS = 0.25
"""How long the reply that begins a wait may take to be read and acted upon."""


@dataclass
class UploadWait:
    """The wait in force, if any. Times are seconds since 1970."""

    until: float = 0.0
    begun_at: float = 0.0

    def remaining_seconds(self, now: float) -> int:
        """Whole seconds that are left; 0 when no wait is in force."""
        return max(0, math.ceil(self.until - now))

    def begin(self, now: float, seconds: float) -> None:
        """Put uploads off from now on; a longer wait in force stays."""
        if self.remaining_seconds(now) == 0:
            self.begun_at = now
        self.until = max(self.until, now + seconds)

    def has_crossed(self, begun_at: float) -> bool:
        """Whether an upload that began then may have passed the first reply on the wire.

        Nobody can keep to a wait that has not reached him. It is refused all the same.
        """
        return begun_at - self.begun_at < CROSSING_SECONDS


def is_due(upload: int, every: int) -> bool:
    """Whether the `upload`-th upload (from 1) is one that begins a wait."""
    return every > 0 and upload % every == 0
