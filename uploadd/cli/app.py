"""The command line: which commands there are, and what they have in common."""

from __future__ import annotations

import logging
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from uploadd.cli.commands import Commands
from uploadd.cli.context import check_working_directory, with_clear_errors
from uploadd.cli.logs import format_beside_progress, set_up_logs
from uploadd.cli.streams import make_safe

app = typer.Typer(
    name="uploadd",
    cls=Commands,
    help="Photos from a folder to Flickr and ipernity: none lost, none doubled.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"uploadd {version_of('uploadd')}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The configuration file.", envvar="UPLOADD_CONFIG"),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Photos from a folder to Flickr and ipernity: none lost, none doubled."""
    del version  # its callback has done everything
    # Commands that say nothing by events are set up as well: structlog's own way shows locals.
    set_up_logs(format_beside_progress(), logging.WARNING)
    check_working_directory()
    context.obj = config


def main() -> None:
    """The `uploadd` command."""
    make_safe()
    with_clear_errors(app)
