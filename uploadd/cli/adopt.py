"""`uploadd adopt --account A`: fill the ledger from what is on the account."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer

from uploadd.cli.context import (
    EXIT_CREDENTIALS,
    EXIT_INTERRUPTED,
    clear_errors,
    exit_code_of,
    own_configuration,
    say,
    stop,
)
from uploadd.cli.logs import LogFormat, set_up_logs
from uploadd.cli.moments import moment, since_said, soon
from uploadd.model.configuration import Account
from uploadd.model.errors import ServiceError
from uploadd.model.numbers import counted, number
from uploadd.operations.adopt import Adopted
from uploadd.operations.adopt import adopt as adopt_account
from uploadd.operations.choosing import account_asked_for
from uploadd.runtime import real_runtime

KEPT = "what was adopted is kept; give the command again to go on"


def adopt(
    context: typer.Context,
    account: Annotated[
        str | None, typer.Option(help="Which account.", show_default="the only one")
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="Only what was uploaded from this day on, such as 2026-05-17.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Note which photos are on the account already. They are not sent again."""
    set_up_logs(LogFormat.PEOPLE, logging.WARNING)
    with clear_errors():
        configuration = own_configuration(context)
        begin = since_said(since, time.time()) if since else None
        of = account_asked_for(configuration, account)
        _check_credentials(of)
        try:
            adopted = asyncio.run(
                adopt_account(configuration, of.name, begin, real_runtime(), _show)
            )
        except KeyboardInterrupt:
            stop(f"stopped; {KEPT}", EXIT_INTERRUPTED)
        except ServiceError as error:
            stop(f"{error}; {KEPT}", exit_code_of(error))
        for line in adopted_lines(of, adopted, time.time()):
            say(line)


def adopted_lines(of: Account, adopted: Adopted, now: float) -> Iterator[str]:
    """What came of an adoption."""
    account = of.name
    since = f" since {_day(adopted.since)}" if adopted.since else ""
    if adopted.is_listed:
        yield from _listed_lines(of, adopted, since)
    else:
        yield (
            f"account {account} needs no list of its photos: its service is asked for each content"
            " before it is sent"
        )
    yield from _open_lines(account, adopted, now)


def _listed_lines(of: Account, adopted: Adopted, since: str) -> Iterator[str]:
    photos = counted(adopted.photos, "photo or video", "photos and videos")
    yield (
        f"account {of.name} has {photos}{since};"
        f" {number(adopted.tagged)} of them carry a tag by which uploadd knows their content,"
        f" {number(adopted.new)} of those are new to the ledger"
    )
    if adopted.doubtful:
        what = counted(adopted.doubtful, "photo has", "photos have")
        yield (
            f"{what} several such tags with different contents, as a file's keywords can make them:"
            " none of these is believed"
        )
    unknown = adopted.photos - adopted.tagged
    if unknown:
        others = f"the {counted(unknown, 'other', 'others')}"
        if of.dedup_check:
            yield f"{others} can only be recognised by the service itself, when sent (dedup_check)"
        else:
            yield (
                f"{others} cannot be recognised, because dedup_check is 0 for this account: their"
                " files would be sent again"
            )


def _open_lines(account: str, adopted: Adopted, now: float) -> Iterator[str]:
    if not adopted.is_settled:
        yield (
            f"account {account} still awaits its adoption: `uploadd adopt --account {account}`,"
            " without --since, ends that"
        )
    elif adopted.videos_after:
        yield (
            "a video that was sent lately may not be on the list yet: until this command is given"
            f" again after {moment(adopted.videos_after, now)}, videos are looked up first"
        )


def _show(so_far: Adopted) -> None:
    if so_far.waits_until is not None:
        now = time.time()
        say(
            f"the newest photos may not be {_where_shown(so_far)}"
            f" {soon(so_far.waits_until, now)} (Ctrl-C keeps what was adopted)"
        )
    elif sys.stderr.isatty():
        print(f"\r{counted(so_far.photos, 'photo')} read ", end="", file=sys.stderr, flush=True)


def _where_shown(so_far: Adopted) -> str:
    if so_far.is_listed:
        return "on the service's list yet: it is read once more"
    return "found by the service yet: the account is adopted"


def _check_credentials(account: Account) -> None:
    if account.missing_credentials:
        keys = ", ".join(f"accounts.{account.name}.{key}" for key in account.missing_credentials)
        stop(f"credentials are missing: {keys}; {account.login_remedy}", EXIT_CREDENTIALS)


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"
