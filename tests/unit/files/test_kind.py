"""What a file is, and what is wrong with it where its name says another thing."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from routes import route_to
from uploadd.files.fingerprint import fingerprint_file
from uploadd.files.kind import Kind, KindReader, read_kind
from uploadd.files.media import HEAD_BYTES, UNKNOWN_MEDIA_TYPE


def _jpeg(**options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 48), 50).save(out, "JPEG", **options)
    return out.getvalue()


JPEG = _jpeg()
BEFORE_SCAN = JPEG[: JPEG.index(b"\xff\xda")]
NO_SCAN = "its JPEG ends before its first picture data"
DAMAGED = {
    "zeros": (bytes(5000), "it begins with zeros"),
    "zeros in front": (bytes(HEAD_BYTES) + JPEG, "it begins with zeros"),
    "late": (b"\0\1" * 6 + JPEG, "a JPEG begins 12 bytes late"),
    "late png": (b"\r\n\x89PNG\r\n\x1a\n" + bytes(9), "a PNG begins 2 bytes late"),
    "no scan": (BEFORE_SCAN, NO_SCAN),
    "no scan but zeros": (
        BEFORE_SCAN + bytes(900_000),
        NO_SCAN,
    ),
    "text": (
        b"<!DOCTYPE html>\n<title>404 gone</title>" + b"x" * 5000,
        r"it begins with the text '<!DOCTYPE html>\n<title>404 gone</title>x'",
    ),
    "short text": ("für Oma".encode(), "it begins with the text 'für Oma'"),
    "escapes": (b"\x1b[31mred alert", r"it begins with the text '\x1b[31mred alert'"),
    "controls": (b"ab\x01\x02c", "it begins with the bytes 61 62 01 02 63"),
    "bytes": (b"\x9f\x00\x01\x02" * 50, "it begins with the bytes 9f 00 01 02 9f 00 01 02"),
    "half a letter": ("ü".encode() * 30, "it begins with the text 'üüüüüüüüüüüüüüüüüüüü'"),
}


def _write(directory: Path, content: bytes, name: str = "a.jpg") -> bytes:
    (directory / name).write_bytes(content)
    return os.fsencode(directory / name)


@pytest.mark.parametrize(("content", "found"), DAMAGED.values(), ids=DAMAGED)
def test_a_photo_without_a_picture_is_damaged(tmp_path: Path, content: bytes, found: str) -> None:
    """It says what was found, and both ways of reading agree."""
    path = _write(tmp_path, content)
    assert fingerprint_file(route_to(path)).kind == Kind(UNKNOWN_MEDIA_TYPE, found)
    assert read_kind(route_to(path)) == Kind(UNKNOWN_MEDIA_TYPE, found)


@pytest.mark.parametrize("name", ["a.txt", "a", "a.nef", "a.mkv"])
def test_only_a_name_that_promises_a_picture_makes_it_damaged(tmp_path: Path, name: str) -> None:
    """Anything else is of an unknown type, and no more."""
    path = _write(tmp_path, bytes(5000), name)
    assert fingerprint_file(route_to(path)).kind == Kind(UNKNOWN_MEDIA_TYPE)


def test_a_known_content_is_what_it_is_under_any_name(tmp_path: Path) -> None:
    """A PDF named .jpg is a PDF."""
    named_as_photo = route_to(_write(tmp_path, b"%PDF-1.7\n"))
    assert fingerprint_file(named_as_photo).kind == Kind("application/pdf")
    assert fingerprint_file(route_to(_write(tmp_path, JPEG, "a.png"))).kind == Kind("image/jpeg")


def test_a_picture_that_is_cut_off_later_is_a_picture(tmp_path: Path) -> None:
    """With a word about its end, which the look at the beginning does not have."""
    route = route_to(_write(tmp_path, JPEG[:-30]))
    assert fingerprint_file(route).kind == Kind("image/jpeg", flaw="its JPEG has no end mark")
    assert read_kind(route) == Kind("image/jpeg")


def test_a_scan_behind_megabytes_of_notes_is_found(tmp_path: Path) -> None:
    """A camera may put a large preview in front of the picture."""
    notes = (b"\xff\xe2\xff\xff" + bytes(0xFFFF - 2)) * 40
    path = _write(tmp_path, JPEG[:2] + notes + JPEG[2:])
    assert fingerprint_file(route_to(path)).kind == Kind("image/jpeg")
    assert read_kind(route_to(path)) == Kind("image/jpeg")
    cut = _write(tmp_path, JPEG[:2] + notes[:-5])
    assert fingerprint_file(route_to(cut)).kind.damage
    assert read_kind(route_to(cut)).damage


def test_a_look_at_the_beginning_reads_no_more_than_it_needs(tmp_path: Path) -> None:
    """A dry run looks at every new file."""
    reader = KindReader(b"a.jpg")
    assert not reader.has_begun
    reader.feed(JPEG[:100])
    assert not reader.has_begun
    reader.feed(JPEG[100:])
    assert reader.has_begun
    other = KindReader(b"a.mp4")
    other.feed(bytes(10))
    assert other.has_begun
    assert read_kind(route_to(_write(tmp_path, b""))).damage == "it begins with zeros"
