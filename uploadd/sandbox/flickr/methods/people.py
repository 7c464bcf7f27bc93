"""flickr.people.*: the account's limits and its photos."""

from __future__ import annotations

import calendar
import time

from uploadd.sandbox.flickr import quotas
from uploadd.sandbox.flickr.methods.listing import LISTING, as_page, number, sight
from uploadd.sandbox.flickr.methods.registry import Call, method
from uploadd.sandbox.flickr.replies import ApiError, Body
from uploadd.sandbox.photos import Photo


@method("flickr.people.getUploadStatus", "read")
def get_upload_status(call: Call) -> Body:
    """Quotas, in the shape that the options name; advisory, as the real ones are."""
    options = call.sandbox.options
    now = quotas.standing(call.sandbox, is_owners=call.is_owners)
    return {
        "user": {
            "id": call.user.nsid,
            "ispro": int(options.is_pro),
            "username": {"_content": call.user.username},
            **quotas.upload_status(options.quota_shape, now),
        }
    }


@method("flickr.people.getLimits", "read")
def get_limits(call: Call) -> Body:
    """The largest photo and video, and the longest video."""
    now = quotas.standing(call.sandbox, is_owners=call.is_owners)
    told = quotas.limits(call.sandbox.options.quota_shape, now)
    return {"person": {"nsid": call.user.nsid, **told}}


@method(
    "flickr.people.getPhotos",
    "read",
    f"{LISTING} safe_search min_upload_date max_upload_date content_type privacy_filter",
)
def get_photos(call: Call) -> Body:
    """The account's photos, newest first; new ones may be missing for a while."""
    sandbox = call.sandbox
    if not call.arguments.get("user_id"):
        raise ApiError(1, "Required arguments missing")
    sees = sight(call)
    low = upload_date(call, "min_upload_date", 0.0)
    high = upload_date(call, "max_upload_date", float("inf"))
    shown_before = sandbox.now() - sandbox.options.list_lag_seconds
    found = [photo for photo in sandbox.photos if sees(photo) and photo.kept_at <= shown_before]
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
