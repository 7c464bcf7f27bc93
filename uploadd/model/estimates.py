"""How long many uploads take at least, by what the user has set. Pure.

Before anything was sent, only the caps are known: `bytes_per_second` and the call budget. How fast
the line and the service are, and how often a free account is made to wait, shows in the files that
were sent lately (`Rate`).
"""

from __future__ import annotations

from dataclasses import dataclass

from uploadd.model.budget import WINDOW_SECONDS, Purpose, limit_for


@dataclass(frozen=True, slots=True)
class Pace:
    """What caps the uploads to an account. 0: no cap.

    `calls_per_file`: requests that one file takes, as `calls_per_file` counts them.
    """

    bytes_per_second: int = 0
    calls_per_hour: int = 0
    calls_per_file: float = 1.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """`seconds`: None where nothing caps these uploads. What was set and counts in it."""

    seconds: float | None
    by_bytes: bool = False
    by_calls: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """How many files, of how many bytes, were sent within so many seconds."""

    files: int
    size_bytes: int
    seconds: float


def calls_per_file(tickets_per_call: int, finds_per_call: int) -> float:
    """Requests for one file of many: its upload, and its shares of the calls that many share.

    Those ask for `tickets_per_call` tickets, and for `finds_per_call` contents before they are
    sent (0: this service is not asked for them).
    """
    finds = 1 / finds_per_call if finds_per_call else 0.0
    return 1 + 1 / tickets_per_call + finds


def estimate(files: int, size_bytes: int, pace: Pace) -> Estimate:
    """How long so many files of so many bytes take.

    Calls may be made in a burst: if all fit into one hour's budget, it does not limit the estimate.
    """
    by_bytes = size_bytes / pace.bytes_per_second if pace.bytes_per_second else None
    by_calls = _seconds_by_calls(files * pace.calls_per_file, pace.calls_per_hour)
    known = [seconds for seconds in (by_bytes, by_calls) if seconds is not None]
    return Estimate(max(known, default=None), by_bytes is not None, by_calls is not None)


def seconds_left(files: int, size_bytes: int, rate: Rate, pace: Pace) -> float | None:
    """How long these files take at this rate, and no less than the user's caps allow.

    None where nothing was sent by which that could be told.
    """
    if files == 0:
        return 0.0
    if rate.files == 0:
        return None
    capped = estimate(files, size_bytes, pace).seconds or 0.0
    by_bytes = size_bytes / rate.size_bytes if rate.size_bytes else 0.0
    return max(capped, rate.seconds * max(files / rate.files, by_bytes))


def _seconds_by_calls(calls: float, calls_per_hour: int) -> float | None:
    if calls_per_hour == 0:
        return None
    hourly = limit_for(Purpose.BACKFILL, calls_per_hour)
    return None if calls <= hourly else calls / hourly * WINDOW_SECONDS
