"""The type of a file is that of its content."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from uploadd.files.media import (
    MEDIA_TYPES,
    UNKNOWN_MEDIA_TYPE,
    FileKind,
    MediaType,
    content_type,
    is_named_as_media,
    kind_of,
)
from uploadd.model.configuration import ServiceName
from uploadd.model.taken import TAKEN_BY, takes

ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")


def _picture(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(file, form, **options)
    return file.getvalue()


def _box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _ftyp(major: bytes, *others: bytes) -> bytes:
    return _box(b"ftyp", major + bytes(4) + b"".join(others)) + _box(b"mdat", bytes(100))


def _tiff(order: str, *entries: tuple[int, int]) -> bytes:
    """A TIFF header with one directory of LONG values."""
    mark = b"II*\x00" if order == "<" else b"MM\x00*"
    head = mark + struct.pack(f"{order}IH", 8, len(entries))
    rows = (struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in entries)
    return head + b"".join(rows) + bytes(4)


def _ogg(codec: bytes) -> bytes:
    return b"OggS\x00\x02" + bytes(21) + b"\x1e" + codec + bytes(60)


def _ebml(doctype: bytes) -> bytes:
    return b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82" + bytes([0x80 | len(doctype)]) + doctype


def sniff(head: bytes, name: bytes) -> MediaType | None:
    """The row of the table for a photo or a film; None for everything else."""
    found = content_type(head, name)
    rows = [row for row in MEDIA_TYPES if row.media_type == found]
    return rows[0] if rows else None


PACKET = b"\x47" + bytes(187)


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("MPO", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("AVIF", "image/avif"),
        ("JPEG2000", "image/jp2"),
    ],
)
def test_real_pictures(form: str, media_type: str) -> None:
    """What Pillow writes is recognized, whatever its name is."""
    found = sniff(_picture(form), b"notes.txt")
    assert found is not None
    assert (found.media_type, found.kind) == (media_type, FileKind.PHOTO)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (_ftyp(b"heic", b"mif1", b"heic"), "image/heic"),
        (_ftyp(b"mif1", b"mif1", b"heic"), "image/heic"),
        (_ftyp(b"mif1", b"miaf"), "image/heif"),
        (_ftyp(b"mif1", b"avif"), "image/avif"),
        (_ftyp(b"crx ", b"isom"), "image/x-raw"),
        (b"\xff\x0a" + bytes(20), "image/jxl"),
        (_box(b"JXL ", b"\r\n\x87\n") + _ftyp(b"jxl ", b"jxl "), "image/jxl"),
        (b"8BPS\x00\x01" + bytes(20), "image/vnd.adobe.photoshop"),
    ],
)
def test_pictures_that_pillow_cannot_write(head: bytes, media_type: str) -> None:
    """A generic brand in front does not hide the true one."""
    found = sniff(head, b"a.jpg")
    assert found is not None
    assert (found.media_type, found.kind) == (media_type, FileKind.PHOTO)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (_ftyp(b"isom", b"isom", b"avc1"), "video/mp4"),
        (_ftyp(b"mp42"), "video/mp4"),
        (_ftyp(b"NEW!", b"mp41"), "video/mp4"),
        (_ftyp(b"dash", b"iso6"), "video/mp4"),
        (_ftyp(b"M4V ", b"isom"), "video/x-m4v"),
        (_ftyp(b"qt  ", b"qt  "), "video/quicktime"),
        (_ftyp(b"3gp5", b"isom"), "video/3gpp"),
        (_ftyp(b"3g2a", b"isom"), "video/3gpp2"),
        (_box(b"moov", bytes(40)), "video/quicktime"),
        (_box(b"wide") + struct.pack(">I4s", 1, b"mdat") + bytes(40), "video/quicktime"),
        (_box(b"free", bytes(300)) + _box(b"mdat", bytes(40)), "video/quicktime"),
        (b"RIFF" + bytes(4) + b"AVI LIST", "video/x-msvideo"),
        (ASF + bytes(30) + ASF_VIDEO + bytes(30), "video/x-ms-wmv"),
        (b"\x00\x00\x01\xba\x44" + bytes(20), "video/mpeg"),
        (b"\x00\x00\x01\xb3\x16" + bytes(20), "video/mpeg"),
        (PACKET * 5, "video/mp2t"),
        ((bytes(4) + PACKET) * 5, "video/mp2t"),
        (_ogg(b"\x80theora"), "video/ogg"),
        (_ogg(b"fishead\x00") + _ogg(b"\x80theora"), "video/ogg"),
        (_ebml(b"webm"), "video/webm"),
        (_ebml(b"matroska"), "video/x-matroska"),
        (b"FLV\x01\x05" + bytes(20), "video/x-flv"),
    ],
)
def test_videos(head: bytes, media_type: str) -> None:
    """By their containers."""
    found = sniff(head, b"a.jpg")
    assert found is not None
    assert (found.media_type, found.kind) == (media_type, FileKind.VIDEO)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xd8",
        b"dear diary, today I named a text .jpg\n",
        b"BMW is a maker of cars, and this is a text\n",
        b"GIF is not a picture by its name alone\n",
        b"RIFF" + bytes(4) + b"WAVEfmt ",
        _ftyp(b"M4A ", b"isom"),
        _ftyp(b"????", b"!!!!"),
        _ogg(b"\x01vorbis"),
        _ogg(b"OpusHead"),
        ASF + bytes(60),
        b"ID3\x04" + bytes(40),
        b"%PDF-1.7\n",
        b"PK\x03\x04" + bytes(40),
        b"\x7fELF" + bytes(60),
        b"some mdat text that is no film" * 3,
        PACKET * 2,
        b"G" + b"o" * 400,
    ],
)
def test_what_is_neither_a_photo_nor_a_video(head: bytes) -> None:
    """Texts, songs, programs, and what is too short to tell: None, even if it is named .jpg."""
    assert sniff(head, b"a.jpg") is None


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"RIFF" + bytes(4) + b"WAVEfmt ", "audio/x-wav"),
        (_ftyp(b"M4A ", b"isom"), "audio/mp4"),
        (_ftyp(b"????", b"!!!!"), "application/mp4"),
        (_ogg(b"\x01vorbis"), "audio/ogg"),
        (ASF + bytes(60), "audio/x-ms-wma"),
        (b"ID3\x04" + bytes(40), "audio/mpeg"),
        (b"FORM" + bytes(4) + b"AIFFCOMM", "audio/aiff"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"PK\x03\x04" + bytes(40), "application/zip"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "image/svg+xml"),
        (b"<!DOCTYPE html><title>404</title>", UNKNOWN_MEDIA_TYPE),
        (b"dear diary", UNKNOWN_MEDIA_TYPE),
        (bytes(1000), UNKNOWN_MEDIA_TYPE),
    ],
)
def test_what_is_certainly_something_else_has_a_name(head: bytes, media_type: str) -> None:
    """So that a song with a photo's name is a song, and a text with one is a damaged photo."""
    assert content_type(head, b"a.jpg") == media_type


