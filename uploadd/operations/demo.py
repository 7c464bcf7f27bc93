"""What the demo is made of: a configuration of its own, and the story of what was not uploaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rich.filesize import decimal

from uploadd.files.opening import printable
from uploadd.model.configuration import Account, Configuration, Folder, WatchMode
from uploadd.model.errors import UsageError
from uploadd.model.photo import PhotoTable
from uploadd.model.states import State
from uploadd.operations.backfill.preview import preview
from uploadd.operations.backfill.trees import Wanted, wanted_trees
from uploadd.store import listing
from uploadd.store.connection import open_for_reading

FOLDER = "demo"
TABLE = PhotoTable(tags=("from:demo", "{camera}", "{parent}"))
LEFT_OUT = (State.DUPLICATE, State.SKIPPED, State.FAILED)
# The sandbox keeps a copy of each photo; some room must be left for everybody else.
SPARE_BYTES = 256 * 1024 * 1024


def demo_configuration(
    account: Account, state_dir: Path, photos: Path, *, settle_seconds: float
) -> Configuration:
    """The demo's whole configuration: nothing of the user's own is read."""
    folder = Folder(
        name=FOLDER,
        path=photos,
        accounts=(account.name,),
        watch=WatchMode.OFF,
        settle_seconds=settle_seconds,
        photo=TABLE,
    )
    return Configuration(
        state_dir=state_dir, accounts={account.name: account}, folders={FOLDER: folder}
    )


def demo_trees(configuration: Configuration) -> list[Wanted]:
    """The one tree of the demo. Raises `UsageError` where it is missing."""
    photos = str(configuration.folders[FOLDER].path)
    return wanted_trees(configuration, [photos], None, FOLDER)


def check_room(configuration: Configuration, wanted: list[Wanted], place: Path) -> None:
    """Raise `UsageError` where `place` has no room for a copy of every photo."""
    needed = preview(configuration, wanted).bytes_to_send
    free = shutil.disk_usage(place).free
    if needed + SPARE_BYTES > free:
        raise UsageError(
            f"the photos are {decimal(needed)}, and the sandbox's copies have {decimal(free)}"
            f" of room in {place.parent}",
            "take a smaller directory, or set TMPDIR to one with more room",
        )


def left_out_lines(configuration: Configuration, most: int) -> Iterator[str]:
    """One line for each file that was not uploaded, with the reason; at most `most` of them."""
    db = open_for_reading(configuration.state_dir)
    if db is None:
        return
    root = os.fsencode(configuration.folders[FOLDER].path)
    with closing(db):
        for number, job in enumerate(listing.choose_jobs(db, listing.Choice(LEFT_OUT))):
            if number == most:
                yield "  … and more"
                return
            name = printable(os.path.relpath(job.path, root))
            text = job.reason.text if job.reason else ""
            yield f"  {job.state}: {name}: {text}"
