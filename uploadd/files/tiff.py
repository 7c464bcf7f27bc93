"""TIFF pictures, and the many RAW formats that begin like one."""

from __future__ import annotations

import os
import struct

TIFF = "image/tiff"
RAW = "image/x-raw"

_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
# Formats with a header of their own in the place of TIFF's 42.
_RAW_HEADERS = (
    b"IIRO",  # ORF
    b"IIRS",
    b"MMOR",
    b"IIU\x00",  # RW2
    b"IIII",  # IIQ, Phase One
    b"MMMM",
)
RAW_EXTENSIONS = frozenset(
    b".3fr .arw .cr2 .dcr .dng .erf .fff .gpr .iiq .k25 .kdc .mef .mos .nef .nrw .orf .pef .raw "
    b".rw2 .rwl .sr2 .srf .srw".split()
)
"""RAW formats that begin as a TIFF picture does."""

_NEW_SUBFILE_TYPE = 254
_SUB_IFDS = 330
_DNG_VERSION = 50706
_REDUCED = 1
_ENTRY_BYTES = 12
_MOST_ENTRIES = 400


def look(head: bytes, name: bytes) -> str | None:
    """`TIFF`, `RAW`, or None where `head` is neither."""
    if head.startswith(_RAW_HEADERS):
        return RAW
    if head[6:14] == b"HEAPCCDR":  # CRW
        return RAW
    order = _ORDERS.get(head[:4])
    if order is None:
        return None
    if os.path.splitext(name)[1].lower() in RAW_EXTENSIONS:
        return RAW
    return RAW if _is_raw_inside(head, order) else TIFF


def _is_raw_inside(head: bytes, order: str) -> bool:
    """Whether the content shows it: CR2's mark, DNG's tag, or a preview in front of the picture.

    NEF, ARW and DNG begin with a reduced picture and keep the real one in a sub-directory.
    """
    if head[8:10] == b"CR":
        return True
    tags = _first_directory(head, order)
    if _DNG_VERSION in tags:
        return True
    return _SUB_IFDS in tags and bool(tags.get(_NEW_SUBFILE_TYPE, 0) & _REDUCED)


def _first_directory(head: bytes, order: str) -> dict[int, int]:
    """The tags of the first image directory with their value fields, as far as `head` reaches."""
    try:
        (start,) = struct.unpack_from(f"{order}I", head, 4)
        (count,) = struct.unpack_from(f"{order}H", head, start)
        end = start + 2 + _ENTRY_BYTES * min(count, _MOST_ENTRIES)
        places = range(start + 2, end, _ENTRY_BYTES)
        entries = [struct.unpack_from(f"{order}HHII", head, place) for place in places]
    except struct.error:
        return {}
    return {tag: value for tag, _, _, value in entries}
