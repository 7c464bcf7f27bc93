"""What is said to systemd, on a real datagram socket in the manager's place."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from uploadd.sd_notify import Notifier, watchdog_seconds

PID = 4711


class Listener:
    """The manager's end of the notification socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(0)

    def read(self) -> bytes:
        """The oldest datagram; raises BlockingIOError where there is none."""
        return self._socket.recv(65536)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture
def address(tmp_path: Path) -> str:
    """A place for the notification socket."""
    return str(tmp_path / "notify")


@pytest.fixture
def listener(address: str) -> Iterator[Listener]:
    """A listening manager at `address`."""
    manager = Listener(address)
    yield manager
    manager.close()


def test_ready_comes_with_a_status(address: str, listener: Listener) -> None:
    """One datagram says both, so that no moment shows a ready daemon without a status."""
    assert Notifier(address).ready("2 folders watched")
    assert listener.read() == b"READY=1\nSTATUS=2 folders watched"


def test_each_message_says_its_own(address: str, listener: Listener) -> None:
    """The other messages are those of sd_notify(3), and READY=1 is in none of them."""
    notifier = Notifier(address)
    assert notifier.status("3 uploading")
    assert notifier.watchdog()
    assert notifier.stopping("draining")
    assert notifier.extend_timeout(1.5)
    assert [listener.read() for _ in range(4)] == [
        b"STATUS=3 uploading",
        b"WATCHDOG=1",
        b"STOPPING=1\nSTATUS=draining",
        b"EXTEND_TIMEOUT_USEC=1500000",
    ]


def test_an_abstract_socket_is_reached(tmp_path: Path) -> None:
    """`@name` means a name without a file, as systemd in a container gives it."""
    name = str(tmp_path / "abstract")
    manager = Listener("\0" + name)
    try:
        assert Notifier("@" + name).watchdog()
        assert manager.read() == b"WATCHDOG=1"
    finally:
        manager.close()


@pytest.mark.parametrize("absent", [None, ""])
def test_without_an_address_nothing_happens(absent: str | None) -> None:
    """Run by hand there is no manager: no message, and no complaint either."""
    with capture_logs() as logs:
        assert not Notifier(absent).ready("up")
    assert logs == []


def test_a_failure_is_logged_once(address: str) -> None:
    """A manager that is gone costs one line in the log and no exception, however often."""
    notifier = Notifier(address)
    with capture_logs() as logs:
        assert not notifier.status("one")
        assert not notifier.watchdog()
    assert [entry["event"] for entry in logs] == ["notify.failed"]


@pytest.mark.parametrize("address", ["/" + "long" * 50, "vsock:2:1234"])
def test_an_impossible_address_is_a_failure_like_others(address: str) -> None:
    """A path beyond the socket's length and a kind of socket we do not speak do not raise."""
    with capture_logs() as logs:
        assert not Notifier(address).watchdog()
    assert [entry["event"] for entry in logs] == ["notify.failed"]


def test_a_lost_ready_is_said_again(address: str) -> None:
    """READY=1 that did not get through goes along with the next message, and only with that."""
    notifier = Notifier(address)
    with capture_logs():
        assert not notifier.ready("up")
    manager = Listener(address)
    try:
        assert notifier.watchdog()
        assert notifier.watchdog()
        assert [manager.read(), manager.read()] == [b"READY=1\nWATCHDOG=1", b"WATCHDOG=1"]
    finally:
        manager.close()


def test_a_full_queue_does_not_block(address: str, listener: Listener) -> None:
    """A manager that does not read makes the message fail at once; the daemon goes on."""
    notifier = Notifier(address)
    with capture_logs() as logs:
        while notifier.watchdog():
            pass
    assert [entry["event"] for entry in logs] == ["notify.failed"]
    assert listener.read() == b"WATCHDOG=1"


def test_a_status_cannot_smuggle_a_command(address: str, listener: Listener) -> None:
    """A newline in a file's name stays within the status line."""
    Notifier(address).status("sending a\nMAINPID=1\r\nb")
    assert listener.read() == b"STATUS=sending a MAINPID=1 b"


def test_a_status_is_short_utf_8(address: str, listener: Listener) -> None:
    """Names that are not UTF-8 and texts without end still make a datagram systemd accepts."""
    Notifier(address).status("a\udcff" + "\N{FRAME WITH PICTURE}" * 5000)
    message = listener.read()
    assert message.decode("utf-8").startswith("STATUS=a \N{FRAME WITH PICTURE}")
    assert len(message) < 4096


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "120000000"}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(PID)}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "500000"}, 0.5),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": ""}, None),
    ],
)
def test_the_watchdog_time(environ: dict[str, str], seconds: float | None) -> None:
    """In seconds, and None where no watchdog runs or it is another process's."""
    assert watchdog_seconds(environ, PID) == seconds
