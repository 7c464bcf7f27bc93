"""Where results go: a console that fits the terminal, and never cuts what a program reads."""

from __future__ import annotations

import sys

from rich.console import Console

PLAIN_WIDTH = 200

STATE_STYLES = {
    "queued": "",
    "uploading": "cyan",
    "uncertain": "yellow",
    "processing": "cyan",
    "filing": "cyan",
    "done": "green",
    "duplicate": "green",
    "skipped": "dim",
    "failed": "bold red",
}


def results() -> Console:
    """Standard output; wide where it is no terminal."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False)