def _track(handler: bytes) -> bytes:
    names = _box(b"hdlr", bytes(8) + handler + bytes(13))
    return _box(b"trak", _box(b"tkhd", bytes(84)) + _box(b"mdia", _box(b"mdhd", bytes(24)) + names))


def _moov(*handlers: bytes) -> bytes:
    return _box(b"moov", _box(b"mvhd", bytes(100)) + b"".join(_track(one) for one in handlers))


SHORT = {
    "mp4": _box(b"ftyp", b"isom" + bytes(4) + b"isomiso2mp41"),
    "mov": _box(b"ftyp", b"qt  " + bytes(4) + b"qt  "),
    "m4v": _box(b"ftyp", b"M4V " + bytes(4) + b"M4V mp42"),
    "3gp": _box(b"ftyp", b"3gp5" + bytes(4) + b"3gp5isom"),
    "3g2": _box(b"ftyp", b"3g2a" + bytes(4) + b"3g2a"),
    "old film": b"",
}


@pytest.mark.parametrize("beginning", SHORT.values(), ids=SHORT)
@pytest.mark.parametrize("handlers", [(b"soun",), (b"soun", b"soun", b"text"), (b"soun", b"meta")])
def test_sound_alone_is_no_video(beginning: bytes, handlers: tuple[bytes, ...]) -> None:
    """Where the `moov` lies in the head, in front of the sound or behind a short one."""
    for content in (
        beginning + _moov(*handlers) + _box(b"mdat", bytes(100)),
        beginning + _box(b"free", bytes(30)) + _box(b"mdat", bytes(100)) + _moov(*handlers),
    ):
        assert content_type(content, b"a.mp4") == "audio/mp4"
        assert sniff(content, b"a.mp4") is None


