"""`uploadd backfill`: one time, every photo below a directory."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from dataclasses import replace
from typing import Annotated

import typer

from uploadd.cli.context import clear_errors, own_configuration, say
from uploadd.cli.first_line import first_line
from uploadd.cli.logs import format_beside_progress, set_up_logs
from uploadd.cli.preview_view import preview_lines
from uploadd.cli.progress import shown_progress
from uploadd.cli.screen import print_json
from uploadd.cli.wording import ending_lines, news_line
from uploadd.files.openness import ignore_lease_signals
from uploadd.model.configuration import Configuration
from uploadd.model.ports import Runtime
from uploadd.operations.backfill.endings import Ending, Finished
from uploadd.operations.backfill.preview import accounts_of, preview
from uploadd.operations.backfill.relay import Relay
from uploadd.operations.backfill.trees import Wanted, wanted_trees
from uploadd.operations.choosing import refuse_wrong_folders
from uploadd.operations.questions import limits_of
from uploadd.runtime import real_runtime

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CUT_SHORT = "ended at once; the queue is intact, and a send that was cut is looked up first"


def backfill(
    context: typer.Context,
    directories: Annotated[list[str], typer.Argument(metavar="DIR...", show_default=False)],
    account: Annotated[
        str | None, typer.Option(help="May be left out where there is only one.")
    ] = None,
    folder: Annotated[
        str | None, typer.Option(help="Take the settings of this configured folder.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what there is to do, and do nothing.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Stop (75) once all that is left has to wait.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="End with 1 where anything that was found is not on the account."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object at the end.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step.")] = False,
) -> None:
    """Upload every photo and video below DIR, once. A second time goes on where it stopped."""
    set_up_logs(format_beside_progress(), logging.INFO if verbose else logging.WARNING)
    with clear_errors():
        configuration = own_configuration(context)
        refuse_wrong_folders(configuration)
        wanted = wanted_trees(configuration, directories, account, folder)
        say(first_line(configuration, wanted))
        if dry_run:
            is_there = _preview(configuration, wanted, as_json)
            raise typer.Exit(Ending.FAILED if strict and not is_there else Ending.DONE)
        finished = asyncio.run(run_backfill(configuration, wanted, no_wait, real_runtime()))
        for line in ending_lines(finished):
            say(line)
        if as_json:
            print_json(finished.as_json())
            sys.stdout.flush()
        raise typer.Exit(_ending_of(finished, is_strict=strict))


def _ending_of(finished: Finished, *, is_strict: bool) -> Ending:
    ending = finished.strictly().ending if is_strict else finished.ending
    if ending is not finished.ending:
        say("--strict: something that was found is not on the account, so this ends with 1")
    return ending


def _preview(configuration: Configuration, wanted: list[Wanted], as_json: bool) -> bool:
    """Say what a backfill would do; whether everything is on the account already."""
    limits = asyncio.run(limits_of(configuration, accounts_of(wanted), real_runtime()))
    found = preview(configuration, wanted, limits)
    for line in preview_lines(found):
        say(line)
    if as_json:
        print_json(found.as_json())
    return found.is_everything_there


async def run_backfill(
    configuration: Configuration, wanted: list[Wanted], no_wait: bool, runtime: Runtime
) -> Finished:
    """One backfill with its progress on standard error; SIGINT, SIGTERM and SIGHUP stop it.

    Where a daemon delivers, they only end the view of it.
    """
    ignore_lease_signals()
    stopped_by: list[int] = []
    stop = asyncio.Event()

    def ask_to_stop(number: int) -> None:
        if stop.is_set():
            say(CUT_SHORT)
            sys.exit(128 + number)
        stopped_by.append(number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, ask_to_stop, number)
    with shown_progress() as display:
        finished = await Relay(
            configuration,
            runtime,
            wanted,
            no_wait=no_wait,
            stop=stop,
            show=display,
            tell=lambda news: display.say(news_line(news)),
        ).run()
    is_stopped = finished.ending is Ending.INTERRUPTED  # it may have ended by itself just then
    if is_stopped and stopped_by and stopped_by[0] == signal.SIGTERM:
        return replace(finished, ending=Ending.TERMINATED)
    return finished
