"""`uploadd retry`: back to the queue."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from uploadd.cli.context import EXIT_FAILED, clear_errors, own_configuration, say
from uploadd.model.numbers import counted
from uploadd.operations.choosing import refuse_wrong_folders
from uploadd.operations.naming import Refused, names_in
from uploadd.operations.retrying import Retried, Wish
from uploadd.operations.retrying import retry as retry_jobs

MOST_NAMED = 20


def retry(
    context: typer.Context,
    jobs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="JOB|FILE|DIR",
            help="Of a DIR: what has failed there, or was ignored.",
            show_default=False,
        ),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every job that has failed.")] = False,
    code: Annotated[
        str, typer.Option(help="Failed and skipped jobs with this reason code.", show_default=False)
    ] = "",
    account: Annotated[
        str | None,
        typer.Option(help="With --failed or --code: only this account.", show_default=False),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Send although an earlier send may have arrived, or the photo was deleted there.",
        ),
    ] = False,
) -> None:
    """Put failed or skipped jobs back into the queue."""
    with clear_errors():
        configuration = own_configuration(context)
        refuse_wrong_folders(configuration)
        wish = Wish(names_in(jobs or ()), failed, code, force, account)
        retried = retry_jobs(configuration, wish, time.time())
        for line in retried_lines(retried, is_forced=force):
            say(line)
        if retried.refused:
            raise typer.Exit(EXIT_FAILED)


def retried_lines(retried: Retried, *, is_forced: bool) -> Iterator[str]:
    """What came of a retry."""
    yield from refused_lines(retried.refused)
    if retried.gone:
        one, several = "job stays as it is: its file is", "jobs stay as they are: their files are"
        yield f"{counted(len(retried.gone), one, several)} not there any more"
    if retried.moved == 0:
        yield "no job was put back into the queue"
        return
    yield f"{_jobs(retried.moved)} put back into the queue"
    if retried.looked_up:
        several = _jobs(len(retried.looked_up))
        yield f"{several} looked up on the service first: an earlier send may have arrived"
    if retried.unread:
        yield f"{_jobs(len(retried.unread))} read first, by the next walk of the directory"
    if retried.overruled:
        several = _jobs(len(retried.overruled))
        yield f"--force: {several} sent although an earlier send may have arrived;"
        yield "  if it has, the photo will be there twice"
    elif is_forced:
        yield "--force: a photo that was deleted on the service is uploaded anew"
    if retried.deleted:
        several = _jobs(len(retried.deleted))
        yield f"{several} known to the service as deleted: only --force sends them anyway"
    if not retried.is_delivering:
        yield "nothing runs now: `uploadd run` or `uploadd backfill DIR` goes on with them"


def refused_lines(refused: Sequence[Refused]) -> Iterator[str]:
    """Why jobs stay as they are; of very many, the first."""
    for one in refused[:MOST_NAMED]:
        yield f"uploadd: {one.text}"
    if len(refused) > MOST_NAMED:
        yield f"uploadd: and {counted(len(refused) - MOST_NAMED, 'job')} more"


def _jobs(number: int) -> str:
    return counted(number, "job is", "jobs are")
