"""How large the sandbox says that a photo is, as Flickr's lists tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from uploadd.sandbox.pixels import pixels_of

FRAME = b"\xff\xc0\x00\x0b\x08\x02\x58\x03\x20\x01\x01\x11\x00"
NOTES = b"\xff\xe1\xea\x62" + bytes(60_000)


@pytest.mark.parametrize(
    ("mime", "content", "size"),
    [
        ("image/jpeg", b"\xff\xd8" + FRAME, (800, 600)),
        ("image/jpeg", b"\xff\xd8" + 9 * NOTES + b"\xff\xff" + FRAME, (800, 600)),
        ("image/jpeg", b"\xff\xd8\xff\xda" + FRAME, (0, 0)),
        ("image/jpeg", b"\xff\xd8" + FRAME[:7], (0, 600)),
        ("image/jpeg", b"\xff\xd8\xff", (0, 0)),
        ("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\x20\0\0\x02\x58", (800, 600)),
        ("image/png", b"\x89PNG\r\n\x1a\n", (0, 0)),
        ("image/gif", b"GIF89a\x20\x03\x58\x02\0", (800, 600)),
        ("image/gif", b"GIF89a", (0, 0)),
        ("image/tiff", b"II*\0" + bytes(40), (0, 0)),
    ],
)
def test_by_its_first_frame(
    tmp_path: Path, mime: str, content: bytes, size: tuple[int, int]
) -> None:
    """Of what the service keeps as it comes; zeros where the file does not tell."""
    path = tmp_path / "photo"
    path.write_bytes(content)
    assert pixels_of(path, mime) == size
