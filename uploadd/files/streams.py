"""Videos and sound in streaming containers, bitmaps, and what else needs a second look."""

from __future__ import annotations

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_MPEG = (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
_EBML = b"\x1a\x45\xdf\xa3"
_OGG_VIDEO = (b"\x80theora", b"\x01video\x00", b"BBCD\x00")
_FIRST_PAGES_BYTES = 4096

_SYNC = 0x47
_PACKET_BYTES = 188
_SHORTEST_STREAM = 3
_MOST_PACKETS = 16

_BITMAP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})


def look(head: bytes, _name: bytes) -> str | None:
    """The media type of a stream or a bitmap, or None."""
    if head.startswith(_MPEG):
        return "video/mpeg"
    if head.startswith(_ASF):
        return "video/x-ms-wmv" if _ASF_VIDEO in head else "audio/x-ms-wma"
    if head.startswith(_EBML):
        return _matroska(head)
    if head.startswith(b"OggS"):
        pages = head[:_FIRST_PAGES_BYTES]
        return "video/ogg" if any(codec in pages for codec in _OGG_VIDEO) else "audio/ogg"
    if _is_transport_stream(head):
        return "video/mp2t"
    return "image/bmp" if _is_bitmap(head) else None


def _matroska(head: bytes) -> str | None:
    beginning = head[:_FIRST_PAGES_BYTES]
    if b"\x42\x82\x84webm" in beginning:
        return "video/webm"
    return "video/x-matroska" if b"matroska" in beginning else None


def _is_transport_stream(head: bytes) -> bool:
    """Whether packets of 188 bytes follow each other, bare (.ts) or each after a time (.m2ts)."""
    return _has_syncs(head, 0, _PACKET_BYTES) or _has_syncs(head, 4, _PACKET_BYTES + 4)


def _has_syncs(head: bytes, first: int, step: int) -> bool:
    places = range(first, min(len(head), first + step * _MOST_PACKETS), step)
    return len(places) >= _SHORTEST_STREAM and all(head[place] == _SYNC for place in places)


def _is_bitmap(head: bytes) -> bool:
    return (
        head.startswith(b"BM")
        and head[6:10] == b"\x00\x00\x00\x00"
        and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS
    )
