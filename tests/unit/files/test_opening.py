"""What stands in the way of reading a file is said in words, with a remedy."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from routes import route_to
from uploadd.files.opening import printable, trouble
from uploadd.model.errors import FileChangedError, FileUnreadableError, FileVanishedError


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR, errno.ESTALE])
def test_a_file_that_is_not_there_has_vanished(number: int) -> None:
    """Whatever the file system calls it."""
    error = trouble(OSError(number, os.strerror(number)), b"/photos/a.jpg")
    assert isinstance(error, FileVanishedError)
    assert error.text == "/photos/a.jpg is not there any more"


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, "chmod +r"),
        (errno.EPERM, "lsattr"),
        (errno.EIO, "dmesg"),
        (errno.EMFILE, "LimitNOFILE"),
        (errno.ENAMETOOLONG, "shorten"),
        (errno.EOVERFLOW, "uploadd retry"),
    ],
)
def test_an_unreadable_file_names_the_cause_and_the_remedy(number: int, remedy: str) -> None:
    """The kernel's words for what happened, ours for what to do."""
    error = trouble(OSError(number, os.strerror(number)), b"/photos/a.jpg")
    assert isinstance(error, FileUnreadableError)
    assert error.text == f"/photos/a.jpg cannot be read: {os.strerror(number)}"
    assert remedy in error.remedy


def test_a_file_leased_to_a_writer_is_changing() -> None:
    """A file server's client may be writing it: later, not never."""
    error = trouble(OSError(errno.EWOULDBLOCK, "would block"), b"a.jpg")
    assert isinstance(error, FileChangedError)


def test_a_link_a_directory_a_fifo_and_a_socket_are_no_files(tmp_path: Path) -> None:
    """None of them is opened, followed, or waited for."""
    (tmp_path / "target.jpg").write_bytes(b"x")
    (tmp_path / "link").symlink_to("target.jpg")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name in ("link", "directory", "fifo", "socket"):
            with pytest.raises(FileVanishedError, match="is not a regular file"):
                route_to(tmp_path / name).open()


def test_an_open_file_is_not_inherited(tmp_path: Path) -> None:
    """A program that is run by us must not hold photos open."""
    (tmp_path / "a.jpg").write_bytes(b"x")
    descriptor = route_to(tmp_path / "a.jpg").open()
    try:
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("Ferien/Süden.jpg".encode(), "Ferien/Süden.jpg"),
        (b"caf\xe9.jpg", "caf\\xe9.jpg"),
        (b"two\nlines\x1b[31m.jpg", "two\\nlines\\x1b[31m.jpg"),
        ("rtl\u202egpj.exe".encode(), "rtl\\u202egpj.exe"),
    ],
)
def test_a_path_is_shown_on_one_harmless_line(path: bytes, shown: str) -> None:
    """No bytes in a name can break a log line or steer a terminal."""
    assert printable(path) == shown
