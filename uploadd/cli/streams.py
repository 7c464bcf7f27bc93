"""The standard descriptors, made safe before anything is said.

- One that is closed becomes `/dev/null`: the work is done as with that.
- Standard error never ends anything: what cannot be written is dropped, and counted by the line
  (a full disk under the log, a terminal that is gone, `2>&1 | head -1`).
- Standard output holds results. Where they cannot be written, the command says so in one line and
  ends with 1 (`ResultsLostError`); where nobody reads them any more, it ends with 1 in silence.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from uploadd.model.errors import UploaddError

STDIN, STDOUT, STDERR = 0, 1, 2


class ResultsLostError(UploaddError):
    """Standard output takes nothing more."""


class _Descriptor(io.RawIOBase):
    """A descriptor to write to, which is left open at the end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def fileno(self) -> int:
        return self._number

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: object) -> int:
        text = bytes(memoryview(data))  # type: ignore[arg-type]
        try:
            written = 0
            while written < len(text):
                written += os.write(self._number, text[written:])
        except OSError as error:
            self.lose(text, error)
        else:
            self.keep()
        return len(text)

    def lose(self, text: bytes, error: OSError) -> None:
        """`text` could not be written whole."""
        raise NotImplementedError

    def keep(self) -> None:
        """Something was written."""


class _Told(_Descriptor):
    """Standard error: nothing ever raises here."""

    dropped_lines = 0
    is_being_told = False

    def lose(self, text: bytes, error: OSError) -> None:
        del error
        self.dropped_lines += text.count(b"\n") or 1
        self.is_being_told = False

    def keep(self) -> None:
        if self.is_being_told:
            self.dropped_lines, self.is_being_told = 0, False


class _Results(_Descriptor):
    """Standard output: the first failure is told, the rest is dropped."""

    _is_lost = False

    def lose(self, text: bytes, error: OSError) -> None:
        del text
        if self._is_lost:
            return
        self._is_lost = True
        if error.errno == errno.EPIPE:
            raise error
        raise ResultsLostError(
            f"the results could not be written to standard output: {error.strerror}",
            "free some space there or write them to another place, and give the command again",
        ) from None


def make_safe() -> None:
    """Put safe streams in the place of Python's own. Once, before anything else."""
    for number in (STDIN, STDOUT, STDERR):
        _open_if_closed(number)
    if sys.stdin is None:
        sys.stdin = open(STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115 - for good
    sys.stdout = _text(_Results(STDOUT), sys.stdout, is_line_by_line=os.isatty(STDOUT))
    sys.stderr = _text(_Told(STDERR), sys.stderr, is_line_by_line=True)


def flush_results() -> None:
    """Write what is left. Raises `ResultsLostError`, or `BrokenPipeError`."""
    sys.stdout.flush()


def dropped_lines() -> int:
    """How many lines were dropped. The line that is written next is to tell it."""
    raw = getattr(getattr(sys.stderr, "buffer", None), "raw", None)
    if not isinstance(raw, _Told):
        return 0
    raw.is_being_told = True
    return raw.dropped_lines


def is_journal(environ: Mapping[str, str]) -> bool:
    """Whether standard error goes to systemd's journal: `$JOURNAL_STREAM` names its socket.

    A process started by a service inherits the variable, and may have its output elsewhere.
    """
    try:
        seen = os.fstat(STDERR)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{seen.st_dev}:{seen.st_ino}"


def _open_if_closed(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def _text(raw: _Descriptor, former: TextIO | None, *, is_line_by_line: bool) -> TextIO:
    """Characters that the locale has no bytes for are escaped, never an error."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=former.encoding if former else "utf-8",
        errors="backslashreplace",
        line_buffering=is_line_by_line,
    )
