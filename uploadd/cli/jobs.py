"""`uploadd jobs`: the jobs, one a line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.filesize import decimal
from rich.text import Text

from uploadd.cli.context import clear_errors, own_configuration, say
from uploadd.cli.moments import since_said
from uploadd.cli.screen import STATE_STYLES, print_json, results
from uploadd.cli.sum_view import NAME_WIDTH, STATE_WIDTH, sum_lines
from uploadd.files.opening import printable
from uploadd.model.configuration import Configuration
from uploadd.model.numbers import counted, number
from uploadd.model.signs import escaped
from uploadd.model.states import State
from uploadd.operations.show.listing import Listed, Listing, Wanted, listing

ID_WIDTH, SIZE_WIDTH = 6, 8
NARROWEST_PATH = 16
PATH_SHARE = 0.6
WHY_INDENT = " " * (ID_WIDTH + 2)


def jobs(
    context: typer.Context,
    state: Annotated[
        list[State] | None, typer.Option(help="Only this state; may be given several times.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    folder: Annotated[str, typer.Option(help="Only this folder.", show_default=False)] = "",
    code: Annotated[str, typer.Option(help="Only this reason code.", show_default=False)] = "",
    since: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="Only what moved since then: 2026-05-17, 2026-05-17T18:30, or 2d (w, d, h, min).",
            show_default=False,
        ),
    ] = "",
    limit: Annotated[
        int | None, typer.Option(help="No more than so many.", min=0, show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Show the jobs, newest first. A job is one file, with one content, to one account."""
    with clear_errors():
        configuration = own_configuration(context)
        begin = since_said(since, time.time()) if since else None
        wanted = Wanted(tuple(state or ()), account, folder, code, begin, limit)
        is_summed = not as_json and sys.stdout.isatty()
        with listing(configuration, wanted, with_sums=is_summed) as found:
            if as_json:
                for one in found.jobs:
                    print_json(one.as_json())
            else:
                _show(configuration, found)
        sys.stdout.flush()  # here, where a reader that has gone away is no error of ours


def _show(configuration: Configuration, found: Listing) -> None:
    """A table that is written as it is read: a queue may be longer than any memory."""
    console = results()
    has_accounts, has_folders = len(configuration.accounts) > 1, len(configuration.folders) > 1
    for line in sum_lines(found.sums, has_accounts=has_accounts):
        _print(console, line)
    if found.sums:
        _print(console, Text(""))
    lines = _Lines(console, has_accounts=has_accounts, has_folders=has_folders)
    shown = 0
    for one in found.jobs:
        if shown == 0:
            _print(console, lines.head())
        for line in lines.of(one):
            _print(console, line)
        shown += 1
    total = sum(summed.sum.jobs for summed in found.sums)
    of = f" of {number(total)}" if total > shown else ""
    say(f"{counted(shown, 'job')}{of}" if shown or of else "no jobs")


def _print(console: Console, line: Text) -> None:
    """Without the console where there is no terminal: that takes a third of the time."""
    if console.is_terminal:
        console.print(line, soft_wrap=True)
    else:
        print(escaped(line.plain))


class _Lines:
    """Lines that fit the terminal, but for reasons, which are never cut.

    Where there is no terminal nothing is cut, and a job is one line.
    """

    def __init__(self, console: Console, *, has_accounts: bool, has_folders: bool) -> None:
        self._width = console.width
        self._is_terminal = console.is_terminal
        self._has_accounts = has_accounts
        self._has_folders = has_folders

    def head(self) -> Text:
        line = self._begin("job", "state", "account", "folder", "size", "bold")
        return line.append(self._cut("file", self._path_width(line))).append("  why")

    def of(self, one: Listed) -> Iterator[Text]:
        job = one.job
        why = f"{job.reason.text} [{job.reason.code}]" if job.reason else ""
        if not why and job.photo_id:
            why = f"photo {job.photo_id}"
        style = STATE_STYLES[job.state]
        size = decimal(job.size)
        line = self._begin(str(job.id), job.state, one.account, job.folder, size, style)
        yield from self._end(line, printable(one.relative), why)

    def _begin(
        self, job_id: str, state: str, account: str, folder: str, size: str, style: str
    ) -> Text:
        line = Text(f"{job_id:>{ID_WIDTH}}  ").append(f"{state:<{STATE_WIDTH}}", style)
        for name, is_shown in ((account, self._has_accounts), (folder, self._has_folders)):
            if is_shown:
                line.append(f"  {self._cut(name, NAME_WIDTH)}")
        return line.append(f"  {size:>{SIZE_WIDTH}}  ")

    def _end(self, line: Text, path: str, why: str) -> Iterator[Text]:
        left, width = self._width - cell_len(line.plain), self._path_width(line)
        is_one_line = cell_len(path) <= width and cell_len(why) <= left - width - 2
        if is_one_line or not self._is_terminal:
            line.append(self._cut(path, width)).append(f"  {why}", "dim")
            line.rstrip()
            yield line
            return
        line.append(self._cut(path, max(left, NARROWEST_PATH), keeps_end=True))
        line.rstrip()
        yield line
        if why:
            yield Text(WHY_INDENT).append(why, "dim")

    def _path_width(self, line: Text) -> int:
        return max(NARROWEST_PATH, int((self._width - cell_len(line.plain)) * PATH_SHARE))

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
