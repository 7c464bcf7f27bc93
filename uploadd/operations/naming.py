"""Which jobs the words of a command line stand for: numbers, files and directories."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from uploadd.files.opening import printable
from uploadd.model.configuration import Configuration
from uploadd.model.jobs import Job
from uploadd.operations.accepted import folders_of
from uploadd.operations.show.spelling import known_place, roots_of
from uploadd.store import overview
from uploadd.store.listing import Choice, choose_ids, has_jobs

MOST_DIGITS = 18
"""A longer number is no job's: the database could not hold it."""

Fits = Callable[[Job, bool], bool]
"""Whether a job of a named file is meant; told whether its content is the file's now."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a person named: jobs by their numbers, files and directories as they were typed."""

    ids: tuple[int, ...] = ()
    paths: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was named."""
        return bool(self.ids or self.paths)


NOTHING = Names()


@dataclass(frozen=True, slots=True)
class Refused:
    """A job, or a path without one (None), that stays as it is, and why."""

    job_id: int | None
    text: str


def names_in(words: Iterable[str]) -> Names:
    """Numbers are jobs, all else is a path; `./12` is a file whose name is a number."""
    ids: list[int] = []
    paths: list[bytes] = []
    for word in words:
        if word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS:
            ids.append(int(word))
        else:
            paths.append(os.fsencode(word))
    return Names(tuple(ids), tuple(paths))


def ids_named(
    db: Database, configuration: Configuration, names: Names, fits: Fits, below: Sequence[Choice]
) -> tuple[list[int], list[Refused]]:
    """The jobs that are meant, each once, and the paths that have none.

    Of a file those that fit; where none does, its newest, so that it is told why. Of a directory
    what one of the choices takes. Neither needs to be on the disk any more.
    """
    folders = folders_of(configuration)
    ids = list(names.ids)
    refused = []
    for typed in names.paths:
        place = known_place(db, folders, typed)
        path, roots = place.path, roots_of(folders, place)
        if not any(has_jobs(db, root) for root in roots):
            refused.append(no_job(path))
        of_path = overview.jobs_of_path(db, path)
        current = overview.current_ids(db, path, of_path)
        found = [job.id for job in of_path if fits(job, job.id in current)]
        for choice in below:
            found += choose_ids(db, replace(choice, below=roots))
        ids += found or [job.id for job in of_path[-1:]]
    return list(dict.fromkeys(ids)), refused


def no_job(path: bytes) -> Refused:
    """A path that nothing is known of."""
    shown = printable(path)
    return Refused(None, f"there is no job for {shown}; `uploadd why {shown}` says why")


def unknown(job_id: int) -> Refused:
    """A number that no job has."""
    return Refused(job_id, f"there is no job {job_id}; `uploadd jobs` shows them")
