"""Puts the content tag of one photo right: `checksum:sha256=…`, by which it is looked up.

The right tag is added before the others are removed, so that the photo can be found at every
moment. Doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from uploadd.model.errors import ServiceRefusedError
from uploadd.services.flickr.answers import ContentTags, content_tags
from uploadd.services.flickr.fields import content_tag
from uploadd.services.multipart import Fields

Ask = Callable[[str, Fields], Awaitable[Mapping[str, Any]]]

TOO_MANY_TAGS = "2"
NO_SUCH_TAG = "1"


async def mark_content(ask: Ask, photo_id: str, sha256: str) -> None:
    """Three methods: photos.getInfo, addTags, removeTag. Raises `ServiceError`."""
    found = await _tags(ask, photo_id, sha256)
    is_marked = found.is_marked or await _add(ask, photo_id, sha256)
    unknown = [error for tag_id in found.stale_ids if (error := await _remove(ask, tag_id))]
    if not is_marked:  # there was no room for it before
        await _add(ask, photo_id, sha256, is_last_try=True)
    if unknown and (await _tags(ask, photo_id, sha256)).stale_ids:
        raise unknown[0]


async def _tags(ask: Ask, photo_id: str, sha256: str) -> ContentTags:
    return content_tags(await ask("flickr.photos.getInfo", [("photo_id", photo_id)]), sha256)


async def _add(ask: Ask, photo_id: str, sha256: str, *, is_last_try: bool = False) -> bool:
    """False where the photo has no room for one more tag."""
    try:
        fields = [("photo_id", photo_id), ("tags", content_tag(sha256))]
        await ask("flickr.photos.addTags", fields)
    except ServiceRefusedError as error:
        if error.reason.code != TOO_MANY_TAGS or is_last_try:
            raise
        return False
    return True


async def _remove(ask: Ask, tag_id: str) -> ServiceRefusedError | None:
    """Returns the service's word that there is no such tag.

    An earlier try or its owner may have removed it; or not every machine of the service knows it.
    """
    try:
        await ask("flickr.photos.removeTag", [("tag_id", tag_id)])
    except ServiceRefusedError as error:
        if error.reason.code != NO_SUCH_TAG:
            raise
        return error
    return None
