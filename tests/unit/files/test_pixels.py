"""How many pixels a file's picture has, told while it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from routes import route_to
from uploadd.files.fingerprint import fingerprint_file
from uploadd.files.kind import KindReader
from uploadd.model.pixels import Pixels

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"x" * 50
JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00\x00\x03\x20\x00\x00\x02\x58" + bytes(9)
GIF = b"GIF89a\x20\x03\x58\x02" + bytes(9)


def segment(code: int, content: bytes) -> bytes:
    """A JPEG's segment."""
    return bytes((0xFF, code)) + (len(content) + 2).to_bytes(2, "big") + content


def frame(width: int = 800, height: int = 600, code: int = 0xC0) -> bytes:
    """A JPEG's frame: one component of 8 bits."""
    sides = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return segment(code, b"\x08" + sides + b"\x01\x01\x11\x00")


THUMBNAIL = SOI + frame(160, 120) + SCAN + EOI
HUGE = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(60_000)) * 9
FILES = {
    "baseline": SOI + JFIF + frame() + SCAN + EOI,
    "progressive": SOI + frame(code=0xC2) + SCAN + EOI,
    "tables among them": SOI + segment(0xC4, b"\0" * 20) + frame() + SCAN + EOI,
    "a thumbnail before": SOI + segment(0xE1, b"Exif\0\0" + THUMBNAIL) + frame() + SCAN + EOI,
    "a picture behind": SOI + frame() + SCAN + EOI + THUMBNAIL,
    "half a megabyte of metadata": SOI + HUGE + frame() + SCAN + EOI,
    "fill bytes": SOI + b"\xff\xff" + frame() + SCAN + EOI,
    "png": PNG,
    "gif": GIF,
}
UNKNOWN = {
    "no frame": SOI + JFIF + SCAN + EOI,
    "the height comes later": SOI + frame(800, 0) + SCAN + EOI,
    "another type": b"II*\0" + bytes(100),
    "a short gif": b"GIF89a\x20",
}


def pixels_in(content: bytes, chunk_bytes: int) -> Pixels | None:
    """Of a content that comes in chunks: the first one holds all that tells its type."""
    reader = KindReader(b"a.jpg")
    reader.feed(content[:64])
    for start in range(64, len(content), chunk_bytes):
        reader.feed(content[start : start + chunk_bytes])
    return reader.pixels


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("chunk_bytes", [1 << 18, 4096])
def test_the_picture_itself_counts(name: str, chunk_bytes: int) -> None:
    """Wherever its frame stands, and however the chunks fall."""
    found = pixels_in(FILES[name], chunk_bytes)
    assert found is not None
    assert (found.width, found.height) == (800, 600)


def test_the_frame_may_lie_across_chunks() -> None:
    """A byte at a time."""
    assert pixels_in(FILES["a thumbnail before"], 1) == Pixels(800, 600, "image/jpeg")


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_does_not_tell_is_not_known(name: str) -> None:
    """Nothing is guessed."""
    assert pixels_in(UNKNOWN[name], 7) is None


def test_a_fingerprint_tells_them(tmp_path: Path) -> None:
    """In the one pass; two contents are the same by their hashes alone."""
    path = tmp_path / "a.jpg"
    path.write_bytes(FILES["half a megabyte of metadata"])
    content = fingerprint_file(route_to(bytes(path))).content
    assert content.pixels == Pixels(800, 600, "image/jpeg")
