"""flickr.people.*: the account's limits and its photos."""

from __future__ import annotations

import calendar
import time

from uploadd.sandbox.flickr.methods.listing import LISTING, as_page, number
from uploadd.sandbox.flickr.methods.registry import Call, method
from uploadd.sandbox.flickr.replies import ApiError, Body
from uploadd.sandbox.photos import Photo

_TERABYTE = 2**40


@method("flickr.people.getUploadStatus", "read")
def get_upload_status(call: Call) -> Body:
    """Quotas as they look since 2021; advisory, as the real ones are."""
    sandbox = call.sandbox
    options, user = sandbox.options, sandbox.options.credentials
    used = sum(photo.size_bytes for photo in sandbox.photos if photo.is_on_account)
    return {
        "user": {
            "id": user.nsid,
            "ispro": int(options.is_pro),
            "username": {"_content": user.username},
            "bandwidth": _bandwidth(used),
            "filesize": _size(options.max_photo_bytes),
            "sets": {"created": 0, "remaining": "lots"},
            "videosize": _size(options.max_video_bytes),
            "videos": {"uploaded": sum(p.is_video for p in sandbox.photos), "remaining": "lots"},
            **_item_count(sandbox.items(), options.max_items),
        }
    }


@method("flickr.people.getLimits", "read")
def get_limits(call: Call) -> Body:
    """The largest photo and video, and the longest video."""
    options = call.sandbox.options
    return {
        "person": {
            "nsid": options.credentials.nsid,
            "photos": {"maxdisplaypx": "1024", "maxupload": str(options.max_photo_bytes)},
            "videos": {"maxduration": "180", "maxupload": str(options.max_video_bytes)},
        }
    }


@method(
    "flickr.people.getPhotos",
    "read",
    f"{LISTING} safe_search min_upload_date max_upload_date content_type privacy_filter",
)
def get_photos(call: Call) -> Body:
    """The account's photos, newest first; new ones may be missing for a while."""
    sandbox = call.sandbox
    _check_user(call)
    sandbox.settle()
    low = upload_date(call, "min_upload_date", 0.0)
    high = upload_date(call, "max_upload_date", float("inf"))
    shown_before = sandbox.now() - sandbox.options.list_lag_seconds
    found = [
        photo for photo in sandbox.photos if photo.is_visible and photo.kept_at <= shown_before
    ]
    return as_page(call, [photo for photo in found if _is_within(photo, low, high)])


def upload_date(call: Call, name: str, default: float) -> float:
    """A date argument as seconds since 1970: a number, or a MySQL date and time (UTC here)."""
    text = call.arguments.get(name, "")
    if not text:
        return default
    if text.isdigit():
        return float(text)
    try:
        return float(calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")))
    except ValueError:
        return float(number(call, name, 0))


def _is_within(photo: Photo, low: float, high: float) -> bool:
    return low <= int(photo.kept_at) <= high


def _check_user(call: Call) -> None:
    user = call.arguments.get("user_id", "")
    if not user:
        raise ApiError(1, "Required arguments missing")
    if user not in ("me", call.sandbox.options.credentials.nsid):
        raise ApiError(2, "Unknown user")


def _bandwidth(used: int) -> Body:
    return {
        "maxbytes": _TERABYTE,
        "maxkb": _TERABYTE // 1024,
        "max": 0,
        "usedbytes": used,
        "usedkb": used // 1024,
        "used": used,
        "remainingbytes": _TERABYTE - used,
        "remainingkb": (_TERABYTE - used) // 1024,
        "unlimited": 1,
    }


def _size(limit: int) -> Body:
    kilobytes = limit // 1024
    return {
        "maxbytes": str(limit),
        "maxkb": str(kilobytes),
        "maxmb": kilobytes // 1024,
        "max": str(limit),
    }


def _item_count(items: int, limit: int) -> Body:
    if limit == 0:
        return {}
    # Only `below_limit` was ever seen on the wire; the other word is a guess.
    status = "below_limit" if items < limit else "at_limit"
    return {"upload_count": items, "upload_limit": limit, "upload_limit_status": status}
