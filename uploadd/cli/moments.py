"""Times and lengths as people say them."""

from __future__ import annotations

import re
from datetime import datetime

from uploadd.model.errors import UsageError

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))
_SPANS = {"min": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_SPAN = re.compile(r"(\d{1,6})(min|h|d|w)", re.ASCII)


def length(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h`, `5 d`: one unit is enough."""
    for size, name in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"


def moment(at: float, now: float) -> str:
    """A time of day here; with the date where it is not today."""
    then = datetime.fromtimestamp(at).astimezone()
    is_today = then.date() == datetime.fromtimestamp(now).astimezone().date()
    return f"{then:%H:%M:%S}" if is_today else f"{then:%Y-%m-%d %H:%M}"


def soon(at: float, now: float) -> str:
    """When something comes: `at 14:05:10 (in 3 min)`, or `now`."""
    return "now" if at <= now else f"at {moment(at, now)} (in {length(at - now)})"


def ago(at: float, now: float) -> str:
    """When something was: `3 min ago`."""
    return f"{length(max(0.0, now - at))} ago"


def since_said(text: str, now: float) -> float:
    """What `--since` names, in unix seconds: a date or a time of here, or how long ago (`2d`).

    Raises `UsageError`.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return max(0.0, now - int(span[1]) * _SPANS[span[2]])
    try:
        return max(0.0, datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--since {text} is neither a date nor a span",
            "write it as 2026-05-17, as 2026-05-17T18:30, or as 2d for two days (w, d, h, min)",
        ) from None
