"""A browser on this machine, for a login that leads back by itself."""

from __future__ import annotations

import asyncio
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from threading import Thread

OPENING_SECONDS = 10.0
# Whoever comes from another machine, or as another user, has the browser elsewhere.
ELSEWHERE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "SUDO_USER", "SUDO_UID")
DISPLAYS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


def is_at_hand(
    environ: Mapping[str, str], *, is_terminal: bool, platform: str = sys.platform
) -> bool:
    """Whether the person who gave the command likely sees a browser that is opened here."""
    if not is_terminal or any(environ.get(name) for name in ELSEWHERE):
        return False
    return platform == "darwin" or any(environ.get(name) for name in DISPLAYS)


async def open_page(url: str) -> bool:
    """Ask for a browser to show this address; False where there is none."""
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[bool] = loop.create_future()

    def tell(is_open: bool) -> None:
        if not opened.done():
            opened.set_result(is_open)

    def work() -> None:
        try:
            is_open = webbrowser.open(url)
        except (webbrowser.Error, OSError, ValueError):
            is_open = False
        with suppress(RuntimeError):  # the command has ended meanwhile
            loop.call_soon_threadsafe(tell, is_open)

    # A thread that nobody waits for: some browsers return only when they are closed.
    Thread(target=work, daemon=True).start()
    try:
        return await asyncio.wait_for(opened, OPENING_SECONDS)
    except TimeoutError:
        return True
