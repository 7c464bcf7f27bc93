"""A browser on this machine, for a login that leads back by itself."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from uploadd.children import start
from uploadd.cli.context import say
from uploadd.cli.person import is_terminal
from uploadd.operations.auth.leading_page import leading_to
from uploadd.operations.auth.logging_in import OpenPage

OPENING_SECONDS = 10.0
# Whoever comes from another machine, or as another user, has the browser elsewhere.
ELSEWHERE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "SUDO_USER", "SUDO_UID")
DISPLAYS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
# Python's own module starts the browser, in a process of its own: it would pass on all that we
# have in our environment. -I: nothing is imported from the current directory.
OPEN: Final = (
    "-I",
    "-c",
    "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))",
)


def is_at_hand(
    environ: Mapping[str, str], *, is_terminal: bool, platform: str = sys.platform
) -> bool:
    """Whether the person who gave the command likely sees a browser that is opened here."""
    if not is_terminal or any(environ.get(name) for name in ELSEWHERE):
        return False
    return platform == "darwin" or any(environ.get(name) for name in DISPLAYS)


@contextmanager
def opened(places: Sequence[Path]) -> Iterator[OpenPage]:
    """What opens a page in a browser, by a file that leads there and is gone when the context ends.

    `places`: where the file may lie.
    """
    with ExitStack() as pages:

        async def open_page(url: str) -> bool:
            try:
                page = pages.enter_context(leading_to(url, places))
            except OSError as error:
                say(f"no browser is opened: {error}")
                return False
            return await _show(page.as_uri())

        yield open_page


async def _show(url: str) -> bool:
    """Ask for a browser to show this address; False where there is none.

    Every user of the machine can read the address in the list of processes.
    """
    try:
        opening = await start(sys.executable, *OPEN, url, has_terminal=is_terminal())
    except (OSError, ValueError):
        return False
    try:
        return await asyncio.wait_for(opening.wait(), OPENING_SECONDS) == 0
    except TimeoutError:
        return True  # some browsers return only when they are closed
