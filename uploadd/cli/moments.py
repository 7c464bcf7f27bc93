"""Times and lengths as people say them."""

from __future__ import annotations

from datetime import datetime

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))


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
