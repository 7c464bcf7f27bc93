"""How far this computer's clock is off, in a person's words. Pure."""

from __future__ import annotations

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def skew_text(off_seconds: float, service: str) -> str:
    """As "this computer's clock is about 2 h 5 min ahead of Flickr's"; below zero: behind."""
    where = "ahead of" if off_seconds > 0 else "behind"
    return f"this computer's clock is about {span(abs(off_seconds))} {where} {service}'s"


def span(seconds: float) -> str:
    """A length of time in its two largest units, whole minutes at the least."""
    left = max(60, round(seconds / 60) * 60)
    parts = []
    for length, unit in _UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
