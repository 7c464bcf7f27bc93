"""Which types of content each service takes. Pure.

A type is in a service's table where its own pages name it, or leave it open: its error is a better
answer than our guess. It leaves the table, or comes into it, only with a source.
"""

from __future__ import annotations

from uploadd.model.configuration import ServiceName

# Flickr's upload guidelines. It keeps JPEG, PNG and GIF as they are and turns other pictures into
# JPEG.
_FLICKR = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/tiff",
        "image/heic",
        "image/heif",
        "image/webp",
        "image/bmp",
        "video/mp4",
        "video/quicktime",
        "video/x-m4v",
        "video/3gpp",
        "video/3gpp2",
        "video/x-msvideo",
        "video/x-ms-wmv",
        "video/mpeg",
        "video/mp2t",
        "video/ogg",
    }
)
# ipernity names no list: it gets Flickr's, until a source says something else.
_IPERNITY = _FLICKR

TAKEN_BY: dict[ServiceName, frozenset[str]] = {
    ServiceName.FLICKR: _FLICKR,
    ServiceName.IPERNITY: _IPERNITY,
}


def takes(service: ServiceName, media_type: str) -> bool:
    """Whether a content of this type is worth sending to this service."""
    return media_type in TAKEN_BY[service]
