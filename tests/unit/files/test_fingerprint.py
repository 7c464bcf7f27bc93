"""A fingerprint is the hash and the type of a file that held still."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from routes import route_to
from uploadd.files import fingerprint
from uploadd.files.fingerprint import Stat, fingerprint_file, stat_file
from uploadd.files.opening import CHUNK_BYTES
from uploadd.files.reaching import Route
from uploadd.model.errors import (
    FileChangedError,
    FileTooLargeError,
    FileUnreadableError,
    FileVanishedError,
)

JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9" + b"j" * 100


def _write(path: Path, content: bytes) -> bytes:
    path.write_bytes(content)
    return os.fsencode(path)


def _reading(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> None:
    """Let `meanwhile` happen after the first chunk was read."""
    read = os.read
    calls = 0

    def read_and_then(descriptor: int, size: int) -> bytes:
        nonlocal calls
        chunk = read(descriptor, size)
        calls += 1
        if calls == 1:
            meanwhile()
        return chunk

    monkeypatch.setattr(fingerprint.os, "read", read_and_then)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 7])
def test_the_hash_is_that_of_all_bytes(tmp_path: Path, size: int) -> None:
    """Also where the size falls on the border of a chunk."""
    content = os.urandom(size)
    found = fingerprint_file(route_to(_write(tmp_path / "a", content)))
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.stat.size == size


def test_the_type_is_that_of_the_content(tmp_path: Path) -> None:
    """A JPEG named .png is a JPEG, a text named .jpg is nothing that we know."""
    found = fingerprint_file(route_to(_write(tmp_path / "a.png", JPEG)))
    assert (found.media_type, found.extension) == ("image/jpeg", ".jpg")
    found = fingerprint_file(route_to(_write(tmp_path / "a.jpg", b"dear diary")))
    assert (found.media_type, found.extension) == ("application/octet-stream", "")


def test_the_stat_is_that_of_the_file(tmp_path: Path) -> None:
    """Looked at from outside and from inside, it is the same."""
    path = _write(tmp_path / "a.jpg", JPEG)
    raw = os.stat(path)
    expected = Stat(raw.st_dev, raw.st_ino, raw.st_size, raw.st_mtime_ns, raw.st_ctime_ns)
    assert stat_file(route_to(path)) == fingerprint_file(route_to(path)).stat == expected


@pytest.mark.parametrize("look", [stat_file, fingerprint_file])
def test_a_missing_file_has_vanished(look: Callable[[Route], object], tmp_path: Path) -> None:
    """The text names the file."""
    with pytest.raises(FileVanishedError, match=r"gone\.jpg is not there any more"):
        look(route_to(tmp_path / "gone.jpg"))


@pytest.mark.parametrize("look", [stat_file, fingerprint_file])
def test_a_link_is_not_followed(look: Callable[[Route], object], tmp_path: Path) -> None:
    """Not even where it leads to a photo."""
    _write(tmp_path / "a.jpg", JPEG)
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    with pytest.raises(FileVanishedError, match="not a regular file"):
        look(route_to(tmp_path / "b.jpg"))


def test_a_file_that_grows_under_the_read_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a photo gets no fingerprint."""
    path = _write(tmp_path / "a.jpg", JPEG)

    def grow() -> None:
        with open(path, "ab") as file:
            file.write(b"more")

    _reading(monkeypatch, grow)
    with pytest.raises(FileChangedError, match=r"a\.jpg changed while it was read"):
        fingerprint_file(route_to(path))


def test_a_file_that_is_rewritten_with_old_times_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size and mtime can be put back; ctime tells."""
    path = _write(tmp_path / "a.jpg", JPEG)
    raw = os.stat(path)
    os.utime(path, ns=(raw.st_atime_ns, raw.st_mtime_ns - 10**9))
    raw = os.stat(path)

    def rewrite() -> None:
        while os.stat(path).st_ctime_ns == raw.st_ctime_ns:  # the kernel's clock ticks in ms
            Path(os.fsdecode(path)).write_bytes(JPEG[::-1])
            os.utime(path, ns=(raw.st_atime_ns, raw.st_mtime_ns))

    _reading(monkeypatch, rewrite)
    with pytest.raises(FileChangedError):
        fingerprint_file(route_to(path))


def test_a_disk_that_fails_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in the middle of the file is a sentence, and the descriptor is closed."""
    path = _write(tmp_path / "a.jpg", JPEG)

    def fail(_descriptor: int, _size: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(fingerprint.os, "read", fail)
    with pytest.raises(FileUnreadableError, match="dmesg"):
        fingerprint_file(route_to(path))
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_same_content_is_size_mtime_and_inode() -> None:
    """A rename sets ctime and a mount the device number: neither makes another content."""
    stat = Stat(device=1, inode=2, size=3, mtime_ns=4, ctime_ns=5)
    assert stat.same_content_as(dataclasses.replace(stat, device=9, ctime_ns=9))
    for field in ("inode", "size", "mtime_ns"):
        assert not stat.same_content_as(dataclasses.replace(stat, **{field: 9}))


def test_a_file_that_gives_more_than_its_size_is_unreadable() -> None:
    """As files of the kernel do, and of file systems that guess: it would never be sent whole."""
    with pytest.raises(FileUnreadableError, match=r"/proc/version is said to have 0 bytes"):
        fingerprint_file(route_to(b"/proc/version"))


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    """A sparse one costs nothing to make, and hours to read: it held every other file up."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x")
    os.truncate(path, 10**13)
    with pytest.raises(FileTooLargeError, match=r"10\.0 TB are more than any service takes"):
        fingerprint_file(route_to(os.fsencode(path)))


def test_a_file_that_grows_as_fast_as_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comes to an end, too."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x")
    monkeypatch.setattr(fingerprint, "LARGEST_BYTES", 10 * CHUNK_BYTES)

    def grow(_descriptor: int, size: int) -> bytes:
        path.touch()
        return bytes(size)

    monkeypatch.setattr(fingerprint.os, "read", grow)
    with pytest.raises(FileChangedError):
        fingerprint_file(route_to(os.fsencode(path)))
