"""`uploadd check`: everything that would stop a run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from uploadd.cli.context import clear_errors, command_line, load_settings
from uploadd.cli.logs import LogFormat, set_up_logs
from uploadd.cli.screen import print_json, results
from uploadd.model.configuration import Configuration
from uploadd.model.errors import ConfigurationError
from uploadd.model.numbers import counted
from uploadd.operations.check.checking import check as check_all
from uploadd.operations.check.findings import Concern, Finding, Level, Report, error, ok, warning
from uploadd.runtime import real_runtime
from uploadd.settings import SettingsError

SIGNS = {Level.OK: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.ERROR: ("✗", "bold red")}


def check(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look for everything that would stop a run. Says what to do about each."""
    # What a service says becomes a finding, not a log line.
    set_up_logs(LogFormat.AUTO, logging.CRITICAL)
    with clear_errors():
        found = asyncio.run(_find(context, None if as_json else results()))
        if as_json:
            print_json(found.as_json())
        else:
            results().print(_last_word(found))
        raise typer.Exit(found.exit_code)


async def _find(context: typer.Context, console: Console | None) -> Report:
    """Every finding, shown as it comes: a service may take its time."""
    findings = []
    async for finding in _findings(context):
        findings.append(finding)
        if console is not None:
            for line in _lines(finding):
                console.print(line, soft_wrap=True)
    return Report(tuple(findings))


async def _findings(context: typer.Context) -> AsyncIterator[Finding]:
    try:
        loaded = load_settings(context)
    except ConfigurationError as refusal:
        for finding in _of_settings(refusal):
            yield finding
        return
    yield ok("configuration", _where(loaded.configuration))
    for problem in loaded.warnings:
        yield warning(problem.subject, problem.text, problem.remedy)
    async for finding in check_all(
        loaded.configuration, real_runtime(), command_line(loaded.configuration.source)
    ):
        yield finding


def _where(configuration: Configuration) -> str:
    if configuration.source is None:
        return "it comes from the environment alone"
    return f"{configuration.source} can be used"


def _of_settings(refusal: ConfigurationError) -> Iterator[Finding]:
    if not isinstance(refusal, SettingsError):
        yield error("configuration", refusal.text, refusal.remedy, Concern.CONFIGURATION)
        return
    for problem in refusal.problems:
        where = f"{problem.place}: " if problem.place and problem.key else ""
        text = f"{where}{problem.text}"
        yield error(problem.subject, text, problem.remedy, Concern.CONFIGURATION)


def _lines(finding: Finding) -> Iterator[Text]:
    sign, style = SIGNS[finding.level]
    line = Text(f"{sign} ", style).append(finding.subject, "bold not dim")
    yield line.append(f"  {finding.text}", "not bold")
    if finding.remedy and finding.level is not Level.OK:
        yield Text(f"    → {finding.remedy}")


def _last_word(found: Report) -> Text:
    if not found.errors and not found.warnings:
        return Text("everything is well", "green")
    counts = ((found.errors, "error"), (found.warnings, "warning"))
    parts = [counted(number, what) for number, what in counts if number]
    return Text(" and ".join(parts), "bold red" if found.errors else "yellow")
