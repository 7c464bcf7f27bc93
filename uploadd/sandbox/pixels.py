"""How wide and high a stored picture is, for the types that Flickr keeps as they come."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

# Start of frame: every one but DHT, JPG and DAC, which lie among them.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MOST_SEGMENTS = 1000


def pixels_of(path: Path, mime: str) -> tuple[int, int]:
    """Width and height; zeros where the file does not tell, or is of another type."""
    with path.open("rb") as file:
        if mime == "image/jpeg":
            return _of_jpeg(file)
        head = file.read(24)
    if mime == "image/png" and head[12:16] == b"IHDR":
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if mime == "image/gif" and len(head) > 10:
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    return 0, 0


def _of_jpeg(file: BinaryIO) -> tuple[int, int]:
    """Of its first frame, which stands behind all of its metadata."""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        marker = file.read(1) and file.read(1)
        while marker == b"\xff":
            marker = file.read(1)
        length = int.from_bytes(file.read(2), "big")
        if not marker or length < 2 or marker == b"\xda":
            break
        if marker[0] in _FRAMES:
            frame = file.read(5)
            height, width = frame[1:3], frame[3:5]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        file.seek(length - 2, 1)
    return 0, 0
