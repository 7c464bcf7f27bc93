"""The kernel tells whether a file is being written, and telling harms nobody."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from routes import route_to
from uploadd.files import openness
from uploadd.files.openness import ignore_lease_signals, is_open_for_writing


@pytest.fixture
def path(tmp_path: Path) -> bytes:
    """A small file."""
    (tmp_path / "a.jpg").write_bytes(b"x")
    return os.fsencode(tmp_path / "a.jpg")


def test_a_closed_file_is_not_open(path: bytes) -> None:
    """Nor is one that is only read."""
    assert is_open_for_writing(route_to(path)) is False
    with open(path, "rb"):
        assert is_open_for_writing(route_to(path)) is False


@pytest.mark.parametrize("mode", ["ab", "r+b"])
def test_a_writer_is_seen(path: bytes, mode: str) -> None:
    """As long as it has the file open."""
    with open(path, mode):
        assert is_open_for_writing(route_to(path)) is True
    assert is_open_for_writing(route_to(path)) is False


def test_asking_twice_at_once_is_no_writer(path: bytes) -> None:
    """Somebody else's read lease does not count."""
    with open(path, "rb") as file:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        assert is_open_for_writing(route_to(path)) is False


def test_what_is_no_file_cannot_be_told(tmp_path: Path) -> None:
    """And a FIFO is not waited for."""
    os.mkfifo(tmp_path / "fifo")
    assert is_open_for_writing(route_to(tmp_path / "fifo")) is None
    assert is_open_for_writing(route_to(tmp_path / "gone")) is None


@pytest.mark.parametrize("number", [errno.EACCES, errno.EINVAL])
def test_a_refused_lease_cannot_be_told(
    path: bytes, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Somebody else's file, or a file system without leases."""
    _refuse_leases(monkeypatch, number)
    assert is_open_for_writing(route_to(path)) is None


def test_a_network_file_system_cannot_tell(path: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS refuses most leases with the very number that means "somebody writes" elsewhere."""
    _refuse_leases(monkeypatch, errno.EAGAIN)
    assert is_open_for_writing(route_to(path)) is True
    monkeypatch.setattr(openness, "file_system_of", lambda _path: "nfs4")
    assert is_open_for_writing(route_to(path)) is None


def _refuse_leases(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(_descriptor: int, command: int, _argument: int) -> int:
        if command == fcntl.F_SETLEASE:
            raise OSError(number, os.strerror(number))
        return 0

    monkeypatch.setattr(openness.fcntl, "fcntl", refuse)


_ASK_UNDER_FIRE = """
import os, sys, threading, time
from uploadd.files.openness import is_open_for_writing
from uploadd.files.reaching import Roots
from uploadd.model.places import Spot
path = os.fsencode(sys.argv[1])
route = Roots().route(Spot(*os.path.split(path)))
answers = set()
opened = 0
until = time.monotonic() + 1.0
def write():
    global opened
    while time.monotonic() < until:
        os.close(os.open(path, os.O_WRONLY))
        opened += 1
writer = os.fork()
if writer == 0:
    write()
    os._exit(0)
while time.monotonic() < until:
    answers.add(is_open_for_writing(route))
assert os.waitpid(writer, 0)[1] == 0
print(sorted(map(str, answers)))
"""


def test_a_writer_that_comes_in_the_middle_harms_nobody(path: bytes) -> None:
    """A broken lease sends a signal: it must not end the process, with nothing set up for it."""
    result = subprocess.run(
        [sys.executable, "-c", _ASK_UNDER_FIRE, os.fsdecode(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() == "['False', 'True']"


_BREAK_A_LEASE = """
import fcntl, os, sys
from uploadd.files import openness
path = os.fsencode(sys.argv[1])
descriptor = os.open(path, os.O_RDONLY)
if sys.argv[2] == "ours":
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, openness._HARMLESS_SIGNAL)
if sys.argv[2] == "ignored":
    openness.ignore_lease_signals()
fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
writer = os.fork()
if writer == 0:
    try:
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except BlockingIOError:
        os._exit(3)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) == 3
"""


@pytest.mark.parametrize(("how", "code"), [("plain", -signal.SIGIO), ("ours", 0), ("ignored", 0)])
def test_each_of_the_two_bolts_holds_by_itself(path: bytes, how: str, code: int) -> None:
    """A broken lease ends a process that took neither precaution, and no other."""
    result = subprocess.run(
        [sys.executable, "-c", _BREAK_A_LEASE, os.fsdecode(path), how], timeout=30, check=False
    )
    assert result.returncode == code


def test_ignoring_is_for_the_whole_process() -> None:
    """SIGIO is ignored from then on."""
    before = signal.getsignal(signal.SIGIO)
    try:
        ignore_lease_signals()
        assert signal.getsignal(signal.SIGIO) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGIO, before)