@pytest.mark.parametrize(
    "rest",
    [
        _moov(b"soun", b"vide"),
        _moov(b"vide", b"soun"),
        _moov(),
        _moov(b"hint"),
        _moov(b"soun")[:-4],
        _box(b"mdat", bytes(100_000)) + _moov(b"soun"),
        _box(b"moov", _box(b"cmov", bytes(60))),
        struct.pack(">I4s", 0, b"mdat") + _moov(b"soun"),
    ],
    ids=["sound first", "video first", "none", "other", "cut", "beyond", "packed", "open end"],
)
def test_what_may_be_a_video_stays_one(rest: bytes) -> None:
    """A `moov` with a video in it, without a handler, or beyond the head."""
    content = SHORT["mp4"] + rest
    assert content_type(content, b"a.mp4") == "video/mp4"


@pytest.mark.parametrize("name", [b"a.m4a", b"A.M4B", b"ring.m4r"])
def test_the_name_may_exclude_sound(name: bytes) -> None:
    """Where the content does not say it: a video that shows itself is one."""
    unknown = SHORT["mp4"] + _box(b"mdat", bytes(100_000)) + _moov(b"soun")
    assert content_type(unknown, name) == "audio/mp4"
    assert content_type(SHORT["mp4"] + _moov(b"vide", b"soun"), name) == "video/mp4"


def test_large_sizes_of_boxes_are_followed() -> None:
    """A size of 64 bits, and one that is nonsense."""
    large = struct.pack(">I4sQ", 1, b"free", 16 + 30) + bytes(30)
    assert content_type(SHORT["mov"] + large + _moov(b"soun"), b"a.mov") == "audio/mp4"
    nonsense = struct.pack(">I4sQ", 1, b"free", 3) + bytes(30)
    assert content_type(SHORT["mov"] + nonsense + _moov(b"soun"), b"a.mov") == "video/quicktime"


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_is_a_picture(order: str) -> None:
    """In both byte orders, also with a preview of its own or with more than one page."""
    for entries in ([], [(254, 0)], [(254, 2), (330, 500)], [(256, 10), (257, 10)]):
        found = sniff(_tiff(order, *entries), b"scan.tif")
        assert found is not None
        assert found.media_type == "image/tiff"


@pytest.mark.parametrize("name", [b"a.dng", b"A.NEF", b"a.Arw", b"a.cr2", b"a.pef", b"a.3fr"])
def test_the_name_may_exclude_a_raw_file(name: bytes) -> None:
    """Many RAW formats are TIFF in all but name."""
    found = sniff(_tiff("<", (256, 10)), name)
    assert found is not None
    assert found.media_type == "image/x-raw"


@pytest.mark.parametrize(
    "head",
    [
        b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(40),
        _tiff("<", (50706, 0x0104)),
        _tiff(">", (254, 1), (330, 400)),
        b"IIRO\x08\x00\x00\x00" + bytes(40),
        b"IIU\x00\x08\x00\x00\x00" + bytes(40),
        b"II\x1a\x00\x00\x00HEAPCCDR" + bytes(40),
        b"FUJIFILMCCD-RAW 0201" + bytes(40),
    ],
    ids=["cr2", "dng", "nef", "orf", "rw2", "crw", "raf"],
)
def test_a_raw_file_is_known_under_any_name(head: bytes) -> None:
    """A RAW file that was renamed to .tif is still none that a service shows."""
    found = sniff(head, b"a.tif")
    assert found is not None
    assert found.media_type == "image/x-raw"
    assert not any(takes(service, found.media_type) for service in ServiceName)


def test_the_name_never_makes_a_type() -> None:
    """A name cannot turn a JPEG into a RAW file, nor zeros into a photo."""
    found = sniff(b"\xff\xd8\xff\xe1" + bytes(20), b"a.nef")
    assert found is not None
    assert found.media_type == "image/jpeg"
    assert sniff(bytes(1000), b"a.nef") is None


@pytest.mark.parametrize("service", ServiceName)
def test_what_a_service_takes(service: ServiceName) -> None:
    """Its documented types, and no RAW, Matroska or AVIF; only types that can be told."""
    taken = TAKEN_BY[service]
    assert {"image/jpeg", "image/png", "image/gif", "image/tiff", "video/mp4"} <= taken
    assert taken.isdisjoint({"image/x-raw", "video/x-matroska", "image/avif"})
    assert taken <= {row.media_type for row in MEDIA_TYPES}


