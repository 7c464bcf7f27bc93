"""`uploadd run`: the daemon."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Annotated

import typer

from uploadd import daemon
from uploadd.cli.context import EXIT_CREDENTIALS, clear_errors, own_configuration, stop
from uploadd.cli.logins import login_source
from uploadd.cli.logs import LogFormat, set_up_logs
from uploadd.model.configuration import Configuration
from uploadd.model.errors import ConfigurationError
from uploadd.operations.choosing import refuse_wrong_folders
from uploadd.runtime import real_runtime


def run(
    context: typer.Context,
    log_format: Annotated[LogFormat, typer.Option(help="How log lines look.")] = LogFormat.AUTO,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step.")] = False,
) -> None:
    """Watch every folder and deliver, until SIGTERM (which drains)."""
    set_up_logs(log_format, logging.DEBUG if verbose else logging.INFO)
    with clear_errors():
        configuration = own_configuration(context)
        refuse_wrong_folders(configuration)
        _check_can_start(configuration)
        logins = login_source(context, configuration)
        code = asyncio.run(daemon.run(configuration, real_runtime(), os.environ, logins))
        raise typer.Exit(code)


def _check_can_start(configuration: Configuration) -> None:
    if not configuration.folders:
        raise ConfigurationError("no folder is configured", "add a [folders.NAME] with a path")
    accounts = configuration.accounts.values()
    if accounts and all(account.missing_credentials for account in accounts):
        first = next(iter(accounts))
        keys = ", ".join(f"accounts.{first.name}.{key}" for key in first.missing_credentials)
        stop(f"credentials are missing: {keys}; {first.login_remedy}", EXIT_CREDENTIALS)
