"""How many pixels a picture has, of the types that a service keeps as they come.

A JPEG tells behind all of its metadata, so `parts.JpegParts` finds it on its way through the file.
"""

from __future__ import annotations

from uploadd.model.pixels import Pixels

FRAME_BYTES = 7
"""How much of a JPEG's frame segment, behind its marker, tells its pixels."""

# Start of frame: all but DHT, JPG and DAC, which lie among them.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def of_frame(segment: bytes) -> Pixels | None:
    """Of a JPEG's frame segment from its length on; None where it leaves the height open."""
    height, width = int.from_bytes(segment[3:5], "big"), int.from_bytes(segment[5:7], "big")
    return Pixels(width, height, "image/jpeg") if width and height else None


def of_head(head: bytes, media_type: str) -> Pixels | None:
    """Of a PNG or GIF, from its first bytes; None for any other type."""
    if media_type == "image/png" and head[12:16] == b"IHDR":
        width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    elif media_type == "image/gif":
        width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    else:
        return None
    return Pixels(width, height, media_type) if width and height else None
