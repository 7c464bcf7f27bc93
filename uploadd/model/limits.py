"""An account's limits, and what fits into them. Pure.

A service's numbers are advisory (they lag, and others upload to the account, too), and what it does
not say is no limit: a number may hold an upload back, but only the service refuses one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from rich.filesize import decimal

from uploadd.model.jobs import Job
from uploadd.model.numbers import counted, number
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Kept, Pause, Reason, Reschedule, Ticketed, Uncertain, Verdict

TOO_LARGE = "too-large"
FULL_REMEDY = "delete photos there or upgrade the account; the queue goes on by itself"
VIDEOS_REMEDY = "delete videos there or upgrade the account; photos go on meanwhile"
PRIVATE_REMEDY = (
    "set `privacy` for what may be seen, upload fewer files, or upgrade to Pro; they are sent"
    " all the same, and what the service says is told if it refuses one"
)
BYTES_REMEDY = "wait for the next month or upgrade the account; the queue goes on by itself"


@dataclass(frozen=True, slots=True)
class Quota:
    """What the account may still take. None: unlimited, or the service did not say.

    `items_most` and `items_there` belong to `items_left`. `private_most`: how many items of a
    free account need not be public; `video_max_seconds`: how long a video may be.
    """

    photo_max_bytes: int | None = None
    video_max_bytes: int | None = None
    items_left: int | None = None
    videos_left: int | None = None
    bytes_left: int | None = None
    is_pro: bool | None = None
    items_most: int | None = None
    items_there: int | None = None
    private_most: int | None = None
    private_left: int | None = None
    video_max_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What uploads take of a quota."""

    items: int = 0
    videos: int = 0
    size_bytes: int = 0

    def __add__(self, other: Load) -> Load:
        return Load(
            self.items + other.items,
            self.videos + other.videos,
            self.size_bytes + other.size_bytes,
        )

    def __sub__(self, other: Load) -> Load:
        return Load(
            self.items - other.items,
            self.videos - other.videos,
            self.size_bytes - other.size_bytes,
        )


class Short(StrEnum):
    """What an account lacks for an upload."""

    ITEMS = "items"
    VIDEOS = "videos"
    BYTES = "bytes"

    @property
    def cause(self) -> PauseCause:
        """The pause that follows. Too few bytes stop everything, once nothing queued fits."""
        return PauseCause.VIDEOS_FULL if self is Short.VIDEOS else PauseCause.FULL


def load_of(job: Job) -> Load:
    """What sending this job takes. A replacement is no item more."""
    if job.is_replacement:
        return Load(size_bytes=job.size)
    return Load(1, int(job.is_video), job.size)


def left_of(quota: Quota, taken: Load) -> Quota:
    """The quota after these uploads."""
    return replace(
        quota,
        items_left=_less(quota.items_left, taken.items),
        videos_left=_less(quota.videos_left, taken.videos),
        bytes_left=_less(quota.bytes_left, taken.size_bytes),
    )


def shortage(quota: Quota, wanted: Load) -> Short | None:
    """What the account lacks for these uploads; None where they fit, as far as is known."""
    if _lacks(quota.items_left, wanted.items):
        return Short.ITEMS
    if _lacks(quota.videos_left, wanted.videos):
        return Short.VIDEOS
    return Short.BYTES if _lacks(quota.bytes_left, wanted.size_bytes) else None


def beyond(quota: Quota, wanted: Load) -> Load:
    """How much of these uploads there is no room for, as far as is known."""
    return Load(
        _excess(wanted.items, quota.items_left),
        _excess(wanted.videos, quota.videos_left),
        _excess(wanted.size_bytes, quota.bytes_left),
    )


def private_beyond(quota: Quota, private: int) -> int:
    """How many of `private` files (none of them public) have no place; 0 if that is unknown.

    No upload is held back for that: the count was never tried on the live service.
    """
    return _excess(private, quota.private_left)


def too_many_private(quota: Quota, private: int) -> str:
    """What to say where more files are private than there are places; empty where they fit."""
    beyond_places = private_beyond(quota, private)
    if not beyond_places:
        return ""
    files = counted(private, "file is", "files are")
    left, most = number(quota.private_left or 0), number(quota.private_most or 0)
    return (
        f"{files} private, and the account has {left} of its {most} places for such left:"
        f" {number(beyond_places)} more than places"
    )


def has_room(quota: Quota, cause: PauseCause) -> bool | None:
    """Whether the numbers show room for what a pause has stopped; None: there is no number."""
    if cause is PauseCause.VIDEOS_FULL:
        lefts = [quota.videos_left]
    else:
        lefts = [quota.items_left, quota.bytes_left]
    known = [left for left in lefts if left is not None]
    return all(left > 0 for left in known) if known else None


def most_bytes(quota: Quota, *, is_video: bool) -> int | None:
    """The size of the largest file of this kind that the account takes."""
    return quota.video_max_bytes if is_video else quota.photo_max_bytes


def too_large(quota: Quota, size_bytes: int, *, is_video: bool) -> Reason | None:
    """Why a file of this size cannot be sent; None where it can, or where no limit is known."""
    most = most_bytes(quota, is_video=is_video)
    if most is None or size_bytes <= most:
        return None
    kind = "video" if is_video else "photo"
    return Reason(
        TOO_LARGE,
        f"{shown_bytes(size_bytes)}; the account takes a {kind} of at most {shown_bytes(most)}",
        "make it smaller, then `uploadd retry` the job",
    )


def may_have_arrived(verdict: Verdict) -> bool:
    """Whether a send that ended so may have taken a place on the account."""
    match verdict:
        case Kept() | Ticketed() | Uncertain():
            return True
        case Reschedule(was_sent=was_sent):
            return was_sent
    return False


def full_pause(quota: Quota, short: Short, wanted: Load) -> Pause:
    """The pause of an account whose numbers show no room for `wanted`, with the count."""
    match short:
        case Short.ITEMS:
            text = f"the account is full{_colon(items_count(quota))}"
            reason = Reason(short.cause, text, FULL_REMEDY)
        case Short.VIDEOS:
            reason = Reason(short.cause, "the account takes no more videos", VIDEOS_REMEDY)
        case Short.BYTES:
            text = (
                f"the account takes {shown_bytes(quota.bytes_left or 0)} more this month,"
                f" and what is to be sent has {shown_bytes(wanted.size_bytes)} or more"
            )
            reason = Reason(short.cause, text, BYTES_REMEDY)
    return Pause(short.cause, reason)


def is_ours(code: str) -> bool:
    """Whether a pause with this code began by the numbers alone, and not by a refusal."""
    return code in (PauseCause.FULL, PauseCause.VIDEOS_FULL)


def items_count(quota: Quota) -> str:
    """`1,000 of 1,000 items`; empty where the service does not count them."""
    if quota.items_most is None or quota.items_there is None:
        return ""
    return f"{number(quota.items_there)} of {counted(quota.items_most, 'item')}"


def shown_bytes(size_bytes: int) -> str:
    """A size for people, with the exact number: `209.7 MB (209,715,200 bytes)`."""
    if size_bytes < 1000:
        return counted(size_bytes, "byte")
    return f"{decimal(size_bytes)} ({number(size_bytes)} bytes)"


def _colon(text: str) -> str:
    return f": {text}" if text else ""


def _less(left: int | None, taken: int) -> int | None:
    return None if left is None else max(0, left - taken)


def _excess(wanted: int, left: int | None) -> int:
    return 0 if left is None else max(0, wanted - left)


def _lacks(left: int | None, wanted: int) -> bool:
    return left is not None and left < wanted
