"""Why a path has no job: where it lies, what it is, and when it would be seen."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from uploadd.files.directories import closed_above, how_to_let_in
from uploadd.files.opening import printable
from uploadd.files.openness import is_open_for_writing
from uploadd.files.reaching import Roots
from uploadd.intake.candidate import MOST_BIRTH_SECONDS
from uploadd.model.configuration import Folder
from uploadd.model.numbers import number
from uploadd.model.places import Place, Spot
from uploadd.model.roots import FOREIGN_ROOT
from uploadd.operations.show.exclusion import Remark, closed_directory, exclusion
from uploadd.store.lock import Holder
from uploadd.store.rows import Row


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who looks at the folders. `rows`: what the store knows of each, by its name.

    `refused`: why the folder in question is not read, and the remedy; None: it is.
    """

    now: float
    holder: Holder | None
    rows: Mapping[str, Row]
    refused: tuple[str, str] | None = None


def why_no_job(place: Place, watchers: Watchers) -> Remark:
    """Why there is no job for what lies at `place`. Looks at the disk."""
    seen = _look(place.path) if watchers.refused is None else unread(place, *watchers.refused)
    if isinstance(seen, Remark):
        return seen
    if stat.S_ISDIR(seen.st_mode):
        return _of_directory(place)
    folder = place.folder
    if folder is None:
        return _outside(os.path.dirname(place.path))
    left_out = exclusion(folder, place.root, place.relative)
    if left_out is not None:
        return left_out
    if not stat.S_ISREG(seen.st_mode):
        return _not_regular(seen)
    return Remark("unseen", "; ".join(_why_unseen(folder, place.spot, seen, watchers)))


def _look(path: bytes) -> os.stat_result | Remark:
    closed = closed_above(path)
    if closed is not None:
        text = f"the directory {printable(closed)} cannot be read by this user"
        return Remark("unreadable", text, how_to_let_in([closed]))
    try:
        return os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return Remark("missing", "there is no such file, and none was ever seen here")
    except OSError as error:
        return Remark("unreadable", f"it cannot be looked at: {error.strerror}")


def unread(place: Place, text: str, remedy: str) -> Remark:
    """That its folder is not read, why, and what a person may do."""
    return Remark(FOREIGN_ROOT, f"folder {place.folder_name} is not read: {text}", remedy)


def _of_directory(place: Place) -> Remark:
    if place.folder is None:
        return _outside(place.path)
    closed = closed_directory(place.folder, place.root, place.relative)
    text = f"it is a directory in folder {place.folder.name}, and nothing in it was seen yet"
    return closed or Remark("directory", text)


def _outside(directory: bytes) -> Remark:
    return Remark(
        "outside",
        "it lies in no configured folder",
        f"`uploadd backfill {printable(directory)}` uploads what is there, once;"
        " a [folders.NAME] with that path keeps it watched",
    )


def _not_regular(seen: os.stat_result) -> Remark:
    if stat.S_ISLNK(seen.st_mode):
        text = "it is a symbolic link, and those are not followed below a folder"
        return Remark("link", text, "ask for the file that it points to")
    return Remark("not-regular", "it is a device, a pipe or a socket")


def _why_unseen(
    folder: Folder, spot: Spot, seen: os.stat_result, watchers: Watchers
) -> Iterator[str]:
    yield f"folder {folder.name} takes it, and it has not been read yet"
    rest = watchers.now - max(seen.st_mtime, seen.st_ctime)
    is_open = is_open_for_writing(Roots().route(spot))
    quiet = folder.settle_seconds
    if is_open is None:
        quiet = max(quiet, folder.settle_unproven_seconds)
    if rest < quiet:
        yield f"it changed {number(max(rest, 0))} s ago and must rest for {quiet:,g} s"
    else:
        if is_open is None and rest < MOST_BIRTH_SECONDS:
            longest = number(MOST_BIRTH_SECONDS)
            yield f"if a program still writes it, that is waited for, {longest} s at most"
        if rest < folder.settle_unfinished_seconds:
            yield f"if it lacks its end, it must rest for {folder.settle_unfinished_seconds:,g} s"
    if is_open:
        yield "another program has it open for writing; it is taken when that has ended"
    yield _who_looks(folder, watchers)


def _who_looks(folder: Folder, watchers: Watchers) -> str:
    holder = watchers.holder
    if holder is None:
        return "nothing runs: the next `uploadd run`, or `uploadd backfill DIR`, sees it"
    if holder.command != "run":
        sees = "only one file" if holder.command == "replace" else "what lies in its directories"
        return f"a {holder.command} runs (pid {holder.pid}); it sees {sees}"
    row = watchers.rows.get(folder.name)
    if row is None or row["last_rescan"] is None:
        return "the daemon has not walked this folder yet; its first walk sees it"
    if row["degraded"]:
        return f"the folder is not watched as it should be: {row['degraded']}"
    if not folder.rescan_seconds:
        return f"the daemon watches it ({row['watch']}), and does not walk again by itself"
    due = max(0.0, row["last_rescan"] + folder.rescan_seconds - watchers.now)
    return (
        f"the daemon watches it ({row['watch']}), and walks again in {number(due)} s at the latest"
    )
