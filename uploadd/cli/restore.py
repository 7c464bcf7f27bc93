"""`uploadd restore`: the backups, and putting one of them in the place of the database."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from uploadd.cli.context import clear_errors, own_configuration, say
from uploadd.cli.moments import ago
from uploadd.cli.screen import results
from uploadd.model.numbers import number
from uploadd.operations.restore import Held, backups_of
from uploadd.operations.restore import restore as restore_backup
from uploadd.store.restoring import Restored


def restore(
    context: typer.Context,
    backup: Annotated[Path | None, typer.Argument(metavar="[BACKUP]", show_default=False)] = None,
) -> None:
    """Show the backups of the database, or put BACKUP in its place."""
    with clear_errors():
        configuration = own_configuration(context)
        now = time.time()
        if backup is None:
            held = backups_of(configuration)
            if held:
                results().print(_table(held, now))
            for line in _advice(held):
                say(line)
            return
        restored = restore_backup(configuration, backup, now)
        for line in restored_lines(restored, tuple(configuration.accounts)):
            say(line)


def restored_lines(restored: Restored, configured: tuple[str, ...]) -> Iterator[str]:
    """What a restore has done, and what comes next."""
    yield "the backup is in the place of the database"
    if restored.aside is not None:
        yield f"what was there is in {restored.aside}; nothing was deleted"
    since = "the beginning" if restored.since <= 0 else f"{_day(restored.since)}"
    yield (
        f"photos that were sent since {since} may be missing in it: until each account was adopted,"
        " everything that it does not know is looked up on the service before it is sent"
    )
    names = [name for name in restored.accounts if name in configured] or list(configured)
    yield "next, for each account:"
    for name in names:
        yield f"  uploadd adopt --account {shlex.quote(name)}"
    yield "then start uploadd again; what is queued, and every file of the folders, goes on"


def _table(held: list[Held], now: float) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("backup", "made", "size", "on the account", "open", "ended", "accounts"):
        table.add_column(name, overflow="fold")
    for one in held:
        made = f"{_day(one.at)} ({ago(one.at, now)})" if one.at <= now else _day(one.at)
        row = [str(one.path), made, decimal(one.size)]
        if one.flaw:
            table.add_row(*row, Text(f"damaged: {one.flaw}", "bold red"))
        else:
            counts = map(number, (one.sent, one.open, one.ended))
            table.add_row(*row, *counts, ", ".join(one.accounts))
    return table


def _advice(held: list[Held]) -> Iterator[str]:
    good = next((one for one in held if not one.flaw), None)
    if not held:
        yield "there is no backup yet: the daemon and each backfill make one a day"
    elif good is None:
        yield "none of them is good"
    else:
        yield f"the newest good one: uploadd restore {shlex.quote(str(good.path))}"


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"
