"""An account's limits, as Flickr tells them: in three calls, and in many shapes.

The numbers come as integers and as texts, empty, null, as "lots", or not at all; what makes no
sense is no limit, because whatever they say, only an upload shows what Flickr takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from uploadd.model.budget import Purpose
from uploadd.model.errors import ServiceError, ServiceRefusedError
from uploadd.model.limits import Quota
from uploadd.services.asking import Asking
from uploadd.services.values import MOST_BYTES, exact, items

PRIVATE_ITEMS_OF_FREE_ACCOUNTS = 50
PUBLIC = "1"  # of privacy_filter; 2 to 5 are all others, one a call
RESTRICTED = "3"  # of safe_search: nothing is left out

Fields = Mapping[str, Any]

# Beyond a petabyte, or a thousand million million items, nobody means what he says.
_AMOUNT = re.compile(r"([0-9]{1,15})(?:\.0+)?")


class Quotas:
    """Asks for one account's limits."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._limits: Fields | None = None

    async def quota(self) -> Quota:
        """flickr.people.getUploadStatus, with what getLimits adds to it. Raises `ServiceError`."""
        status = await self._asking.read("flickr.people.getUploadStatus", [], Purpose.CALL)
        return quota(status, await self._limits_once())

    async def with_private_left(self, known: Quota) -> Quota:
        """How many more items need not be public: all items without the public ones. One call.

        flickr.people.getPhotos counts what it lists; whether it counts all of it was never tried on
        the live service, so no upload hangs on this number.
        """
        if known.private_most is None or known.items_there is None:
            return known
        fields = [
            ("user_id", "me"),
            ("privacy_filter", PUBLIC),
            ("safe_search", RESTRICTED),
            ("per_page", "1"),
        ]
        try:
            listed = await self._asking.read("flickr.people.getPhotos", fields, Purpose.CALL)
        except ServiceError:
            return known
        public = amount(_part(listed, "photos").get("total"))
        if public is None:
            return known
        private = max(0, known.items_there - public)
        return replace(known, private_left=max(0, known.private_most - private))

    async def _limits_once(self) -> Fields:
        """flickr.people.getLimits. It hardly ever changes, so one answer does for a login."""
        if self._limits is not None:
            return self._limits
        try:
            self._limits = await self._asking.read_once("flickr.people.getLimits", [], Purpose.CALL)
        except ServiceRefusedError as error:
            if error.pause is None:
                self._limits = {}  # it will not be answered the next time either
        except ServiceError:
            pass
        return self._limits or {}


def quota(status: Fields, limits: Fields | None = None) -> Quota:
    """flickr.people.getUploadStatus in each of its forms since 2008; getLimits fills its gaps."""
    user, bandwidth = _part(status, "user"), _part(_part(status, "user"), "bandwidth")
    photos, videos = (_part(_part(limits or {}, "person"), name) for name in ("photos", "videos"))
    is_unlimited = bool(amount(bandwidth.get("unlimited")))
    most, there = amount(user.get("upload_limit")) or None, amount(user.get("upload_count"))
    is_pro = _is_pro(user)
    return Quota(
        photo_max_bytes=_size(user, "filesize") or amount(photos.get("maxupload")) or None,
        video_max_bytes=_size(user, "videosize") or amount(videos.get("maxupload")) or None,
        items_left=None if most is None or there is None else max(0, most - there),
        videos_left=amount(_part(user, "videos").get("remaining")),
        bytes_left=None if is_unlimited else _bytes(bandwidth, "remaining"),
        is_pro=is_pro,
        items_most=most,
        items_there=there,
        # The limit of items and that of private ones came together, and for free accounts only.
        private_most=PRIVATE_ITEMS_OF_FREE_ACCOUNTS if most and is_pro is False else None,
        video_max_seconds=amount(videos.get("maxduration")) or None,
    )


def amount(value: object) -> int | None:
    """A number that may be believed, or None: missing, empty, "lots", negative, absurd."""
    found = _AMOUNT.fullmatch(exact(value))
    return int(found[1]) if found else None


def _is_pro(user: Fields) -> bool | None:
    told = user.get("ispro")
    if isinstance(told, bool):
        return told
    found = amount(told)
    return None if found is None else found > 0


def _size(user: Fields, name: str) -> int | None:
    return _bytes(_part(user, name), "max")


def _bytes(part: Fields, prefix: str) -> int | None:
    for unit, size in (("bytes", 1), ("kb", 2**10), ("mb", 2**20)):
        found = amount(part.get(f"{prefix}{unit}"))
        if found is not None:
            return min(found * size, MOST_BYTES)
    return None


def _part(fields: Fields, name: str) -> Fields:
    """An object, or the first of a list; an empty one where there is neither."""
    return next(items(fields.get(name)), {})
