"""What the daemon tells systemd: that it is ready, what it does, that it lives (sd_notify(3)).

The whole protocol is a datagram of ``NAME=value`` lines to the socket that ``$NOTIFY_SOCKET``
names. Nothing here raises and nothing here waits: a service manager that does not listen must
never hold up an upload.
"""

import socket
from collections.abc import Mapping
from typing import Final

import structlog

from uploadd.model.signs import blanked

MICROSECONDS: Final = 1_000_000
# The manager reads at most 4096 bytes a datagram; this many characters fit, whatever the script.
STATUS_CHARACTERS: Final = 500
REMEDY: Final = "check the unit's Type=notify and NotifyAccess=main; uploads go on without it"

_log = structlog.get_logger(__name__)


class Notifier:
    """The daemon's line to its service manager; silent where there is none.

    Every method returns whether the message reached the socket. The first failure is logged as
    ``notify.failed``, later ones are not: a status is said every few seconds.
    """

    def __init__(self, address: str | None) -> None:
        """`address` is the value of ``$NOTIFY_SOCKET``: a path, ``@name`` (abstract) or nothing."""
        self._address = _socket_address(address) if address else None
        self._is_ready_owed = False
        self._is_failure_logged = False

    def ready(self, status: str) -> bool:
        """Say that start-up is over (``READY=1``). If that is lost, the next message says it too.

        Without it the manager would end a daemon that works, at the end of TimeoutStartSec.
        """
        self._is_ready_owed = True
        return self._send(_status_line(status))

    def status(self, text: str) -> bool:
        """Set the line that ``systemctl status`` shows (``STATUS=``)."""
        return self._send(_status_line(text))

    def watchdog(self) -> bool:
        """Say that the work goes on (``WATCHDOG=1``); only for a task that sees that it does."""
        return self._send("WATCHDOG=1")

    def stopping(self, status: str) -> bool:
        """Say that the daemon drains (``STOPPING=1``)."""
        return self._send("STOPPING=1", _status_line(status))

    def extend_timeout(self, seconds: float) -> bool:
        """Ask for `seconds` from now to start or stop (``EXTEND_TIMEOUT_USEC=``).

        It must be said again before they are over, for as long as it takes.
        """
        return self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * MICROSECONDS)}")

    def _send(self, *lines: str) -> bool:
        if self._address is None:
            return False
        if self._is_ready_owed:
            lines = ("READY=1", *lines)
        try:
            _send_datagram(self._address, "\n".join(lines).encode("utf-8", "replace"))
        except OSError as error:
            self._log_failure(error)
            return False
        self._is_ready_owed = False
        return True

    def _log_failure(self, error: OSError) -> None:
        if not self._is_failure_logged:
            self._is_failure_logged = True
            _log.warning("notify.failed", error=str(error), remedy=REMEDY)


def watchdog_seconds(environ: Mapping[str, str], pid: int) -> float | None:
    """How long the manager waits for a sign of life, in seconds; None where it does not.

    Ping at half of it (sd_watchdog_enabled(3)). `environ` holds ``WATCHDOG_USEC``, and
    ``WATCHDOG_PID`` where the watchdog is meant for one process: for another than `pid`, and for
    values that are not numbers, the answer is None.
    """
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not (microseconds.isascii() and microseconds.isdigit()):
        return None
    return int(microseconds) / MICROSECONDS or None


def _socket_address(address: str) -> str:
    """The address as the socket calls take it: an abstract name begins with a NUL byte."""
    return "\0" + address[1:] if address.startswith("@") else address


def _send_datagram(address: str, message: bytes) -> None:
    # A socket a message: nothing to close, nothing that goes stale when the manager re-executes.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.settimeout(0)
        client.sendto(message, address)


def _status_line(text: str) -> str:
    """One line, whatever `text` holds: a newline in a file's name must not become a command."""
    return "STATUS=" + " ".join(blanked(text).split())[:STATUS_CHARACTERS]
