"""What the commands show: read-only questions, asked beside a running deliverer."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlite_utils import Database

from uploadd.model.jobs import Job, Lane
from uploadd.model.photo import Privacy
from uploadd.model.sightings import KnownFile
from uploadd.model.states import State
from uploadd.store import statements
from uploadd.store.rows import Row, jobs, one, rows, value


class Total(NamedTuple):
    """Some jobs, and the sizes of their files together."""

    jobs: int
    size_bytes: int


def totals_of_account(db: Database, account_id: int) -> dict[State, Total]:
    """How many jobs of an account are in each state, and how large their files are."""
    return {
        State(row["state"]): Total(row["jobs"], row["size_bytes"])
        for row in rows(db, statements.TOTALS, (account_id,))
    }


def counts_of_account(db: Database, account_id: int) -> dict[State, int]:
    """How many jobs of an account are in each state."""
    return {state: total.jobs for state, total in totals_of_account(db, account_id).items()}


def done_since(db: Database, account_id: int, since: float) -> Total:
    """What an account was given since then (unix seconds)."""
    row = one(db, statements.DONE_SINCE, (account_id, since))
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return Total(row["jobs"], row["size_bytes"])


def last_story(db: Database) -> int:
    """A number that changes with each job that is made, or moves to another state."""
    newest: int = value(db, statements.LAST_STORY) or 0
    return newest


class OpenCounts:
    """How many jobs still have a way to go; counted again only if a job has moved since."""

    def __init__(self) -> None:
        self._story = -1
        self._counted: dict[int, dict[State, int]] = {}

    def of_account(self, db: Database, account_id: int) -> dict[State, int]:
        """An account's open jobs by state. Counting takes 20 ms where 300,000 are queued."""
        story = last_story(db)
        if story != self._story:
            self._story = story
            self._counted.clear()
        if account_id not in self._counted:
            self._counted[account_id] = _open_counts(db, account_id)
        return self._counted[account_id]


def _open_counts(db: Database, account_id: int) -> dict[State, int]:
    found = rows(db, statements.OPEN_COUNTS, {"account_id": account_id})
    return {State(row["state"]): row["n"] for row in found}


