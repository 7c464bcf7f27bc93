"""`uploadd forget FOLDER`: accept what is there now, or give up what is away."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from uploadd.cli.context import EXIT_FAILED, clear_errors, own_configuration, say
from uploadd.cli.person import Terminal, is_terminal
from uploadd.files.opening import printable
from uploadd.files.standing import user_name
from uploadd.model.errors import UsageError
from uploadd.model.numbers import counted
from uploadd.model.roots import FollowedLink
from uploadd.operations.forgetting import Forgotten, Meaning, Prospect, prospect_of
from uploadd.operations.forgetting import forget as forget_folder


def forget(
    context: typer.Context,
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER",
            help="Its name in the configuration, or the one that it had there.",
            show_default=False,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Accept the directory that a folder's path leads to now; or end what waits for a lost disk."""
    with clear_errors():
        configuration = own_configuration(context)
        prospect = prospect_of(configuration, folder)
        for line in prospect_lines(prospect):
            say(line)
        if prospect.meaning is Meaning.NOTHING:
            return
        if not yes and not is_terminal():
            agreed = shlex.join(["uploadd", "forget", folder, "--yes"])
            raise UsageError("there is no terminal to ask on", f"to agree beforehand: `{agreed}`")
        if not yes and not Terminal().agrees(QUESTIONS[prospect.meaning]):
            say("nothing was changed")
            raise typer.Exit(EXIT_FAILED)
        for line in forgotten_lines(prospect, forget_folder(configuration, prospect, time.time())):
            say(line)


QUESTIONS = {
    Meaning.ACCEPT: "Upload from what is there now?",
    Meaning.GIVE_UP: "Give up what waits for it?",
    Meaning.REMOVED: "Give up what waits for it?",
}


def prospect_lines(prospect: Prospect) -> Iterator[str]:
    """What is there, and what was."""
    name = f"folder {prospect.name}"
    if prospect.meaning is Meaning.REMOVED:
        yield f"{name} is not in the configuration any more"
    else:
        yield f"{name}: {printable(prospect.row.path)}"
    yield from _before(prospect)
    yield from _now(prospect)
    for ground in prospect.away:
        if ground.directory != prospect.row.path:
            yield f"  away:     {printable(ground.directory)}"
    if prospect.waiting:
        yield f"  waiting:  {counted(prospect.waiting, 'job')}"
    if prospect.meaning is Meaning.NOTHING:
        yield "nothing of it is refused, and nothing waits for a lost disk: nothing to forget"
    elif prospect.in_flight:
        one, several = "job is in flight, and is left to end", "jobs are in flight, and left to end"
        yield counted(prospect.in_flight, one, several)


def forgotten_lines(prospect: Prospect, forgotten: Forgotten) -> Iterator[str]:
    """What came of it."""
    if prospect.meaning is Meaning.ACCEPT:
        yield f"folder {prospect.name} is read again, from what is there now"
        if not forgotten.is_delivering:
            yield "nothing runs now: `uploadd run` or `uploadd backfill DIR` goes on with it"
        return
    yield (
        f"{counted(forgotten.ended, 'job was', 'jobs were')} skipped; `uploadd retry --code"
        " vanished` takes them up again"
    )


def _before(prospect: Prospect) -> Iterator[str]:
    accepted = prospect.row.accepted
    if accepted is None:
        return
    yield f"  accepted: {printable(accepted.path)} of user {user_name(accepted.owner)}"
    yield from map(_link, sorted(accepted.links, key=lambda link: link.path))


def _now(prospect: Prospect) -> Iterator[str]:
    if prospect.meaning is Meaning.REMOVED:
        return
    if prospect.look is None:
        yield "  now:      nothing is there"
        return
    seen = prospect.look.seen
    empty = ", empty" if prospect.look.is_empty else ""
    yield f"  now:      {printable(seen.path)} of user {user_name(seen.owner)}{empty}"
    yield from map(_link, seen.links)


def _link(link: FollowedLink) -> str:
    """Links that trusted users made are shown as well: they say where a path leads."""
    where = f"{printable(link.path)} -> {printable(link.target)}"
    return f"            by the link {where} of user {user_name(link.owner)}"
