"""`uploadd status`: accounts, pauses, counts, rates, folders."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.live import Live

from uploadd.cli.context import EXIT_INTERRUPTED, clear_errors, own_configuration
from uploadd.cli.screen import print_json, results
from uploadd.cli.status_view import status_view
from uploadd.model.configuration import Configuration
from uploadd.operations.show.status import Status, status_of

REDRAW_SECONDS = 1.0


def status(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object (with --watch: one a change).")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again and again.")] = False,
) -> None:
    """Show accounts, counts, pauses and folders. Says also whether anything runs."""
    with clear_errors():
        configuration = own_configuration(context)
        if not watch:
            _show(status_of(configuration, time.time()), as_json)
            return
        try:
            _watch(configuration, as_json)
        except KeyboardInterrupt:
            raise typer.Exit(EXIT_INTERRUPTED) from None


def _show(found: Status, as_json: bool) -> None:
    if as_json:
        print_json(found.as_json())
        sys.stdout.flush()
    else:
        results().print(status_view(found))


def _watch(configuration: Configuration, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        _tell_changes(configuration, as_json)
        return
    with Live(console=results(), auto_refresh=False, vertical_overflow="visible") as live:
        for found in _again_and_again(configuration):
            live.update(status_view(found), refresh=True)


def _tell_changes(configuration: Configuration, as_json: bool) -> None:
    """For a program or a file: nothing is said twice."""
    before: object = None
    for found in _again_and_again(configuration):
        now = found.as_json()
        if now != before:
            _show(found, as_json)
        before = now


def _again_and_again(configuration: Configuration) -> Iterator[Status]:
    while True:
        began = time.monotonic()
        yield status_of(configuration, time.time())
        # Counting a long queue takes a moment: never more than a twentieth of the time.
        took = time.monotonic() - began
        time.sleep(max(REDRAW_SECONDS, took * 19))
