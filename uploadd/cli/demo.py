"""`uploadd demo`: the main job on the sandbox, on photos of the user's or on painted ones."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uploadd.cli.backfill import run_backfill
from uploadd.cli.closing import left_alone_lines
from uploadd.cli.context import EXIT_USAGE, clear_errors, say, stop
from uploadd.cli.logs import format_beside_progress, set_up_logs
from uploadd.cli.sandbox import private_files
from uploadd.cli.wording import number_lines
from uploadd.model.configuration import Account
from uploadd.model.errors import UsageError
from uploadd.model.secret import Secret
from uploadd.operations.backfill.delivering import Ending, Finished
from uploadd.operations.demo import check_room, demo_configuration, demo_trees, left_out_lines
from uploadd.runtime import real_runtime

if TYPE_CHECKING:
    from uploadd.model.configuration import Configuration
    from uploadd.sandbox.server import Running

# Hidden, so that no walk goes into it where somebody shows us the directory that it is in.
PLACE_PREFIX = ".uploadd-demo-"
TICKET_SECONDS = 0.5
SETTLE_SECONDS = 5.0
MOST_LEFT_OUT = 12
REFRESH_SECONDS = 2
STOPPED = (Ending.INTERRUPTED, Ending.TERMINATED)


def demo(
    directory: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", show_default=False, help="Your photos: they are read, never touched."
        ),
    ] = None,
    is_to_exit: Annotated[
        bool, typer.Option("--exit", help="End after the summary, on a terminal too.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
) -> None:
    """Back up DIR, or painted photos, to a stand-in for Flickr. Nothing leaves the machine."""
    set_up_logs(format_beside_progress(), logging.WARNING)
    with clear_errors():
        _check_extras()
        _check_directory(directory)
        stays = not is_to_exit and sys.stdin.isatty() and sys.stderr.isatty()
        with private_files(), _place() as place:
            ending = _demonstrate(place, directory, port, stays=stays)
        raise typer.Exit(ending)


def _demonstrate(place: Path, directory: Path | None, port: int, *, stays: bool) -> Ending:
    with _sandbox(place / "sandbox", port) as running:
        account = _account(running)
        photos = directory.absolute() if directory else _made_photos(place / "photos")
        settle_seconds = SETTLE_SECONDS if directory else 0.0
        configuration = demo_configuration(
            account, place / "state", photos, settle_seconds=settle_seconds
        )
        finished = _backfill(configuration, running.url)
        _tell(finished, configuration)
        if stays and finished.ending not in STOPPED:
            _exit_on_signals()  # again: a backfill leaves the defaults behind
            say(f"\nWhat arrived is on {running.url}/ — look at it; Enter ends the demo.")
            _wait_for_enter()
    if not stays and finished.ending not in STOPPED:
        _keep(place)
    return finished.ending


def _backfill(configuration: Configuration, url: str) -> Finished:
    wanted = demo_trees(configuration)
    check_room(configuration, wanted, configuration.state_dir.parent)
    say(f"The stand-in for Flickr shows what arrives: {url}/?refresh={REFRESH_SECONDS}")
    finished = asyncio.run(run_backfill(configuration, wanted, False, real_runtime()))
    finished.snapshot.edit_url = None  # a page of Flickr's own, which the sandbox has not
    return finished


def _tell(finished: Finished, configuration: Configuration) -> None:
    if finished.ending in STOPPED:
        say("The demo was stopped; everything it made is removed.")
        return
    # Not that everything is on the account: somebody might take that for an account of theirs.
    for line in number_lines(finished):
        say(line)
    for line in left_alone_lines(
        finished.left_alone, finished.snapshot.settling, finished.snapshot.restless
    ):
        say(line)
    for line in left_out_lines(configuration, MOST_LEFT_OUT):
        say(line)


def _keep(place: Path) -> None:
    """Nobody has looked yet: leave what the sandbox got, and say how to see it."""
    kept = tempfile.mkdtemp(prefix="uploadd-demo-")
    shutil.move(place / "sandbox", kept)
    command = f"{shlex.quote(sys.argv[0])} sandbox --dir {shlex.quote(f'{kept}/sandbox')}"
    say(f"To look at the result: {command}")
    remove = f"rm -r {shlex.quote(kept)}"
    say(f"It then shows the photos on http://127.0.0.1:8080/. To remove them: {remove}")


def _made_photos(directory: Path) -> Path:
    from uploadd.operations.demo_photos import make_photos  # noqa: PLC0415 - Pillow is an extra

    say("Painting some photos …")
    make_photos(directory)
    return directory


def _account(running: Running) -> Account:
    known = running.sandbox.options.credentials
    return Account(
        "sandbox",
        api_key=Secret(known.api_key),
        api_secret=Secret(known.api_secret),
        token=Secret(known.token),
        token_secret=Secret(known.token_secret),
        calls_per_hour=0,  # an hour's budget is for a guest of Flickr's
        base_url=running.url,
    )


@contextmanager
def _sandbox(directory: Path, port: int) -> Iterator[Running]:
    from uploadd.sandbox.options import SandboxOptions  # noqa: PLC0415 - an extra
    from uploadd.sandbox.server import ListenError, running_sandbox  # noqa: PLC0415

    options = SandboxOptions(directory=directory, ticket_seconds=TICKET_SECONDS)
    try:
        with running_sandbox(options, port=port) as running:
            yield running
    except ListenError as refusal:
        raise UsageError(str(refusal), "take another --port, or none") from None


@contextmanager
def _place() -> Iterator[Path]:
    """A directory of the demo's own, removed at the end whatever happens, SIGTERM included."""
    _exit_on_signals()
    with tempfile.TemporaryDirectory(prefix=PLACE_PREFIX, ignore_cleanup_errors=True) as place:
        yield Path(place)


def _exit_on_signals() -> None:
    """End by an exception where the default would end without cleaning up."""

    def end(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def _check_directory(directory: Path | None) -> None:
    if directory is not None and not os.path.isdir(directory):
        raise UsageError(f"{directory} is not a directory", "name a directory with photos")


def _check_extras() -> None:
    try:
        import PIL  # noqa: F401, PLC0415
        import python_multipart  # noqa: F401, PLC0415
        import starlette  # noqa: F401, PLC0415
        import uvicorn  # noqa: F401, PLC0415
    except ModuleNotFoundError as missing:
        stop(f"the demo needs {missing.name}: pip install 'uploadd[sandbox]'", EXIT_USAGE)


def _wait_for_enter() -> None:
    try:
        input()
    except (EOFError, KeyboardInterrupt):
        return
