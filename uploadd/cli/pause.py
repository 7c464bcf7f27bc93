"""`uploadd pause ACCOUNT` and `uploadd resume ACCOUNT`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from uploadd.cli.context import clear_errors, own_configuration, say
from uploadd.cli.moments import moment, soon
from uploadd.operations.pausing import pause as pause_account
from uploadd.operations.pausing import resume as resume_account

Account = Annotated[
    str,
    typer.Argument(metavar="ACCOUNT", help="Its name in the configuration.", show_default=False),
]


def pause(context: typer.Context, account: Account) -> None:
    """Begin no more uploads to an account, until `uploadd resume`. Those in flight end."""
    with clear_errors():
        now = time.time()
        paused = pause_account(own_configuration(context), account, now)
        already = f" already, since {moment(paused.pause.since, now)}" if paused.was_paused else ""
        say(f"account {account} is paused by hand{already}; `uploadd resume {account}` ends it")
        if not paused.is_delivering:
            say("nothing runs now; the pause holds for the next run as well")


def resume(context: typer.Context, account: Account) -> None:
    """End an account's pauses. A wait that the service itself asked for is kept."""
    with clear_errors():
        now = time.time()
        resumed = resume_account(own_configuration(context), account, now)
        for ended in resumed.ended:
            if resumed.kept:
                say(f"one pause of account {account} was ended: {ended.text}")
            else:
                say(f"account {account} is no longer paused; it was: {ended.text}")
        for kept in resumed.kept:
            end = f", until it ends {soon(kept.delay.end, now)}" if kept.delay else ""
            say(f"account {account} still waits{end}: {kept.text}")
            say("the service asked for that wait, and uploadd keeps to it")
        if not resumed.ended and not resumed.kept:
            say(f"account {account} was not paused")