def counts_below(db: Database, root: bytes, account_id: int) -> dict[State, int]:
    """How the known files at or below `root` stand with an account.

    Each file counts by the job of the content it has now. A content that is on its way counts as
    well, although its file has gone or changed meanwhile.
    """
    found = Counter[State]()
    for row in rows(db, statements.COUNTS_BELOW, {**at_or_below(root), "account_id": account_id}):
        found[State(row["state"])] += row["files"]
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How many files stand alike with an account.

    `code`: the reason's, of those that ended without being there. `tail`: the last bytes of the
    name, an extension included; empty for those that the account has.
    """

    state: State
    code: str
    media_type: str
    tail: bytes
    files: int


def standings_below(db: Database, root: bytes, account_id: int) -> list[Standing]:
    """The files that `counts_below` counts, by reason and type. For once, not for each look."""
    below = {**at_or_below(root), "account_id": account_id}
    return [_standing_of(row) for row in rows(db, statements.STANDINGS_BELOW, below)]


def not_there_in(db: Database, directory: bytes, account_id: int) -> dict[bytes, Standing]:
    """The known files of one directory that the account does not have, by name."""
    found = rows(db, statements.NOT_THERE_IN, (directory, account_id))
    return {row["name"]: _standing_of(row) for row in found}


def _standing_of(row: Row) -> Standing:
    return Standing(State(row["state"]), row["code"], row["media_type"], row["tail"], row["files"])


def newest_photos(db: Database, root: bytes, account_id: int, since: float, most: int) -> list[str]:
    """The ids of photos that came from below `root` since then, oldest first, at most `most`."""
    which = {"account_id": account_id, "since": since, "most": most, **at_or_below(root)}
    return [row["photo_id"] for row in rows(db, statements.NEWEST_PHOTOS_BELOW, which)]


def next_due_below(
    db: Database,
    root: bytes,
    account_id: int,
    *,
    with_videos: bool = True,
    with_changed: bool = True,
) -> float | None:
    """When the first queued job below `root` is ready (unix seconds; in the past: now).

    `with_changed` False: without those that wait for their file, which has changed, to be read.
    """
    which = {"account_id": account_id, "with_videos": with_videos, "with_changed": with_changed}
    due: float | None = value(db, statements.NEXT_DUE_BELOW, {**which, **at_or_below(root)})
    return due


def held_below(db: Database, root: bytes, account_id: int) -> int:
    """How many queued jobs below `root` wait for a person, because their folder is not read."""
    which = {"account_id": account_id, **at_or_below(root)}
    count: int = value(db, statements.COUNT_HELD_BELOW, which)
    return count


def next_question_below(db: Database, root: bytes, account_id: int) -> float | None:
    """When the first question about a job below `root` is due (unix seconds; in the past: now)."""
    which = {"account_id": account_id, **at_or_below(root)}
    due: float | None = value(db, statements.NEXT_QUESTION_BELOW, which)
    return due


def range_below(root: bytes) -> tuple[bytes, bytes]:
    """Every directory below `root` lies between these two, in the order of bytes."""
    return root.rstrip(b"/") + b"/", root.rstrip(b"/") + b"0"


def at_or_below(root: bytes) -> Row:
    """The parameters of each statement about the directories at or below `root`."""
    first, beyond = range_below(root)
    return {"root": root, "first": first, "beyond": beyond}


def jobs_of_path(db: Database, path: bytes) -> list[Job]:
    """Every job that a path ever had, oldest first."""
    return jobs(db, statements.JOBS_OF_PATH, os.path.split(path))


def current_ids(db: Database, path: bytes, of_path: Sequence[Job]) -> set[int]:
    """Those of a path's jobs whose content the file had when it was read last.

    Where that is not remembered, the newest of each account.
    """
    content = known_content(db, path)
    newest = {job.account_id: job.id for job in of_path}
    if content is None:
        return set(newest.values())
    return {job.id for job in of_path if job.sha256 == content}


def privacy_of_photo(db: Database, account_id: int, photo_id: str) -> Privacy | None:
    """Who was to see a photo when uploadd uploaded it; None where it came otherwise."""
    word = value(db, statements.PRIVACY_OF_PHOTO, (account_id, photo_id))
    return Privacy(word) if word else None


def history_of(db: Database, job_id: int) -> list[Row]:
    """The story of a job: rows of `at`, `state`, `text`."""
    return list(rows(db, statements.HISTORY_OF_JOB, (job_id,)))


def folders(db: Database) -> list[Row]:
    """How each folder was last watched and walked."""
    return list(rows(db, statements.FOLDERS))


def set_folder(
    db: Database, name: str, path: bytes, watch: str, degraded: str, troubles: str = ""
) -> None:
    """Tell how a folder is watched now, and what is wrong with it (empty: nothing).

    `troubles`: the places in it that are in trouble, as `intake/troubles.py` writes them.
    """
    told = {"name": name, "path": path, "watch": watch, "degraded": degraded, "troubles": troubles}
    db.execute(statements.SET_FOLDER, told)


def set_last_rescan(db: Database, name: str, now: float) -> None:
    """A walk of this folder has ended."""
    db.execute(statements.SET_LAST_RESCAN, (now, name))


def fact(db: Database, name: str) -> str | None:
    """A single remembered value."""
    found: str | None = value(db, statements.FACT, (name,))
    return found


def number_fact(db: Database, name: str) -> float | None:
    """A remembered number; None where there is none (the table can be edited by hand)."""
    try:
        number = float(fact(db, name) or "")
    except (ValueError, TypeError):
        return None
    return number if math.isfinite(number) else None


def set_fact(db: Database, name: str, text: str | None) -> None:
    """Remember a single value, or forget it (None)."""
    if text is None:
        db.execute(statements.DROP_FACT, (name,))
    else:
        db.execute(statements.SET_FACT, (name, text))


def stale_tags(db: Database, account_id: int) -> list[Job]:
    """The jobs whose photos were left with a wrong content tag."""
    return jobs(db, statements.STALE_TAGS, (account_id,))


@dataclass(frozen=True, slots=True)
class Failures:
    """How many jobs failed after some moment, and when the first of them did (unix seconds)."""

    count: int
    first: float


def failures_since(db: Database, account_id: int, since: float) -> Failures:
    """The failed jobs of an account that failed after `since` (unix seconds)."""
    row = one(db, statements.FAILURES_SINCE, (account_id, since))
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return Failures(row["number"], row["first"] or 0.0)


def data_version(db: Database) -> int:
    """A number that changes when another process has committed."""
    version: int = value(db, statements.DATA_VERSION)
    return version


def known_file(db: Database, path: bytes) -> KnownFile | None:
    """What is remembered of the file at `path`, or None."""
    row = one(db, statements.KNOWN_FILE, os.path.split(path))
    if row is None:
        return None
    return KnownFile(row["size"], row["mtime_ns"], row["inode"], row["device"], row["covers"])


def known_content(db: Database, path: bytes) -> str | None:
    """The hash of what the file at `path` held when it was read last; None: not remembered."""
    row = one(db, statements.KNOWN_FILE, os.path.split(path))
    return None if row is None else row["sha256"]


def ahead_of(db: Database, job: Job) -> int:
    """How many queued jobs of the same account come before this one, waits left aside."""
    lane = {"account_id": job.account_id, "lane": job.lane, "id": job.id, "live": Lane.LIVE}
    count: int = value(db, statements.AHEAD_IN_QUEUE, lane)
    return count
