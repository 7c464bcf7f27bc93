"""`uploadd why FILE`: the story of one file, and what happens next."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from uploadd.cli.context import EXIT_FAILED, clear_errors, own_configuration
from uploadd.cli.screen import print_json, results
from uploadd.cli.story_view import story_lines
from uploadd.operations.show.story import story_of


def why(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE|DIR", show_default=False, help="It may be gone by now.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell the story of one file: where it is, why, what comes next; or sum up a directory."""
    with clear_errors():
        configuration = own_configuration(context)
        story = story_of(configuration, os.fsencode(file), time.time())
        if as_json:
            print_json(story.as_json())
        else:
            console = results()
            for line in story_lines(story, time.time()):
                console.print(line, soft_wrap=True)
        if story.is_unheard_of:
            raise typer.Exit(EXIT_FAILED)
