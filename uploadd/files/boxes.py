"""Formats made of boxes: MP4, QuickTime, 3GP, HEIC and their kin (ISO 14496-12), and RIFF."""

from __future__ import annotations

import struct

# The first brand in the file that has a row here decides.
_BRANDS: dict[bytes, str] = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"crx ": "image/x-raw",  # CR3
    b"jp2 ": "image/jp2",
    b"jpx ": "image/jp2",
    b"jpm ": "image/jp2",
    b"jxl ": "image/jxl",
    b"qt  ": "video/quicktime",
    b"M4V ": "video/x-m4v",
    b"M4VH": "video/x-m4v",
    b"M4VP": "video/x-m4v",
    b"isom": "video/mp4",
    b"iso2": "video/mp4",
    b"iso3": "video/mp4",
    b"iso4": "video/mp4",
    b"iso5": "video/mp4",
    b"iso6": "video/mp4",
    b"iso8": "video/mp4",
    b"iso9": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"mp71": "video/mp4",
    b"avc1": "video/mp4",
    b"dash": "video/mp4",
    b"mmp4": "video/mp4",
    b"f4v ": "video/mp4",
    b"MSNV": "video/mp4",  # Sony's cameras and players
    b"XAVC": "video/mp4",
}
_GENERIC_PICTURE = (b"mif1", b"mif2", b"msf1", b"miaf")
_AUDIO = (b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ")
_SIGNATURES = (b"jP  ", b"jP\x1a\x1a", b"JXL ")

# Boxes that a QuickTime film from before `ftyp` begins with, and those it may skip first.
_FILM_BOXES = (b"moov", b"mdat", b"pnot")
_FILLERS = (b"wide", b"free", b"skip")
_MOST_FILLERS = 8
_BRAND_BYTES = 4
_MOST_FTYP_BYTES = 1024


def look(head: bytes, _name: bytes) -> str | None:
    """The media type of a box format, or None."""
    if head[4:8] == b"ftyp":
        return _by_brands(head, 0)
    if head[4:8] in _SIGNATURES and head[16:20] == b"ftyp":
        return _by_brands(head, 12)
    if head[:4] == b"RIFF":
        return {b"AVI ": "video/x-msvideo", b"WEBP": "image/webp"}.get(head[8:12])
    return "video/quicktime" if _is_old_film(head) else None


def _by_brands(head: bytes, start: int) -> str | None:
    (size,) = struct.unpack_from(">I", head, start)
    box = head[start : start + min(size, _MOST_FTYP_BYTES)]
    major = box[8:12]
    others = [box[place : place + _BRAND_BYTES] for place in range(16, len(box), _BRAND_BYTES)]
    if major in _AUDIO:
        return None
    for brand in (major, *others):
        if brand[:3] in (b"3gp", b"3gr", b"3gs", b"3ge", b"3gg"):
            return "video/3gpp"
        if brand[:3] == b"3g2":
            return "video/3gpp2"
        if brand in _BRANDS:
            return _BRANDS[brand]
    return "image/heif" if any(brand in _GENERIC_PICTURE for brand in (major, *others)) else None


def _is_old_film(head: bytes) -> bool:
    place = 0
    for _ in range(_MOST_FILLERS):
        if place + 8 > len(head):
            return False
        size, kind = struct.unpack_from(">I4s", head, place)
        if kind in _FILM_BOXES:
            return size in (0, 1) or size >= 8
        if kind not in _FILLERS or size < 8:
            return False
        place += size
    return False
