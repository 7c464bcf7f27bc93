"""Where pictures and films begin and end, however their bytes are cut into chunks."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from uploadd.files.parts import BoxParts, JpegParts, Parts, PngParts, RiffParts, parts_of

SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def _segment(code: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(content) + 2) + content


EXIF = _segment(0xE1, b"Exif\0\0" + SOI + _segment(0xDA, bytes(10)) + b"thumbnail" + EOI)
ICC = b"".join(_segment(0xE2, b"ICC_PROFILE\0" + bytes(65_000)) for _ in range(20))
FRAME = _segment(0xC0, bytes(15))
SCAN = _segment(0xDA, bytes(10)) + b"\x12\xff\x00\x34\xff\xd0\x56"


def _fed(parts: Parts, content: bytes, step: int) -> Parts:
    for place in range(0, len(content), step):
        parts.feed(content[place : place + step])
    return parts


def _saved(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 48), 50).convert("RGB").save(out, form, **options)
    return out.getvalue()


JPEGS = {
    "plain": SOI + FRAME + SCAN + EOI,
    "a thumbnail in EXIF": SOI + EXIF + FRAME + SCAN + EOI,
    "a megabyte of ICC": SOI + EXIF + ICC + FRAME + SCAN + EOI,
    "fill bytes": SOI + b"\xff\xff" + FRAME + b"\xff\xff\xff" + SCAN + EOI,
    "zeros between": SOI + FRAME + bytes(7) + SCAN + EOI,
    "no JFIF": SOI + _segment(0xDB, bytes(65)) + FRAME + SCAN + EOI,
    "arithmetic": SOI + _segment(0xC9, bytes(15)) + _segment(0xCC, b"\0\0") + SCAN + EOI,
    "DNL": SOI + FRAME + SCAN + _segment(0xDC, b"\0\x10") + EOI,
    "restart": SOI + b"\xff\xd0" + FRAME + SCAN + EOI,
    "a tail": SOI + FRAME + SCAN + EOI + b"MotionPhoto_Data" + bytes(5000),
    "two pictures": (SOI + FRAME + SCAN + EOI) * 2,
    "Pillow": _saved("JPEG"),
    "Pillow, progressive": _saved("JPEG", progressive=True, quality=95),
    "Pillow, with a profile": _saved(
        "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    ),
    "MPO": _saved("MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
}


@pytest.mark.parametrize("content", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("step", [1, 7, 1000, 1 << 20])
def test_a_whole_jpeg_lacks_nothing(content: bytes, step: int) -> None:
    """Of every make, and in chunks of every size."""
    if step == 1 and len(content) > 100_000:
        step = 3
    parts = _fed(JpegParts(), content, step)
    assert parts.has_begun
    assert parts.missing() == ""


def test_no_more_than_the_end_of_a_scan_is_kept() -> None:
    """A large panorama, whole and cut, and a film behind a picture."""
    scan = SOI + FRAME + SCAN + b"\x55" * (8 << 20)
    film = bytes(number * number % 251 for number in range(1 << 20)) + b"\xff\xd9"
    cut, whole = JpegParts(), JpegParts()
    _fed(cut, scan, 1 << 18)
    _fed(whole, scan + EOI + film, 1 << 18)
    kept = sum(map(len, cut._last)) + sum(map(len, whole._last))
    assert cut.missing()
    assert not whole.missing()
    assert kept < 2 << 20


@pytest.mark.parametrize("content", JPEGS.values(), ids=JPEGS)
def test_a_jpeg_that_ends_before_its_first_scan_has_not_begun(content: bytes) -> None:
    """Wherever it ends: in a segment, between two, in the scan's own head."""
    ends = [2, 3, 18]
    if FRAME in content:
        ends += [content.index(FRAME), content.index(FRAME) + 5]
        assert not _fed(JpegParts(), content[: content.index(SCAN) + 14], 64).has_begun
    for end in ends:
        assert not _fed(JpegParts(), content[:end], 64).has_begun
        assert not _fed(JpegParts(), content[:end] + bytes(300), 64).has_begun


def test_the_scan_of_a_thumbnail_is_not_that_of_the_picture() -> None:
    """It lies in a segment, which is passed over by its length."""
    assert not _fed(JpegParts(), SOI + EXIF + FRAME, 16).has_begun


def test_a_jpeg_that_is_cut_off_later_has_begun() -> None:
    """A byte behind the scan's head is enough; the end mark is missed."""
    whole = SOI + FRAME + SCAN
    for content in (whole, whole[:-6], whole + bytes(400), _saved("JPEG")[:-20]):
        parts = _fed(JpegParts(), content, 5)
        assert parts.has_begun
        assert parts.missing() == "its JPEG has no end mark"


def test_what_is_no_segment_is_left_to_the_service() -> None:
    """It counts as begun: skipping a file is for what is certain."""
    parts = _fed(JpegParts(), SOI + FRAME + b"who knows what this is", 9)
    assert parts.has_begun
    assert parts.missing()


