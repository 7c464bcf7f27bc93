"""Where results go: a console that fits the terminal, and JSON that stays what it is.

Both are the last net for a text that a terminal would obey: what comes from a service was cleaned
where it was read, but a database may have been planted, and a name may come from anywhere.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from uploadd.model.signs import escaped, escaped_json

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


class SafeConsole(Console):
    """A console whose texts obey no terminal; its own colours and moves stay."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As the console renders it, with what a terminal would obey written out."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else escaped(text, "\n"), style, control)


def results() -> Console:
    """Standard output; wide where it is no terminal."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return SafeConsole(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False)


def json_text(value: Any, indent: int | None = None, *, is_ascii: bool = True) -> str:
    """`value` as JSON that obeys no terminal and reads back as the same."""
    return escaped_json(json.dumps(value, indent=indent, ensure_ascii=is_ascii))


def print_json(value: Any) -> None:
    """One JSON object on a line of standard output."""
    print(json_text(value))
