"""The facts of a photo come from the camera, or from the file, and never as an error."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from routes import route_to
from uploadd.files import metadata
from uploadd.files.metadata import PhotoFacts, read_photo_facts

MAKE, MODEL, DATE, EXIF, ORIGINAL = 0x010F, 0x0110, 0x0132, 0x8769, 0x9003
MTIME_NS = 1_700_000_000_123_456_789


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is a known one."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


FROM_THE_FILE = PhotoFacts(datetime(2023, 11, 14, 23, 13, 20), "")  # noqa: DTZ001 - a camera's clock has no zone


def _photo(
    path: Path, original: str = "", date: str = "", make: str = "", model: str = ""
) -> bytes:
    exif = Image.Exif()
    rows = ((MAKE, make), (MODEL, model), (DATE, date))
    exif.update({tag: text for tag, text in rows if text})
    if original:
        exif.get_ifd(EXIF)[ORIGINAL] = original
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    return os.fsencode(path)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_the_camera_is_believed(tmp_path: Path, suffix: str) -> None:
    """The moment of the picture, not that of its last change."""
    path = _photo(
        tmp_path / f"a.{suffix}",
        original="2019:07:08 09:10:11",
        date="2020:01:01 00:00:00",
        make="Canon",
        model="Canon EOS 80D",
    )
    facts = read_photo_facts(route_to(path), MTIME_NS)
    assert facts == PhotoFacts(datetime(2019, 7, 8, 9, 10, 11), "Canon EOS 80D")  # noqa: DTZ001 - as above


def test_the_next_best_date(tmp_path: Path) -> None:
    """Where the moment of the picture is empty, as cameras without a set clock leave it."""
    path = _photo(tmp_path / "a.jpg", original="0000:00:00 00:00:00", date="2020:01:02 03:04:05")
    assert read_photo_facts(route_to(path), MTIME_NS).taken == datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as above


def test_no_date_is_the_files_date(tmp_path: Path) -> None:
    """In local time, to the second."""
    assert read_photo_facts(route_to(_photo(tmp_path / "a.jpg")), MTIME_NS) == FROM_THE_FILE


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("", "X100", "X100"),
        ("Leica", "", "Leica"),
        ("  SONY\x00\x00", " DSC-RX100 \x00", "SONY DSC-RX100"),
        ("", "two\nlines", "two lines"),
    ],
)
def test_the_camera_has_one_name(tmp_path: Path, make: str, model: str, camera: str) -> None:
    """The maker once, and none of what cameras pad their names with."""
    path = _photo(tmp_path / "a.jpg", make=make, model=model)
    assert read_photo_facts(route_to(path), MTIME_NS).camera == camera


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a text",
        b"\xff\xd8\xff\xe1\xff\xffExif\x00\x00",
        b"\xff\xd8\xff\xe1\x00\x20Exif\x00\x00II*\x00\xff\xff\xff\x7f" + bytes(40),
        b"II*\x00\x08\x00\x00\x00\xff\xff" + b"\xff" * 3000,
        b"\x00\x00\x00\x20ftypheic" + bytes(200),
        b"\x00\x00\x00\x18ftypmp42" + bytes(200),
    ],
)
def test_bad_metadata_is_no_error(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is raised and nothing is logged; the file's date stands in."""
    (tmp_path / "a.jpg").write_bytes(content)
    with caplog.at_level(logging.DEBUG):
        assert read_photo_facts(route_to(tmp_path / "a.jpg"), MTIME_NS) == FROM_THE_FILE
    assert not caplog.records


def test_a_file_that_is_gone_is_no_error(tmp_path: Path) -> None:
    """The send will say so; the facts need not."""
    assert read_photo_facts(route_to(tmp_path / "gone.jpg"), MTIME_NS) == FROM_THE_FILE


def test_no_more_than_the_bound_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Metadata of gigabytes cannot fill the memory."""
    path = _photo(tmp_path / "a.jpg", original="2019:07:08 09:10:11")
    monkeypatch.setattr(metadata, "MOST_BYTES", 10)
    assert read_photo_facts(route_to(path), MTIME_NS) == FROM_THE_FILE
    monkeypatch.setattr(metadata, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(metadata, "MOST_READS", 3)
    assert read_photo_facts(route_to(path), MTIME_NS) == FROM_THE_FILE


@pytest.mark.parametrize("mtime_ns", [0, -(10**18), 10**20, -(10**20), 10**30])
def test_every_mtime_is_a_date(tmp_path: Path, mtime_ns: int) -> None:
    """Also those that no calendar has."""
    assert 1 <= read_photo_facts(route_to(tmp_path / "gone"), mtime_ns).taken.year <= 9999


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_damage_anywhere_is_no_error(tmp_path: Path, data: st.DataObject) -> None:
    """A real photo with some bytes overwritten always gives facts, soon."""
    path = _photo(tmp_path / "a.jpg", original="2019:07:08 09:10:11", make="Canon", model="X")
    content = bytearray((tmp_path / "a.jpg").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, min(300, len(content) - 1)))] = data.draw(
            st.integers(0, 255)
        )
    (tmp_path / "a.jpg").write_bytes(content)
    begun = time.perf_counter()
    assert read_photo_facts(route_to(path), MTIME_NS).taken.year >= 1
    assert time.perf_counter() - begun < 5
