"""`uploadd call METHOD [k=v...]`: any API method by its own name."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import time
from typing import Annotated, BinaryIO

import typer

from uploadd.cli.context import (
    EXIT_INTERRUPTED,
    clear_errors,
    own_configuration,
    say,
    stop,
)
from uploadd.cli.logs import LogFormat, set_up_logs
from uploadd.cli.moments import soon
from uploadd.cli.screen import json_text
from uploadd.model.signs import escaped_xml
from uploadd.operations.call.calling import Wish, call_method
from uploadd.operations.call.parameters import parameters_of
from uploadd.runtime import real_runtime
from uploadd.services.base import Reply

DOUBT = "stopped; the call may have done its work"


def call(
    context: typer.Context,
    method: Annotated[
        str, typer.Argument(metavar="METHOD", help="Its name in the API.", show_default=False)
    ],
    parameters: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE",
            help="As in the API. NAME=@FILE takes the text of a file, NAME=@- standard input.",
            show_default=False,
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(help="May be left out where there is only one.", show_default=False),
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="With the API key alone.")] = False,
    xml: Annotated[
        bool,
        typer.Option(
            "--xml",
            help="Print the XML reply as it came (on a terminal, without what that would obey).",
        ),
    ] = False,
) -> None:
    """Call any API method by its own name. Prints the reply as JSON."""
    set_up_logs(LogFormat.PEOPLE, logging.ERROR)
    with clear_errors():
        configuration = own_configuration(context)
        fields = parameters_of(parameters or [], _standard_input())
        wish = Wish(method, fields, account, is_unsigned=unsigned, as_xml=xml)
        try:
            reply = asyncio.run(call_method(configuration, wish, real_runtime(), _say_wait))
        except KeyboardInterrupt:
            stop(DOUBT, EXIT_INTERRUPTED)
        sys.stdout.buffer.write(printed(reply, is_terminal=sys.stdout.isatty()))
        sys.stdout.flush()


def printed(reply: Reply, *, is_terminal: bool = False) -> bytes:
    """A reply for standard output, in UTF-8 and with a line's end: indented JSON, or the XML.

    XML goes to a file or a program as it came; on a terminal what that would obey is a reference.
    """
    if isinstance(reply, str):
        text = escaped_xml(reply) if is_terminal else reply
        return (text if text.endswith("\n") else f"{text}\n").encode(errors="replace")
    return json_text(reply, indent=2, is_ascii=False).encode() + b"\n"


def _standard_input() -> BinaryIO:
    return sys.stdin.buffer if sys.stdin else io.BytesIO()  # it may have been closed


def _say_wait(seconds: float) -> None:
    now = time.time()
    say(
        "the account's calls_per_hour are used up: the call is made"
        f" {soon(now + seconds, now)} (Ctrl-C ends the wait)"
    )
