"""What is told to ipernity about one document: the fields of `upload.file`. Pure.

ipernity has no counterpart of Flickr's `content_type` and `hidden`, and needs no content tag: it
knows a document by its MD5.
"""

from __future__ import annotations

from collections.abc import Iterable

from uploadd.services.base import Parcel
from uploadd.services.cleaning import sendable
from uploadd.services.form_fields import choices, texts

# Its name here, and ipernity's.
_CHOICES = {
    "is_public": "is_public",
    "is_friend": "is_friend",
    "is_family": "is_family",
    "safety_level": "safety",
}


def upload_fields(parcel: Parcel) -> list[tuple[str, str]]:
    """Every field but the file itself, in the order in which they are sent."""
    fields = [*texts(parcel), *choices(parcel, _CHOICES)]
    keywords = keyword_list(parcel.tags)
    if keywords:
        fields.append(("keywords", keywords))
    return [*fields, ("async", "1")]


def replace_fields(doc_id: str) -> list[tuple[str, str]]:
    """Every field of a replacement but the file itself: what is told about it stays there."""
    return [("doc_id", doc_id), ("async", "1")]


def keyword_list(tags: Iterable[str]) -> str:
    """The field `keywords`: separated by commas, in quotes where there is a blank.

    ipernity API, `doc.tags.add`: `"blue sky",sunset`. Neither sign may stand in a keyword itself.
    """
    written = (_written(sendable(tag).replace(",", " ").replace('"', "")) for tag in tags)
    return ",".join(dict.fromkeys(tag for tag in written if tag))


def _written(tag: str) -> str:
    words = tag.split()
    return f'"{" ".join(words)}"' if len(words) > 1 else "".join(words)
