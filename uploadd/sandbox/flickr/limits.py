"""What an account may hold and be sent (Flickr upload API, errors 6, 7, 10, 12 and 15)."""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping

from uploadd.sandbox.account import Sandbox
from uploadd.sandbox.disk import ReceivedFile
from uploadd.sandbox.flickr.replies import ApiError
from uploadd.sandbox.media import Media
from uploadd.sandbox.photos import Photo

_OLD_MONTH_BYTES = 300 * 2**20
_OLD_VIDEOS = 2


def check_account(
    sandbox: Sandbox, file: ReceivedFile, media: Media, values: Mapping[str, str]
) -> None:
    """Raise the ApiError of an upload that the account may not make."""
    if "external_image_link" in values:
        raise ApiError(10, "Not a valid url to upload from")
    cloned = values.get("clone_meta_from_photo_id")
    if cloned is not None and not sandbox.photos.get(cloned):
        raise ApiError(12, "Not a valid photo id to clone meta data from")
    if not sandbox.options.is_pro and values.get("safety_level", "1") != "1":
        raise ApiError(15, "Non-safe content not allowed")
    if sandbox.is_full() or _ends_the_month(sandbox, file.size_bytes):
        raise ApiError(6, "User exceeded upload limit")
    if media.is_video and _has_too_many_videos(sandbox):
        raise ApiError(7, "User exceeded video upload limit")


def beyond_private(sandbox: Sandbox, photo: Photo) -> str | None:
    """The violation that a photo about to be kept is; None where it is within the limit."""
    limit = sandbox.options.max_private_items
    if limit == 0 or photo.is_public or sandbox.options.is_pro:
        return None
    if private_items(sandbox) < limit:
        return None
    return f"more than {limit} items that are not public: what Flickr does is not established"


def private_items(sandbox: Sandbox) -> int:
    """How many of the account's items are other than public."""
    return sum(photo.is_on_account and not photo.is_public for photo in sandbox.photos)


def bytes_this_month(sandbox: Sandbox) -> int:
    """What the account was sent since the calendar month began (UTC)."""
    today = time.gmtime(sandbox.now())
    begun_at = calendar.timegm((today.tm_year, today.tm_mon, 1, 0, 0, 0))
    return sum(
        photo.size_bytes
        for photo in sandbox.photos
        if photo.is_on_account and photo.kept_at >= begun_at
    )


def month_bytes(sandbox: Sandbox) -> int:
    """What a calendar month may hold; 0 = no limit, as on all but the old free accounts."""
    options = sandbox.options
    return (options.max_month_bytes or _OLD_MONTH_BYTES) if options.quota_shape == "old-free" else 0


def video_count(sandbox: Sandbox) -> int:
    """How many videos the account may hold; 0 = no limit."""
    options = sandbox.options
    return options.max_videos or (_OLD_VIDEOS if options.quota_shape == "old-free" else 0)


def _ends_the_month(sandbox: Sandbox, size_bytes: int) -> bool:
    limit = month_bytes(sandbox)
    return 0 < limit < bytes_this_month(sandbox) + size_bytes


def _has_too_many_videos(sandbox: Sandbox) -> bool:
    held = sum(photo.is_on_account and photo.is_video for photo in sandbox.photos)
    return 0 < video_count(sandbox) <= held