def test_a_file_of_nothing_but_markers_takes_no_time() -> None:
    """After so many parts it is believed."""
    began = time.monotonic()
    for content in (b"\xff\x01" * 2_000_000, b"\xff" * 4_000_000, bytes(4_000_000)):
        _fed(JpegParts(), SOI + content, 1 << 18)
    assert _fed(JpegParts(), SOI + b"\xff\x01" * 100_000, 1 << 18).has_begun
    assert time.monotonic() - began < 3


def test_a_png_ends_with_its_last_chunk() -> None:
    """Whatever follows it."""
    whole = _saved("PNG")
    for step in (1, 11, 1 << 18):
        assert _fed(PngParts(), whole, step).missing() == ""
        assert _fed(PngParts(), whole + b"more", step).missing() == ""
        for end in (8, 30, len(whole) // 2, len(whole) - 13):
            assert "IEND" in _fed(PngParts(), whole[:end], step).missing()


def _box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


FILM = _box(b"ftyp", b"isom" + bytes(12)) + _box(b"moov", bytes(500)) + _box(b"mdat", bytes(900))
LARGE = struct.pack(">I4sQ", 1, b"mdat", 16 + 500) + bytes(500)


@pytest.mark.parametrize("step", [1, 13, 1 << 18])
def test_a_film_ends_with_its_last_box(step: int) -> None:
    """Or says how much it lacks. Other programs' additions, and open ends, are no fault."""
    whole = (FILM, FILM + LARGE, FILM + _box(b"free"), FILM + struct.pack(">I4s", 0, b"mdat") * 9)
    tails = (FILM + b"SEFT and more of it", FILM + b"\xff" * 100, FILM + bytes(100))
    for content in (*whole, *tails):
        assert _fed(BoxParts(), content, step).missing() == ""
    cut = _fed(BoxParts(), FILM[:-9], step).missing()
    assert cut == "it ends 9 bytes before its last part does"
    assert "499 bytes" in _fed(BoxParts(), (FILM + LARGE)[:-499], step).missing()


def _film() -> BoxParts:
    return BoxParts(is_film=True)


@pytest.mark.parametrize("step", [1, 13, 1 << 18])
def test_a_film_without_its_index_lacks_it(step: int) -> None:
    """Programs write it last, and until then the film's box may have no length yet."""
    begin, data = _box(b"ftyp", b"isom" + bytes(12)), _box(b"mdat", bytes(900))
    for cut in (begin + data, begin + struct.pack(">I4s", 0, b"mdat") + bytes(900), begin + LARGE):
        assert "moov" in _fed(_film(), cut, step).missing()
        assert _fed(BoxParts(), cut, step).missing() == ""  # a picture has none
    pieces = begin + (_box(b"moof", bytes(90)) + data) * 3
    for whole in (begin + data + _box(b"moov", bytes(99)), pieces, begin + data + b"odd" * 30):
        assert _fed(_film(), whole, step).missing() == ""
    assert "ends" in _fed(_film(), begin + data[:-2], step).missing()


def _riff(kind: bytes, content: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(content)) + kind + content


@pytest.mark.parametrize("step", [1, 13, 1 << 18])
def test_a_riff_file_is_as_long_as_it_says(step: int) -> None:
    """A large film has several chunks; what is no chunk, or says no length, is no fault."""
    film, more = _riff(b"AVI ", bytes(501)), _riff(b"AVIX", bytes(500))
    unsized = b"RIFF\0\0\0\0AVI " + bytes(50)
    for whole in (film, film + b"\0", _saved("WEBP"), film + b"a tail of it", more * 3, unsized):
        assert _fed(RiffParts(), whole, step).missing() == ""
    assert "9 bytes" in _fed(RiffParts(), film[:-9], step).missing()
    assert "9 bytes" in _fed(RiffParts(), (more + film)[:-9], step).missing()


PARTS = [JpegParts, PngParts, BoxParts, RiffParts, _film]


@given(st.sampled_from(PARTS), st.binary(max_size=300), st.integers(1, 9))
def test_the_chunks_make_no_difference(make: Callable[[], Parts], rest: bytes, step: int) -> None:
    """For any bytes, and nothing raises."""
    content = (SOI + FRAME if make is JpegParts else bytes(8)) + rest
    whole, pieces = _fed(make(), content, 1 << 18), _fed(make(), content, step)
    assert (whole.has_begun, whole.missing()) == (pieces.has_begun, pieces.missing())


def test_other_types_are_not_followed() -> None:
    """Their ends are theirs."""
    assert parts_of("image/gif") is None
    assert isinstance(parts_of("image/jpeg"), JpegParts)
    assert isinstance(parts_of("image/png"), PngParts)
    assert isinstance(parts_of("video/mp4"), BoxParts)
    assert isinstance(parts_of("image/webp"), RiffParts)
