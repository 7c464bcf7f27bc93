"""`uploadd call METHOD [k=v...]`: any API method by its own name."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
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
from uploadd.operations.call.calling import Wish, call_method
from uploadd.operations.call.parameters import parameters_of
from uploadd.runtime import real_runtime
from uploadd.services.base import Reply

DOUBT = "stopped; the call may have done its work"

# Terminals obey some of these, JSON need not escape them, and UTF-8 knows no lone surrogates.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


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
    xml: Annotated[bool, typer.Option("--xml", help="Print the XML reply as it came.")] = False,
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
        sys.stdout.buffer.write(printed(reply))
        sys.stdout.flush()


def printed(reply: Reply) -> bytes:
    """A reply for standard output, in UTF-8 and with a line's end: indented JSON, or the XML."""
    if isinstance(reply, str):
        return (reply if reply.endswith("\n") else f"{reply}\n").encode(errors="replace")
    text = json.dumps(reply, indent=2, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode() + b"\n"


def _standard_input() -> BinaryIO:
    return sys.stdin.buffer if sys.stdin else io.BytesIO()  # it may have been closed


def _say_wait(seconds: float) -> None:
    now = time.time()
    say(
        "the account's calls_per_hour are used up: the call is made"
        f" {soon(now + seconds, now)} (Ctrl-C ends the wait)"
    )
