"""Keeps an account's uploads below `bytes_per_second`, all of its connections together."""

from __future__ import annotations

from uploadd.model.ports import Clock

BURST_SECONDS = 1.0


class Throttle:
    """A bucket that fills with `bytes_per_second` and holds one second's worth."""

    def __init__(self, bytes_per_second: int, clock: Clock) -> None:
        self._rate = bytes_per_second
        self._clock = clock
        self._free_at = clock.monotonic()
        self.spent = 0
        """Bytes that were given the way so far, with or without a cap."""

    async def spend(self, size: int) -> None:
        """Return when `size` bytes may be sent. Without a cap, at once."""
        self.spent += size
        if self._rate <= 0:
            return
        now = self._clock.monotonic()
        self._free_at = max(self._free_at, now - BURST_SECONDS) + size / self._rate
        if self._free_at > now:
            await self._clock.sleep(self._free_at - now)
