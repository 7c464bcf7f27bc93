"""Error 14: uploads that a service puts off for everyone (Flickr upload API, error 14)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class UploadWait:
    """The wait in force, if any. Times are seconds since 1970."""

    until: float = 0.0

    def remaining_seconds(self, now: float) -> int:
        """Whole seconds that are left; 0 when no wait is in force."""
        return max(0, math.ceil(self.until - now))

    def begin(self, now: float, seconds: float) -> None:
        """Put uploads off from now on; a longer wait in force stays."""
        self.until = max(self.until, now + seconds)


def is_due(upload: int, every: int) -> bool:
    """Whether the `upload`-th upload (from 1) is one that begins a wait."""
    return every > 0 and upload % every == 0
