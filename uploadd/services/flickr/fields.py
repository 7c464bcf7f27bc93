"""What is told to Flickr about one photo: the upload API's form fields. Pure.

Flickr upload API, "Arguments"; how tags are separated: Flickr API, "Tags" and "Machine tags".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from uploadd.model.configuration import Account
from uploadd.services.base import Parcel
from uploadd.services.cleaning import sendable
from uploadd.services.form_fields import choices, texts

CONTENT_TAG = "checksum:sha256="

_CHOICES = {
    name: name
    for name in ("is_public", "is_friend", "is_family", "safety_level", "content_type", "hidden")
}
_MACHINE_TAG = re.compile(r"([A-Za-z][A-Za-z0-9_]*:[A-Za-z][A-Za-z0-9_]*)=(.+)", re.DOTALL)
_BARE = re.compile(r"[\w.:=-]+")


def upload_fields(parcel: Parcel, account: Account) -> list[tuple[str, str]]:
    """Every field but the photo itself, in the order in which they are sent; all are signed."""
    fields = [*texts(parcel), *choices(parcel, _CHOICES)]
    tags = tag_list(_tags(parcel, has_content_tag=account.content_tag))
    if tags:
        fields.append(("tags", tags))
    if account.dedup_check and not parcel.is_forced:
        fields.append(("dedup_check", str(account.dedup_check)))
    return [*fields, ("async", "1")]


def replace_fields(photo_id: str) -> list[tuple[str, str]]:
    """Every field of a replacement but the photo itself: what is told about it stays there."""
    return [("photo_id", photo_id), ("async", "1")]


def content_tag(sha256: str) -> str:
    """The tag by which a photo's content is found again."""
    return CONTENT_TAG + sha256.lower()


def tag_list(tags: Iterable[str]) -> str:
    """Flickr's `tags` field: separated by spaces, in quotes where a tag needs them."""
    written = (_written(" ".join(sendable(tag).replace('"', "").split())) for tag in tags)
    return " ".join(dict.fromkeys(tag for tag in written if tag))


def _tags(parcel: Parcel, *, has_content_tag: bool) -> tuple[str, ...]:
    # The content tag comes first, so that the limit of tags a photo never cuts it off.
    own = (content_tag(parcel.sha256),) if has_content_tag else ()
    return (*own, *parcel.tags)


def _written(tag: str) -> str:
    if not tag or _BARE.fullmatch(tag):
        return tag
    machine = _MACHINE_TAG.fullmatch(tag)
    return f'{machine[1]}="{machine[2]}"' if machine else f'"{tag}"'
