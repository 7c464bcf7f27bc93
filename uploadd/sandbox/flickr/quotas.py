"""An account's limits as Flickr has told them over the years, and as it might tell them badly.

`since-2021` and `unlimited-2018` are what the live service was seen to answer, `old-free` what
free accounts had before. Of the others each was seen for single values: `missing` (no parts at
all), `empty`, `lots` and `null` (every value is that; XML has no null, its attributes are empty).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.flickr.limits import bytes_this_month, month_bytes, video_count
from uploadd.sandbox.flickr.replies import Body, Scalar
from uploadd.sandbox.options import QuotaShape

_TERABYTE = 2**40
_FREE_ITEMS = 1000
_WORDS: dict[QuotaShape, Scalar] = {"empty": "", "lots": "lots", "null": None}


@dataclass(frozen=True)
class Standing:
    """The account's counts and limits, in bytes and items; a limit of 0 is none."""

    used_bytes: int
    month_bytes: int
    items: int
    videos: int
    max_month_bytes: int
    max_items: int
    max_videos: int
    max_photo_bytes: int
    max_video_bytes: int


def standing(sandbox: Sandbox, *, is_owners: bool) -> Standing:
    """How things stand; whoever does not own the account has an empty one, with its limits."""
    options = sandbox.options
    sandbox.settle()
    held = [photo for photo in sandbox.photos if photo.is_on_account and is_owners]
    return Standing(
        used_bytes=sum(photo.size_bytes for photo in held),
        month_bytes=bytes_this_month(sandbox) if is_owners else 0,
        items=len(held),
        videos=sum(photo.is_video for photo in held),
        max_month_bytes=month_bytes(sandbox),
        max_items=options.max_items,
        max_videos=video_count(sandbox),
        max_photo_bytes=options.max_photo_bytes,
        max_video_bytes=options.max_video_bytes,
    )


def upload_status(shape: QuotaShape, now: Standing) -> Body:
    """The parts of `<user>` that tell the limits."""
    if shape in _WORDS:
        told = {**_since_2018(now), **_item_count(now.items, now.max_items or _FREE_ITEMS)}
        return _saying(told, _WORDS[shape])
    return _SHAPES[shape](now)


def limits(shape: QuotaShape, now: Standing) -> Body:
    """The parts of `<person>`: the largest photo and video, and the longest video."""
    told: Body = {
        "photos": {"maxdisplaypx": "1024", "maxupload": str(now.max_photo_bytes)},
        "videos": {"maxduration": "180", "maxupload": str(now.max_video_bytes)},
    }
    if shape == "missing":
        return {}
    return _saying(told, _WORDS[shape]) if shape in _WORDS else told


def _since_2021(now: Standing) -> Body:
    counted = _item_count(now.items, now.max_items) if now.max_items else {}
    return {**_since_2018(now), **counted}


def _since_2018(now: Standing) -> Body:
    left = _left(now.max_videos, now.videos)
    return {
        # `max` has nothing to do with `maxbytes` here, and `unlimited` makes both idle.
        "bandwidth": {"max": 0, **_bandwidth(_TERABYTE, now.used_bytes), "unlimited": 1},
        "filesize": _size(now.max_photo_bytes),
        "sets": {"created": 0, "remaining": "lots"},
        "videosize": _size(now.max_video_bytes),
        "videos": {"uploaded": now.videos, "remaining": left},
    }


def _old_free(now: Standing) -> Body:
    month = now.max_month_bytes
    return {
        "bandwidth": {"max": month, **_bandwidth(month, now.month_bytes), "unlimited": 0},
        "filesize": _size(now.max_photo_bytes),
        "sets": {"created": 0, "remaining": "lots"},
        "videosize": {"maxbytes": now.max_video_bytes},
        "videos": {
            "uploaded": now.videos,
            "remaining": _left(now.max_videos, now.videos),
        },
    }


_SHAPES: dict[QuotaShape, Callable[[Standing], Body]] = {
    "since-2021": _since_2021,
    "unlimited-2018": _since_2018,
    "old-free": _old_free,
    "missing": lambda _: {},
}


def _bandwidth(limit: int, used: int) -> dict[str, Scalar]:
    left = max(0, limit - used)
    return {
        "used": used,
        "maxbytes": limit,
        "usedbytes": used,
        "remainingbytes": left,
        "maxkb": limit // 1024,
        "usedkb": used // 1024,
        "remainingkb": left // 1024,
    }


def _size(limit: int) -> Body:
    kilobytes = limit // 1024
    return {
        "maxbytes": str(limit),
        "maxkb": str(kilobytes),
        "maxmb": kilobytes // 1024,
        "max": str(limit),
    }


def _left(limit: int, used: int) -> Scalar:
    return max(0, limit - used) if limit else "lots"


def _item_count(items: int, limit: int) -> dict[str, Scalar]:
    # Only `below_limit` was ever seen on the wire; the other word is a guess.
    status = "below_limit" if items < limit else "at_limit"
    return {"upload_count": items, "upload_limit": limit, "upload_limit_status": status}


def _saying(told: Body, word: Scalar) -> Body:
    """The same parts and attributes, each of which says one word."""
    return {
        name: _saying(value, word) if isinstance(value, dict) else word
        for name, value in told.items()
    }
