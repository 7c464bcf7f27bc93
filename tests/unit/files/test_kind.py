"""What a file is, and what is wrong with it where its name says another thing."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from routes import route_to
from uploadd.files.fingerprint import fingerprint_file
from uploadd.files.kind import Kind, KindReader, lacking_by_sizes, read_kind
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


@pytest.mark.parametrize(
    ("content", "lacking"),
    [
        (JPEG, ""),
        (JPEG[:-30], "its JPEG has no end mark"),
        (BEFORE_SCAN, NO_SCAN),
        (bytes(5000), ""),
        (b"a text", ""),
    ],
)
def test_what_may_still_come(tmp_path: Path, content: bytes, lacking: str) -> None:
    """Of a picture that has begun; what is none will not become one."""
    route = route_to(_write(tmp_path, content))
    assert fingerprint_file(route).kind.lacking == lacking


def _box(kind: bytes, size: int) -> bytes:
    return struct.pack(">I4s", size, kind)


def _by_sizes(tmp_path: Path, heads: dict[int, bytes], size: int, name: str) -> str:
    """A sparse file with these bytes at these places."""
    with (tmp_path / name).open("w+b") as file:
        for place, head in heads.items():
            os.pwrite(file.fileno(), head, place)
        file.truncate(size)
        return lacking_by_sizes(file.fileno(), os.fsencode(name), size)


GIGA = 1_000_000_000
FTYP = _box(b"ftyp", 16) + b"isom" + bytes(4)
FILM = {
    0: FTYP + _box(b"mdat", 1) + (3 * GIGA).to_bytes(8, "big"),
    16 + 3 * GIGA: _box(b"moov", 500),
}


def test_a_large_film_is_judged_by_the_heads_of_its_parts(tmp_path: Path) -> None:
    """Three gigabytes, of which some hundred bytes are read."""
    whole = 3 * GIGA + 16 + 500
    assert _by_sizes(tmp_path, FILM, whole, "a.mp4") == ""
    assert _by_sizes(tmp_path, FILM, whole + 99, "a.mp4") == ""
    assert "400 bytes" in _by_sizes(tmp_path, FILM, whole - 400, "a.mp4")
    assert "ends 2,0" in _by_sizes(tmp_path, {0: FILM[0]}, GIGA, "a.mp4")
    assert "moov" in _by_sizes(tmp_path, {0: FILM[0]}, 3 * GIGA + 16, "a.mp4")
    more = b"RIFF" + struct.pack("<I", 9)
    riff = {0: b"RIFF" + struct.pack("<I", GIGA) + b"AVI ", GIGA + 8: more}
    assert _by_sizes(tmp_path, riff, GIGA + 25, "a.avi") == ""
    assert "ends 2 bytes" in _by_sizes(tmp_path, riff, GIGA + 23, "a.avi")


def test_what_has_no_sizes_or_too_many_is_left_to_the_whole_read(tmp_path: Path) -> None:
    """A photo's end mark is looked for in the read that makes its hash."""
    assert _by_sizes(tmp_path, {0: JPEG[:-30]}, 3000, "a.jpg") == ""
    assert _by_sizes(tmp_path, {0: b"GIF89a"}, 3000, "a.gif") == ""
    many = {0: FTYP} | {16 + 100_000 * part: _box(b"moof", 100_000) for part in range(99)}
    assert _by_sizes(tmp_path, many, 9_000_000, "a.mp4") == ""
    assert _by_sizes(tmp_path, {}, 0, "a.mp4") == ""


BOXES = st.tuples(st.sampled_from([b"moov", b"mdat", b"free", b"odd!"]), st.integers(8, 150_000))


@given(st.lists(BOXES, max_size=5), st.integers(0, 150_000))
def test_both_ways_to_look_at_a_film_agree(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[tuple[bytes, int]], cut: int
) -> None:
    """By all of its bytes, and by the heads of its parts."""
    content = FTYP + b"".join(_box(kind, size) + bytes(size - 8) for kind, size in boxes)
    content = content[: max(16, len(content) - cut)]
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    path.write_bytes(content)
    with path.open("rb") as file:
        by_sizes = lacking_by_sizes(file.fileno(), b"a.mp4", len(content))
    assert by_sizes == fingerprint_file(route_to(os.fsencode(path))).kind.flaw
