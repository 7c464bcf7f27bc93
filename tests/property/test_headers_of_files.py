"""Foreign bytes in the place of pictures and films: a type or none, quickly, and no exception."""

from __future__ import annotations

import io
import re
import struct
import tempfile
import time
import tracemalloc
from datetime import datetime
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from routes import route_to
from uploadd.files.media import HEAD_BYTES, content_type
from uploadd.files.metadata import MOST_BYTES, read_photo_facts

MOST_SECONDS = 5.0
MOST_MEMORY_BYTES = 4 * MOST_BYTES
MTIME_NS = 1_600_000_000_123_456_789


def _jpeg(kind: str) -> bytes:
    """A small picture that says when and by what it was taken."""
    picture = Image.new("RGB", (8, 8), (90, 120, 160))
    exif = Image.Exif()
    exif[271], exif[272], exif[306] = "NIKON", "NIKON D90", "2010:06:19 12:30:45"
    exif[36867] = "2010:06:19 12:30:45"
    out = io.BytesIO()
    picture.save(out, kind, exif=exif)
    return out.getvalue()


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _tiff(entries: list[tuple[int, int, int, int]], order: str = "<") -> bytes:
    head = b"II*\0" if order == "<" else b"MM\0*"
    body = b"".join(struct.pack(f"{order}HHII", *entry) for entry in entries)
    return head + struct.pack(f"{order}IH", 8, len(entries)) + body + b"\0" * 4


REAL = (
    _jpeg("JPEG"),
    _jpeg("TIFF"),
    _jpeg("PNG"),
    _jpeg("WEBP"),
    _box(b"ftyp", b"heic\0\0\0\0mif1heic") + _box(b"meta", b"\0" * 4 + _box(b"iinf", b"\0" * 60)),
    _box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41") + _box(b"moov", _box(b"mvhd", b"\0" * 100)),
    _box(b"wide", b"") + _box(b"free", b"\0" * 16) + _box(b"mdat", b"\0" * 32),
    _box(b"jP  ", b"\r\n\x87\n") + _box(b"ftyp", b"jp2 \0\0\0\0jp2 "),
    _tiff([(254, 4, 1, 1), (330, 4, 1, 8), (50706, 1, 4, 1)]),
    _tiff([(271, 2, 2**32 - 1, 8), (306, 2, 2**31, 0), (34665, 4, 1, 8)], ">"),
    _tiff([(34665, 4, 1, 8), (34853, 4, 1, 8), (330, 13, 1000, 8), (37500, 7, 2**32 - 1, 8)]),
    b"RIFF\xff\xff\xff\xffAVI LIST" + b"\0" * 40,
    b"RIFF" + struct.pack("<I", 60) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\x08" + b"\0" * 40,
    b"FUJIFILMCCD-RAW 0201" + b"\xff" * 120,
    b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm",
    b"OggS" + b"\0" * 24 + b"\x80theora",
    (b"G" + b"\0" * 187) * 5,
    b"\xff\x0a" + b"\0" * 30,
    b"\0\0\0\x0cJXL \r\n\x87\n" + _box(b"Exif", b"\0\0\0\0II*\0\x08\0\0\0\xff\xff"),
)
NAMES = st.sampled_from([b"a.jpg", b"a.nef", b"a", b".arw", b"\xff\n.cr2", b"-rf.dng"])
NUMBERS = st.sampled_from([0, 1, 7, 8, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real beginning with some of its lengths, counts and offsets made absurd, or cut short."""
    content = bytearray(draw(st.sampled_from(range(len(REAL))).map(lambda place: REAL[place])))
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, max(0, len(content) - 4)))
        form = draw(st.sampled_from([">I", "<I", ">H", "<H", "B"]))
        size = struct.calcsize(form)
        number = draw(NUMBERS) % (1 << 8 * size)
        content[place : place + size] = struct.pack(form, number)
    end = draw(st.one_of(st.none(), st.integers(0, len(content))))
    return bytes(content[:end]) + draw(st.sampled_from([b"", b"\0" * 5000, b"\xff" * 5000]))


@given(st.one_of(mutated(), st.binary(max_size=200)), NAMES)
@example(b"", b"")
@example(b"II*\0\xff\xff\xff\xff", b"x.nef")
def test_every_beginning_has_a_type_or_none(content: bytes, name: bytes) -> None:
    """Without an exception, and in no time."""
    began = time.monotonic()
    found = content_type(content, name)
    assert re.fullmatch(r"(image|video|audio|application)/[a-z0-9.+-]+", found)
    assert content_type(content[:HEAD_BYTES], name) == found
    assert time.monotonic() - began < MOST_SECONDS


@given(mutated())
def test_what_a_picture_says_of_itself_is_read_within_bounds(content: bytes) -> None:
    """A date and a camera on one line, whatever the lengths in the file say."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "p.jpg")
        path.write_bytes(content)
        began = time.monotonic()
        tracemalloc.start()
        try:
            facts = read_photo_facts(route_to(path), MTIME_NS)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert time.monotonic() - began < 2 * MOST_SECONDS
    assert peak < MOST_MEMORY_BYTES
    assert isinstance(facts.taken, datetime)
    assert facts.taken.tzinfo is None
    assert facts.camera.isprintable()
    assert len(facts.camera) <= 201