@pytest.mark.parametrize(
    ("name", "is_media"),
    [
        *((b"a.jpg", True), (b"A.JPEG", True), (b"a.m2ts", True), (b"a.mov", True)),
        *((b"a.nef", False), (b"a.mkv", False), (b"a.txt", False), (b"jpg", False), (b"", False)),
    ],
)
def test_a_name_may_promise_a_picture(name: bytes, is_media: bool) -> None:
    """Where its extension is one that a service takes."""
    assert is_named_as_media(name) is is_media


def test_each_type_has_one_row() -> None:
    """With an extension that begins with a dot, and a kind that its name says."""
    assert len({row.media_type for row in MEDIA_TYPES}) == len(MEDIA_TYPES)
    for row in MEDIA_TYPES:
        assert row.extension.startswith(".")
        assert row.media_type.startswith("video/") == (row.kind is FileKind.VIDEO)


BEGINNINGS = st.sampled_from(
    [
        *(b"", b"II*\x00", b"MM\x00*", ASF, b"OggS", b"\x1a\x45\xdf\xa3", b"RIFF", b"BM", b"G"),
        *(b"\x00\x00\x00\x08ftyp", b"\xff\xff\xff\xffftyp", b"\x00\x00\x00\x08wide", b"GIF8"),
    ]
)


@given(BEGINNINGS, st.binary(max_size=300), st.binary(max_size=20))
def test_no_content_can_make_it_raise(beginning: bytes, rest: bytes, name: bytes) -> None:
    """Whatever a file holds, the answer is a row of the table or None."""
    assert sniff(beginning + rest, name) in (None, *MEDIA_TYPES)


@given(st.data())
def test_a_cut_picture_is_still_that_picture_or_nothing(data: st.DataObject) -> None:
    """No truncation turns one type into another."""
    whole = data.draw(st.sampled_from([_picture("JPEG"), _picture("PNG"), _picture("WEBP")]))
    expected = sniff(whole, b"")
    assert sniff(whole[: data.draw(st.integers(0, len(whole)))], b"") in (None, expected)


def test_the_users_page_names_every_type() -> None:
    """In the table of what is sent, or among what is skipped."""
    page = Path(__file__).parents[3].joinpath("docs", "files.md").read_text("utf-8")
    _, _, rows = page.partition("## By their content")
    sent, _, skipped = rows.partition("These are known and are `skipped`")
    for row in MEDIA_TYPES:
        if row.media_type != "image/x-raw":
            is_taken = any(takes(service, row.media_type) for service in ServiceName)
            there, elsewhere = (sent, skipped) if is_taken else (skipped, sent)
            for extension in (row.extension, *row.others):
                assert f"`{extension}`" in there
                assert f"`{extension}`" not in elsewhere


def test_the_users_page_has_a_column_for_each_service() -> None:
    """In the order of its head, and `skipped` where a service does not take the type."""
    page = Path(__file__).parents[3].joinpath("docs", "files.md").read_text("utf-8")
    head = "| content | sent as | on Flickr | on ipernity |"
    table = page.partition(head)[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    of_extension = {row[1].split()[0].strip("`"): row[2:] for row in rows if len(row) == 4}
    for row in MEDIA_TYPES:
        for number, service in enumerate((ServiceName.FLICKR, ServiceName.IPERNITY)):
            said = of_extension.get(row.extension, ["skipped"] * 2)[number]
            assert (said != "skipped") == takes(service, row.media_type), row.extension


@pytest.mark.parametrize(
    ("media_type", "extension", "kind"),
    [
        ("image/jpeg", b".txt", FileKind.PHOTO),
        ("image/x-raw", b".tif", FileKind.RAW),
        (UNKNOWN_MEDIA_TYPE, b".nef", FileKind.RAW),
        (UNKNOWN_MEDIA_TYPE, b".jpeg", FileKind.PHOTO),
        ("", b".mts", FileKind.VIDEO),
        ("audio/mp4", b".mp4", FileKind.OTHER),
        ("application/pdf", b".jpg", FileKind.OTHER),
        (UNKNOWN_MEDIA_TYPE, b".txt", FileKind.OTHER),
    ],
)
def test_what_people_call_a_file(media_type: str, extension: bytes, kind: FileKind) -> None:
    """By its content; its name says it only where the content is nothing known."""
    assert kind_of(media_type, extension) is kind
