"""Every program that uploadd starts is started here.

A child gets neither our secrets nor our line to systemd: settings and credentials stand in the
environment, and whoever knows `NOTIFY_SOCKET` could say that a dead daemon lives. Descriptors
other than its standard ones are closed in it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Final

STANDARD_ERROR: Final = 2
SETTINGS_PREFIX: Final = "UPLOADD_"
OURS: Final = frozenset(
    {
        "CREDENTIALS_DIRECTORY",
        "NOTIFY_SOCKET",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
        "LISTEN_PID",
        "LISTEN_PIDFDID",
        "LISTEN_FDS",
        "LISTEN_FDNAMES",
    }
)
"""What systemd tells this process alone (systemd.exec(5), "Environment Variables")."""


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that a child gets. In any case of letters, to be sure."""
    return {
        name: text
        for name, text in environ.items()
        if not name.upper().startswith(SETTINGS_PREFIX) and name.upper() not in OURS
    }


async def start(*words: str, has_terminal: bool = False) -> asyncio.subprocess.Process:
    """Start a program. `words`: its name or path, and its arguments. No secret belongs there.

    It leads a session, and so a process group, of its own, and has nothing to read;
    `has_terminal`: it stays in ours, and may ask the person who sits there. What it prints goes to
    our standard error: our standard output is for results, which may be a script. Raises
    `OSError`, and `ValueError` for a word with a NUL.
    """
    return await asyncio.create_subprocess_exec(
        *words,
        env=passed_on(os.environ),
        stdin=None if has_terminal else asyncio.subprocess.DEVNULL,
        stdout=STANDARD_ERROR,
        start_new_session=not has_terminal,
    )
