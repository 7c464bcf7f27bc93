"""`uploadd jobs`: the jobs, one a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.filesize import decimal
from rich.text import Text

from uploadd.cli.context import clear_errors, own_configuration, say
from uploadd.cli.screen import STATE_STYLES, results
from uploadd.files.opening import printable
from uploadd.model.numbers import counted
from uploadd.model.states import State
from uploadd.operations.show.listing import Listed, listing

ID_WIDTH, STATE_WIDTH, ACCOUNT_WIDTH, SIZE_WIDTH = 6, 10, 12, 8
NARROWEST_PATH = 24
PATH_SHARE = 0.6


def jobs(
    context: typer.Context,
    state: Annotated[
        list[State] | None, typer.Option(help="Only this state; may be given several times.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    code: Annotated[str, typer.Option(help="Only this reason code.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show the jobs, oldest first. A job is one file, with one content, to one account."""
    with clear_errors():
        configuration = own_configuration(context)
        found = listing(configuration, state or (), account, code)
        if as_json:
            for one in found:
                print(json.dumps(one.as_json()))
        else:
            _show(found, has_accounts=len(configuration.accounts) > 1)
        sys.stdout.flush()  # here, where a reader that has gone away is no error of ours


def _show(found: Iterator[Listed], *, has_accounts: bool) -> None:
    """A table that is written as it is read: a queue may be longer than any memory."""
    console = results()
    lines = _Lines(console, has_accounts=has_accounts)
    number = 0
    for one in found:
        if number == 0:
            _print(console, lines.head())
        _print(console, lines.line(one))
        number += 1
    say("no jobs" if number == 0 else counted(number, "job"))


def _print(console: Console, line: Text) -> None:
    """Without the console where there is no terminal: that takes a third of the time."""
    if console.is_terminal:
        console.print(line, soft_wrap=True)
    else:
        print(line.plain)


class _Lines:
    """Lines that fit the terminal; where there is none, nothing is cut."""

    def __init__(self, console: Console, *, has_accounts: bool) -> None:
        self._width = console.width
        self._is_terminal = console.is_terminal
        self._has_accounts = has_accounts

    def head(self) -> Text:
        return self._columns("job", "state", "account", "size", "file", "why", "bold")

    def line(self, one: Listed) -> Text:
        job = one.job
        why = f"{job.reason.text} [{job.reason.code}]" if job.reason else ""
        if not why and job.photo_id:
            why = f"photo {job.photo_id}"
        size, path = decimal(job.size), printable(job.path)
        style = STATE_STYLES[job.state]
        return self._columns(str(job.id), job.state, one.account, size, path, why, style)

    def _columns(
        self, job_id: str, state: str, account: str, size: str, path: str, why: str, style: str
    ) -> Text:
        line = Text(f"{job_id:>{ID_WIDTH}}  ").append(f"{state:<{STATE_WIDTH}}", style)
        if self._has_accounts:
            line.append(f"  {self._cut(account, ACCOUNT_WIDTH)}")
        line.append(f"  {size:>{SIZE_WIDTH}}  ")
        left = self._width - cell_len(line.plain)
        path_width = max(NARROWEST_PATH, int(left * PATH_SHARE) if why else left)
        line.append(self._cut(path, path_width, keeps_end=True))
        if why:
            width = max(0, self._width - cell_len(line.plain) - 2)
            line.append("  " + self._cut(why, width), "dim")
        line.rstrip()
        return line

    def _cut(self, text: str, width: int, *, keeps_end: bool = False) -> str:
        if cell_len(text) <= width:
            return set_cell_size(text, width)
        if not self._is_terminal or width < 1:
            return text
        if not keeps_end:
            return set_cell_size(text, width - 1) + "…"
        tail = text[-(width - 1) :]
        while cell_len(tail) > width - 1:
            tail = tail[1:]
        return "…" + tail
