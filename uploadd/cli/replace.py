"""`uploadd replace FILE --photo-id ID --account A`: new content for one photo, once."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace as with_fields
from typing import Annotated

import typer

from uploadd.cli.context import (
    EXIT_CREDENTIALS,
    clear_errors,
    own_configuration,
    say,
    stop,
)
from uploadd.cli.logs import format_beside_progress, set_up_logs
from uploadd.cli.screen import print_json
from uploadd.files.opening import printable
from uploadd.files.openness import ignore_lease_signals
from uploadd.model.configuration import Configuration
from uploadd.model.errors import ServiceRefusedError
from uploadd.model.jobs import Job
from uploadd.model.numbers import number
from uploadd.model.states import State
from uploadd.model.verdicts import Reason, with_name
from uploadd.operations.backfill.endings import Ending
from uploadd.operations.choosing import refuse_wrong_folders
from uploadd.operations.replace.following import Look
from uploadd.operations.replace.ordering import Order, order_of
from uploadd.operations.replace.replacing import Replaced, Replacing
from uploadd.operations.show.json_values import json_job
from uploadd.operations.show.story import Event
from uploadd.runtime import real_runtime

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TOLD = {
    State.UPLOADING: "it is being sent",
    State.PROCESSING: "it was sent; the service works on it",
    State.FILING: "the photo has the new content",
}
STOPPED = "stopped; the queue is intact, give the command again to go on"
LEFT = "detached: the daemon, pid {pid}, goes on with it; `uploadd why {path}` shows it"
WAITS = "it has to wait; give the command again later, or let `uploadd run` go on with it"


def replace(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False)],
    photo_id: Annotated[
        str, typer.Option(metavar="ID", help="The photo's id on the service.", show_default=False)
    ],
    account: Annotated[
        str | None, typer.Option(help="May be left out where there is only one.")
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Stop (75) where it has to wait.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the job as one JSON object at the end.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step.")] = False,
) -> None:
    """Give one photo on the service the content of FILE. Its id and what is told of it stay."""
    set_up_logs(format_beside_progress(), logging.INFO if verbose else logging.CRITICAL)
    with clear_errors():
        configuration = own_configuration(context)
        refuse_wrong_folders(configuration)
        order = order_of(configuration, file, photo_id, account)
        _check_credentials(order)
        try:
            replaced = asyncio.run(_run(configuration, order, no_wait))
        except ServiceRefusedError as error:
            stop(_with_account(str(error), order), EXIT_CREDENTIALS)
        for line in replaced_lines(order, replaced):
            say(line)
        if as_json and replaced.job is not None:
            print_json(json_job(replaced.job, order.account.name))
            sys.stdout.flush()
        raise typer.Exit(replaced.ending)


def replaced_lines(order: Order, replaced: Replaced) -> Iterator[str]:
    """How it ended."""
    photo, path = f"photo {order.photo_id}", printable(order.path)
    match replaced.ending:
        case Ending.DONE if replaced.job is None:
            yield f"{photo} has the content of {path} already: nothing was sent"
        case Ending.DONE:
            yield f"{photo} has the content of {path} now"
        case Ending.FAILED:
            yield f"uploadd: {photo} was not replaced: {_told(replaced.reason, order)}"
        case Ending.WOULD_WAIT | Ending.CREDENTIALS:
            yield f"uploadd: {photo} is not replaced yet: {_told(replaced.reason, order)}"
            yield WAITS if replaced.ending is Ending.WOULD_WAIT else "it stays in the queue"
        case _ if replaced.left_to is not None:
            yield LEFT.format(pid=replaced.left_to, path=path)
        case _:
            yield STOPPED


def _told(reason: Reason | None, order: Order) -> str:
    if reason is None:
        return "nobody knows why; `uploadd why` has its story"
    text = f"{reason.text}; {reason.remedy}" if reason.remedy else reason.text
    return _with_account(text, order)


def _with_account(text: str, order: Order) -> str:
    return with_name(text, order.account.name)


def _check_credentials(order: Order) -> None:
    missing = order.account.missing_credentials
    if missing:
        names = " and ".join(missing)
        text = f"account {order.account.name} has no {names}"
        stop(f"{text}; {order.account.login_remedy}", EXIT_CREDENTIALS)


async def _run(configuration: Configuration, order: Order, no_wait: bool) -> Replaced:
    """One replacement with its steps on standard error; a signal leaves it in the queue."""
    ignore_lease_signals()
    stopped_by: list[int] = []
    ended = asyncio.Event()

    def ask_to_stop(signal_number: int) -> None:
        if ended.is_set():
            say("ended at once; the queue is intact, and a send that was cut is made again")
            sys.exit(128 + signal_number)
        stopped_by.append(signal_number)
        ended.set()

    loop = asyncio.get_running_loop()
    for signal_number in SIGNALS:
        loop.add_signal_handler(signal_number, ask_to_stop, signal_number)
    runtime = real_runtime()
    running = Replacing(
        configuration, runtime, order, no_wait=no_wait, stop=ended, show=_Teller(order)
    )
    replaced = await running.run()
    if stopped_by == [signal.SIGTERM] and replaced.ending is Ending.INTERRUPTED:
        return with_fields(replaced, ending=Ending.TERMINATED)
    return replaced


class _Teller:
    """Says each step once."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._waits_for = ""

    def __call__(self, look: Look) -> None:
        for event in look.news:
            text = _line_of(event, look.job)
            if text:
                say(_with_account(text, self._order))
        waits_for = look.waits_for.text if look.waits_for and not look.is_over else ""
        if waits_for and waits_for != self._waits_for:
            say(f"it waits: {_with_account(waits_for, self._order)}")
        self._waits_for = waits_for


def _line_of(event: Event, job: Job) -> str:
    if event.state in (State.QUEUED, State.UNCERTAIN) and event.text:
        left = job.wait.remaining(time.time()) if job.wait else 0.0
        again = f" (again in {number(left)} s)" if left >= 1 else ""
        return f"{event.text}{again}"
    return TOLD.get(event.state, "")
