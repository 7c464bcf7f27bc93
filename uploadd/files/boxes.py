"""Formats made of boxes: MP4, QuickTime, 3GP, HEIC and their kin (ISO 14496-12), and RIFF."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

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
_SOUND = "audio/mp4"
_SOUND_EXTENSIONS = frozenset({b".m4a", b".m4b", b".m4r"})
_NEITHER = "application/mp4"  # brands that we do not know
_RIFFS = {b"AVI ": "video/x-msvideo", b"WEBP": "image/webp", b"WAVE": "audio/x-wav"}
_SIGNATURES = (b"jP  ", b"jP\x1a\x1a", b"JXL ")

# Boxes that a QuickTime film from before `ftyp` begins with, and those it may skip first.
_FILM_BOXES = (b"moov", b"mdat", b"pnot")
_FILLERS = (b"wide", b"free", b"skip")
_MOST_FILLERS = 8
_BRAND_BYTES = 4
_MOST_FTYP_BYTES = 1024


def look(head: bytes, name: bytes) -> str | None:
    """The media type of a box format, or None."""
    if head[:4] == b"RIFF":
        return _RIFFS.get(head[8:12])
    found = _by_brands_or_boxes(head)
    is_film = found is not None and found.startswith("video/")
    return _SOUND if is_film and _is_sound_alone(head, name) else found


def _by_brands_or_boxes(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _by_brands(head, 0)
    if head[4:8] in _SIGNATURES and head[16:20] == b"ftyp":
        return _by_brands(head, 12)
    return "video/quicktime" if _is_old_film(head) else None


def _by_brands(head: bytes, start: int) -> str:
    (size,) = struct.unpack_from(">I", head, start)
    box = head[start : start + min(size, _MOST_FTYP_BYTES)]
    major = box[8:12]
    others = [box[place : place + _BRAND_BYTES] for place in range(16, len(box), _BRAND_BYTES)]
    if major in _AUDIO:
        return _SOUND
    for brand in (major, *others):
        if brand[:3] in (b"3gp", b"3gr", b"3gs", b"3ge", b"3gg"):
            return "video/3gpp"
        if brand[:3] == b"3g2":
            return "video/3gpp2"
        if brand in _BRANDS:
            return _BRANDS[brand]
    is_picture = any(brand in _GENERIC_PICTURE for brand in (major, *others))
    return "image/heif" if is_picture else _NEITHER


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


def _is_sound_alone(head: bytes, name: bytes) -> bool:
    """Whether the tracks are known and none is a video; the name says it where they are not."""
    handlers = _handlers(head)
    if handlers:
        return b"soun" in handlers and b"vide" not in handlers
    return os.path.splitext(name)[1].lower() in _SOUND_EXTENSIONS


def _handlers(head: bytes) -> set[bytes]:
    """What the tracks are (`vide`, `soun` …), where the `moov` lies whole in `head`."""
    return {
        head[begin + 8 : begin + 12]
        for moov in _inside(head, (0, len(head)), b"moov")
        for track in _inside(head, moov, b"trak")
        for media in _inside(head, track, b"mdia")
        for begin, _ in _inside(head, media, b"hdlr")
    }


def _inside(head: bytes, place: tuple[int, int], wanted: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of the content of each box `wanted` that lies whole in `place`."""
    start, end = place
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", head, start)
        begin = start + 8
        if size == 1 and begin + 8 <= end:
            (size,) = struct.unpack_from(">Q", head, begin)
            begin += 8
        if size < begin - start or start + size > end:
            return
        if kind == wanted:
            yield begin, start + size
        start += size
