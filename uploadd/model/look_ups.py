"""When a look-up is due, and when absence may be believed (design section 9)."""

from __future__ import annotations

from uploadd.model.trail import Doubt

LOOKS_NEEDED = 5
PHOTO_WINDOW_SECONDS = 10 * 60.0
PHOTO_WINDOW_WITHOUT_DEDUP_SECONDS = 30 * 60.0
VIDEO_WINDOW_SECONDS = 6 * 3600.0

# The service's search lags: the looks are dense at first and reach to the end of the window.
LOOK_AT = (0.01, 0.05, 0.2, 0.5, 1.0)


def window_seconds(*, is_video: bool, has_dedup_check: bool) -> float:
    """Over how long the looks are spread before absence is believed."""
    if is_video:
        return VIDEO_WINDOW_SECONDS
    return PHOTO_WINDOW_SECONDS if has_dedup_check else PHOTO_WINDOW_WITHOUT_DEDUP_SECONDS


def gap_before(looks: int, window: float) -> float:
    """Seconds between the last look and the next one, after `looks` unsuccessful ones.

    Counted from look to look: whatever the clock does, at most one of the gaps is cut short.
    """
    if looks >= len(LOOK_AT):
        return window * LOOK_AT[1]
    return window * (LOOK_AT[looks] - (LOOK_AT[looks - 1] if looks else 0.0))


def is_absence_believed(doubt: Doubt, looks: int, since: float, now: float, window: float) -> bool:
    """True once `looks` looks found nothing, and they reached over the whole window."""
    if doubt is Doubt.BRIEF:
        return looks >= 1
    return looks >= LOOKS_NEEDED and is_window_over(since, now, window)


def is_window_over(since: float, now: float, window: float) -> bool:
    """True once the looks reach over the whole window; their gaps may fall short by a rounding."""
    return now - since >= window * 0.999_999
