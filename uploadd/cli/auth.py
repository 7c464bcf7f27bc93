"""`uploadd auth ACCOUNT`: log in."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from uploadd.cli.browser import is_at_hand, opened
from uploadd.cli.context import (
    EXIT_CREDENTIALS,
    EXIT_INTERRUPTED,
    clear_errors,
    command_line,
    exit_code_of,
    load_settings,
    say,
    stop,
)
from uploadd.cli.logs import LogFormat, set_up_logs
from uploadd.cli.person import Terminal, is_terminal
from uploadd.files.state_directory import check_state_dir
from uploadd.model.errors import (
    ConfigurationError,
    ServiceError,
    ServiceFaultError,
    UsageError,
)
from uploadd.model.verdicts import with_name
from uploadd.operations.auth.leading_page import remove_rests
from uploadd.operations.auth.logging_in import keep, log_in
from uploadd.operations.auth.new_login import LoginRefusedError, NewLogin
from uploadd.operations.auth.systemd_credentials import lay_out
from uploadd.operations.auth.whose import Meant
from uploadd.runtime import real_runtime
from uploadd.services.error_tables import LATER
from uploadd.settings import Loaded
from uploadd.store import lock


def auth(
    context: typer.Context,
    account: Annotated[
        str,
        typer.Argument(
            metavar="ACCOUNT", help="Its name in the configuration.", show_default=False
        ),
    ],
    browser: Annotated[
        bool | None,
        typer.Option(
            "--browser/--no-browser",
            help="Open a browser that leads back by itself, or show the address and ask for the"
            " code. Without either: as it fits.",
            show_default=False,
        ),
    ] = None,
    user: Annotated[
        str,
        typer.Option(
            "--user",
            metavar="NAME",
            help="Save the login of this user only: his name on the service, or better his id.",
            show_default=False,
        ),
    ] = "",
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Save it although the account was another user's until now."),
    ] = False,
    systemd_creds: Annotated[
        bool,
        typer.Option(
            "--systemd-creds", help="Print what encrypts the login for systemd; save nothing."
        ),
    ] = False,
) -> None:
    """Log an account in. Prints an address, takes the code, checks and saves the login."""
    set_up_logs(LogFormat.PEOPLE, logging.CRITICAL)  # what a service says is in the error's line
    with clear_errors():
        loaded = load_settings(context)
        check_state_dir(loaded.configuration, command_line(loaded.configuration.source))
        # A saved login is weaker than one in the settings; systemd's credentials are the strongest.
        stronger = () if systemd_creds else loaded.set_logins.get(account, ())
        if stronger:
            say(f"account {account} has a login in {' and '.join(stronger)} already")
        login = _log_in(loaded, account, Meant(user.strip(), yes), browser=browser)
        if systemd_creds:
            _print_commands(login)
        else:
            _keep(context, loaded, login)


def _log_in(loaded: Loaded, name: str, meant: Meant, *, browser: bool | None) -> NewLogin:
    if browser is None:
        browser = is_at_hand(os.environ, is_terminal=is_terminal())
    elif browser and not meant.user and not is_terminal():
        raise UsageError(
            "whoever agrees in a browser may be somebody else, and here is nobody to ask",
            "say whose login it shall be, with --user NAME",
        )
    places = _places(loaded)
    remove_rests(places)
    try:
        with opened(places) as open_page:
            work = log_in(
                loaded.configuration,
                name,
                real_runtime(),
                Terminal(),
                meant=meant,
                open_page=open_page if browser else None,
            )
            return asyncio.run(work)
    except KeyboardInterrupt:
        stop("stopped; nothing was saved", EXIT_INTERRUPTED)
    except LoginRefusedError as error:
        stop(str(error), EXIT_CREDENTIALS)
    except ServiceError as error:
        stop(_told(error, name), exit_code_of(error))


def _places(loaded: Loaded) -> list[Path]:
    """Where a page for the person's browser may lie."""
    home = Path(os.path.expanduser("~"))
    return [place for place in (home, loaded.configuration.state_dir) if place.is_absolute()]


def _told(error: ServiceError, name: str) -> str:
    """Without what is true of jobs only: nothing is tried again by itself here."""
    if isinstance(error, ServiceFaultError) and error.remedy in ("", LATER):
        return f"{error.text}; give the command again later"
    return with_name(str(error), name)


def _keep(context: typer.Context, loaded: Loaded, login: NewLogin) -> None:
    name = login.account.name
    place = keep(loaded.configuration, login)
    say(f"saved in {place}")
    stronger = loaded.set_logins.get(name, ())
    if stronger:
        keys = f"accounts.{name}.token and token_secret"
        say(f"it is not used yet: remove {keys} from {' and '.join(stronger)}, which is stronger")
    elif not _is_used(context, login):
        say(f"it is not used yet: `uploadd check` says what else the settings have for {name}")
    elif lock.is_taken(loaded.configuration.state_dir):
        say(f"where {name} was waiting for a login, it goes on within seconds")


def _is_used(context: typer.Context, login: NewLogin) -> bool:
    """Whether the settings give just this login now."""
    try:
        accounts = load_settings(context).configuration.accounts
    except ConfigurationError:
        return False
    found = accounts.get(login.account.name)
    if found is None or found.token != login.keys.token:
        return False
    return not login.keys.token_secret or found.token_secret == login.keys.token_secret


def _print_commands(login: NewLogin) -> None:
    laid_out = lay_out(login.account.name, login.keys, os.environ)
    say(f"the login is in {laid_out.directory}, in memory only, until the machine is switched off")
    say("run these lines as root; they encrypt it for the service, and remove it there:")
    for command in laid_out.commands:
        print(command)
