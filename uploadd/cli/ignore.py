"""`uploadd ignore`: put jobs aside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated

import typer

from uploadd.cli.context import EXIT_FAILED, clear_errors, own_configuration, say
from uploadd.cli.retry import refused_lines
from uploadd.model.numbers import counted
from uploadd.operations.ignoring import Ignored
from uploadd.operations.ignoring import ignore as ignore_jobs
from uploadd.operations.naming import names_in


def ignore(
    context: typer.Context,
    jobs: Annotated[
        list[str],
        typer.Argument(
            metavar="JOB|FILE|DIR",
            help="Of a DIR: what has failed or waits there. It may be gone by now.",
            show_default=False,
        ),
    ],
) -> None:
    """Put failed and queued jobs aside, until they are retried. New content is taken as ever."""
    with clear_errors():
        configuration = own_configuration(context)
        ignored = ignore_jobs(configuration, names_in(jobs), time.time())
        for line in ignored_lines(ignored):
            say(line)
        if ignored.refused:
            raise typer.Exit(EXIT_FAILED)


def ignored_lines(ignored: Ignored) -> Iterator[str]:
    """What came of it."""
    yield from refused_lines(ignored.refused)
    if ignored.put_aside:
        several = counted(ignored.put_aside, "job is", "jobs are")
        yield f"{several} put aside until `uploadd retry`"
    elif not ignored.before:
        yield "no job was put aside"
    if ignored.before:
        yield f"{counted(ignored.before, 'job was', 'jobs were')} put aside before"
