"""uploadd as a process that need not import everything first.

Python starts a server that has uploadd's modules in memory and forks itself for each command. What
runs is a process of its own in every respect: it has a pid, takes signals, can be killed, and
shares nothing with the test.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from uploadd.cli.commands import HOMES

NO_LIMIT = resource.RLIM_INFINITY
_SERVER = multiprocessing.get_context("forkserver")
# The encoding is read from the disk when it is first used, where another user may not look.
_SERVER.set_forkserver_preload(
    [
        "uploadd.cli.app",
        "uploadd.settings",
        *(f"uploadd.cli.{home}" for home in dict.fromkeys(HOMES.values())),
        "uploadd.sandbox",
        "encodings.utf_8_sig",
    ]
)


class Running:
    """A command that was started; used as `subprocess.Popen` is."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        stdout: Path | None,
        stderr: Path | None,
        stdin: Path | None = Path(os.devnull),
        file_bytes: int = NO_LIMIT,
        user: int | None = None,
    ) -> None:
        """`words` follow `uploadd`; what it prints is added to the two files (or one).

        None: the descriptor is closed. `file_bytes`: it makes no file larger than this. `user`: who
        runs it, where root runs the tests; its group has the same number.
        """
        self._words = words
        streams = (stdin, stdout, stderr)
        self._process = _SERVER.Process(
            target=_run, args=(list(words), dict(environment), streams, file_bytes, user)
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or less than 0 for a signal; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        code = self.returncode
        if code is None:
            raise subprocess.TimeoutExpired(list(self._words), timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Like `kill`."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _run(
    words: list[str],
    environment: dict[str, str],
    streams: tuple[Path | None, Path | None, Path | None],
    file_bytes: int,
    user: int | None,
) -> None:
    stdin, stdout, stderr = streams
    writing = os.O_RDWR | os.O_APPEND | os.O_CREAT
    for path, number, flags in (
        (stdin, 0, os.O_RDONLY),
        (stdout, 1, writing),
        (stderr, 2, writing),
    ):
        if path is None:
            continue
        file = os.open(path, flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, closefd=False)  # multiprocessing has put another in its place
    for path, number, name in ((stdin, 0, "stdin"), (stdout, 1, "stdout"), (stderr, 2, "stderr")):
        if path is None:
            os.close(number)
            setattr(sys, name, None)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["uploadd", *words]
    if file_bytes != NO_LIMIT:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    from uploadd.cli.app import main

    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    main()
