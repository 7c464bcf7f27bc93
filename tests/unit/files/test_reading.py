"""A send gets exactly the bytes that were fingerprinted, or is told that they are not there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from routes import route_to
from uploadd.files.fingerprint import Fingerprint, fingerprint_file
from uploadd.files.opening import CHUNK_BYTES
from uploadd.files.reading import SteadyReader
from uploadd.model.errors import FileChangedError, FileVanishedError

CONTENT = os.urandom(2 * CHUNK_BYTES + 100)


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    """A file of a little more than two chunks."""
    (tmp_path / "a.jpg").write_bytes(CONTENT)
    return os.fsencode(tmp_path / "a.jpg")


def _reader(path: bytes, found: Fingerprint) -> SteadyReader:
    return SteadyReader(route_to(path), found.stat, found.sha256)


def _drain(reader: SteadyReader) -> bytes:
    content = b""
    while chunk := reader.read_chunk():
        content += chunk
    return content


def test_a_steady_file_is_given_whole(path: bytes) -> None:
    """In chunks, then nothing, and it is not torn."""
    with _reader(path, fingerprint_file(route_to(path))) as reader:
        assert reader.size == len(CONTENT)
        assert len(reader.read_chunk()) == CHUNK_BYTES
        assert reader.given == CHUNK_BYTES
        assert _drain(reader) == CONTENT[CHUNK_BYTES:]
        assert reader.read_chunk() == b""
        assert not reader.has_changed()
        assert reader.finish() is False
        assert reader.sent_sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_that_changed_since_is_not_begun(path: bytes) -> None:
    """Not a byte of another content is given."""
    found = fingerprint_file(route_to(path))
    with open(path, "ab") as file:
        file.write(b"x")
    with pytest.raises(FileChangedError, match="changed since it was fingerprinted"):
        _reader(path, found)


def test_a_file_that_was_exchanged_is_not_begun(path: bytes) -> None:
    """Same size, same mtime, another file: the inode tells."""
    found = fingerprint_file(route_to(path))
    Path(os.fsdecode(path + b".new")).write_bytes(CONTENT)
    os.utime(path + b".new", ns=(found.stat.mtime_ns, found.stat.mtime_ns))
    os.replace(path + b".new", path)
    with pytest.raises(FileChangedError):
        _reader(path, found)


def test_a_file_that_is_gone_is_not_begun(path: bytes) -> None:
    """The caller learns that it vanished."""
    found = fingerprint_file(route_to(path))
    os.unlink(path)
    with pytest.raises(FileVanishedError):
        _reader(path, found)


def test_a_failed_opening_leaves_no_descriptor(path: bytes) -> None:
    """Thousands of changed files must not use up the limit."""
    found = fingerprint_file(route_to(path))
    os.utime(path)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileChangedError):
        _reader(path, found)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_shrinks_under_the_send_is_noticed(path: bytes) -> None:
    """The promise of a length cannot be kept."""
    with _reader(path, fingerprint_file(route_to(path))) as reader:
        reader.read_chunk()
        os.truncate(path, 10)
        with pytest.raises(FileChangedError, match="became shorter while it was sent"):
            reader.read_chunk()


def test_never_more_than_was_promised(path: bytes) -> None:
    """A file that grows under the send is cut where the promise ends, and is whole all the same."""
    with _reader(path, fingerprint_file(route_to(path))) as reader:
        with open(path, "ab") as file:
            file.write(b"x" * CHUNK_BYTES)
        assert _drain(reader) == CONTENT
        assert reader.has_changed()
        assert not reader.is_torn


def test_a_file_rewritten_under_the_send_is_torn(path: bytes) -> None:
    """The hash of what was given says what the service has now."""
    with _reader(path, fingerprint_file(route_to(path))) as reader:
        sent = reader.read_chunk()
        with open(path, "r+b") as file:
            file.seek(CHUNK_BYTES)
            file.write(b"y" * 50)
        sent += _drain(reader)
        assert reader.finish() is True
        assert reader.is_torn
        assert reader.sent_sha256 == hashlib.sha256(sent).hexdigest()


def test_a_half_read_file_counts_as_torn(path: bytes) -> None:
    """What was given is not what was fingerprinted."""
    with _reader(path, fingerprint_file(route_to(path))) as reader:
        reader.read_chunk()
        assert reader.finish()


def test_closed_is_closed(path: bytes) -> None:
    """Closing twice is fine; reading after it is a mistake of ours."""
    reader = _reader(path, fingerprint_file(route_to(path)))
    reader.close()
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.read_chunk()


def test_an_empty_file_is_given_as_nothing(tmp_path: Path) -> None:
    """And is not torn."""
    (tmp_path / "empty").touch()
    path = os.fsencode(tmp_path / "empty")
    with _reader(path, fingerprint_file(route_to(path))) as reader:
        assert reader.read_chunk() == b""
        assert not reader.finish()
