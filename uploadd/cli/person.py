"""The person at the terminal who logs in; or a pipe with the answers."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from uploadd.cli.context import say
from uploadd.model.signs import escaped

MOST_ANSWER_BYTES = 4096


class Terminal:
    """Keeps `new_login.Person`."""

    def invite(self, url: str, *, gives_code: bool) -> None:
        """The address stands on a line of its own, so that it can be copied whole."""
        then = "type the code that it shows" if gives_code else "come back here"
        say(f"open this address in a browser, on any machine; let uploadd in there, then {then}:")
        say(url)

    def invite_to_browser(self, url: str) -> None:
        """The address for the case that no window came."""
        say("a browser was asked to open this address; let uploadd in there, or open it yourself:")
        say(url)
        say("it leads back here by itself (Ctrl-C stops; --no-browser asks for a code instead)")

    def answer(self, refused: str, *, gives_code: bool) -> str | None:
        """One line; None at the end of the input. A pipe need not be told what was refused."""
        if refused and is_terminal():
            say(refused)
        return _line("code: " if gives_code else "press Enter when you have let uploadd in: ")

    def agrees(self, question: str) -> bool:
        """`y` or `yes`, typed on a terminal."""
        if not is_terminal():
            return False
        answer = _line(f"{question} [y/N] ")
        return answer is not None and answer.strip().lower() in ("y", "yes")

    def hear(self, text: str) -> None:
        """A line."""
        say(text)


def is_terminal() -> bool:
    """Whether a person sits there."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _line(prompt: str) -> str | None:
    if sys.stdin is None:
        return None
    if sys.stdin.isatty():
        print(escaped(prompt), end="", file=sys.stderr, flush=True)
    with _ending_on_ctrl_c():
        line = sys.stdin.buffer.readline(MOST_ANSWER_BYTES)
    return line.decode("utf-8", "replace") if line else None


@contextmanager
def _ending_on_ctrl_c() -> Iterator[None]:
    """An event loop takes Ctrl-C for itself, and would see it only after the line was read."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        say("")  # the terminal has put a ^C behind the question
        raise
    finally:
        signal.signal(signal.SIGINT, before)
