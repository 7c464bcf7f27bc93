"""What of a folder is away, and the end of what waits for it (`uploadd forget FOLDER`).

Each commit ends some of it, so the command may be given again after it died half-way.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence

from sqlite_utils import Database

from uploadd.files.folder_root import identity_of
from uploadd.files.opening import printable
from uploadd.intake.presence import is_one_there
from uploadd.model.configuration import Configuration
from uploadd.model.jobs import Job
from uploadd.model.places import is_inside
from uploadd.model.presence import Ground, Presence, missed, presence
from uploadd.model.states import State
from uploadd.model.verdicts import Reason
from uploadd.store import backfills, grounds, listing, moves, roots, sightings
from uploadd.store.beside import in_turns, reading, writing
from uploadd.store.listing import Choice

WAITING = (State.QUEUED, State.FAILED)
GIVEN_UP = Reason(
    sightings.VANISHED.code,
    "its folder was forgotten by a person: the disk it lies on will not come back",
    "if it does, the file is taken up again by itself; `uploadd retry` does it at once",
)


def others_of(configuration: Configuration, name: str) -> list[bytes]:
    """The roots of the other folders."""
    return [folder.root for other, folder in configuration.folders.items() if other != name]


def away_now(db: Database, configuration: Configuration, name: str) -> tuple[Ground, ...]:
    """The grounds of a folder that are away at this moment, whoever has noticed. Blocks."""
    others = others_of(configuration, name)
    own = [ground for ground in grounds.every(db) if ground.folder == name]
    return tuple(one for one in own if _is_away(db, one, others))


def _is_away(db: Database, ground: Ground, others: Collection[bytes]) -> bool:
    now = identity_of(ground.directory)
    elders = grounds.every_elder(db, missed(ground, 0.0, grounds.newest(db)), others)
    if presence(ground.identity, now, has_known=now is not None and is_one_there(elders)) is (
        Presence.AWAY
    ):
        return next(grounds.directories_in(db, ground.directory, others), None) is not None
    return False


def waiting_in(db: Database, name: str, away: Sequence[Ground]) -> list[int]:
    """The queued and failed jobs of a folder whose files are away."""
    below = [ground.directory for ground in away]
    if not below:
        return []
    found = listing.choose_jobs(db, Choice(WAITING, folder=name, below=below))
    return sorted(job.id for job in found if _is_missing(job))


def give_up(
    configuration: Configuration,
    name: str,
    away: Sequence[Ground],
    waiting: Sequence[int],
    now: float,
) -> int:
    """End these jobs, and forget what is known of the files; how many jobs were ended.

    What is in flight, what is on the account, and what is there now stays.
    """
    ended = 0
    for some in in_turns(waiting):
        with writing(configuration.state_dir) as db:
            ended += _end(db, some, now)
    for ground in away:
        ended += _forget_files(configuration, name, ground, now)
    with writing(configuration.state_dir) as db:
        grounds.drop(db, [ground.directory for ground in away])
        _refuse_backfills(db, name, away)
    return ended


def drop_folder(configuration: Configuration, name: str) -> None:
    """Whatever is at its path when it is read next is accepted, and is where its files lie."""
    with writing(configuration.state_dir) as db:
        roots.forget(db, name)
        own = [ground.directory for ground in grounds.every(db) if ground.folder == name]
        grounds.drop(db, own)


def _end(db: Database, job_ids: Sequence[int], now: float) -> int:
    """Skip these jobs, as far as they have not moved since, as those of vanished files."""
    ended = 0
    for job_id in job_ids:
        job = moves.job_by_id(db, job_id)
        if job is not None and job.ends_with_file:
            ended += sightings.forget(db, job.directory, job.name, GIVEN_UP, now)
    return ended


def _forget_files(configuration: Configuration, name: str, ground: Ground, now: float) -> int:
    """Those that are not there, directory by directory."""
    with reading(configuration.state_dir) as db:
        others = others_of(configuration, name)
        found = [] if db is None else list(grounds.directories_in(db, ground.directory, others))
    return sum(_forget_in(configuration, directory, now) for directory in found)


def _forget_in(configuration: Configuration, directory: bytes, now: float) -> int:
    with reading(configuration.state_dir) as db:
        names = [] if db is None else grounds.names_in(db, directory)
    missing = [(name, GIVEN_UP) for name in names if _is_not_there(directory, name)]
    if not missing:
        return 0
    with writing(configuration.state_dir) as db:
        return sightings.forget_all(db, directory, missing, now)


def _refuse_backfills(db: Database, name: str, away: Sequence[Ground]) -> None:
    for request in _requests_in(db, away):
        text = f"folder {name}, in which {printable(request.directory)} lies, was forgotten"
        backfills.refuse(db, request.id, text, "back it up once it is there")


def _requests_in(db: Database, away: Sequence[Ground]) -> Iterator[backfills.Request]:
    for request in backfills.everything(db):
        if any(is_inside(request.directory, ground.directory) for ground in away):
            yield request


def _is_missing(job: Job) -> bool:
    return _is_not_there(job.directory, job.name)


def _is_not_there(directory: bytes, name: bytes) -> bool:
    return not os.path.lexists(os.path.join(directory, name))
