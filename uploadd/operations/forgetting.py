"""`uploadd forget FOLDER`: accept the directory that is there now, or give up one that is away."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlite_utils import Database

from uploadd.files.accepted import Look, look_at_root
from uploadd.files.directories import trouble_with_directory
from uploadd.files.membership import Folders
from uploadd.files.standing import us
from uploadd.intake.admission import judged
from uploadd.model.configuration import Configuration
from uploadd.model.errors import StoreBusyError, UsageError
from uploadd.model.presence import Ground
from uploadd.model.roots import accept
from uploadd.model.states import IN_FLIGHT
from uploadd.operations.accepted import folders_of
from uploadd.operations.giving_up import WAITING, away_now, drop_folder, give_up, waiting_in
from uploadd.store import listing, lock, overview, roots
from uploadd.store.beside import reading, writing
from uploadd.store.listing import Choice
from uploadd.store.roots import RootRow

_HIDDEN = frozenset({errno.EACCES, errno.EPERM})


class Meaning(StrEnum):
    """What forgetting a folder would do."""

    NOTHING = "nothing"  # it is read as it is
    ACCEPT = "accept"  # another directory is there
    GIVE_UP = "give-up"  # its directory is away
    REMOVED = "removed"  # it is not configured any more


@dataclass(frozen=True, slots=True)
class Prospect:
    """What forgetting a folder comes to, at this moment. `row`: what was known of its directory.

    `look`: what is there now; None where nothing is. `waiting`: the files that have not been
    uploaded, `in_flight`: those that are left to end. `away`: what of it is away.
    """

    name: str
    meaning: Meaning
    row: RootRow
    look: Look | None = None
    waiting: int = 0
    in_flight: int = 0
    away: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it: how many jobs were ended, and whether something runs that goes on."""

    ended: int = 0
    is_delivering: bool = False


@dataclass
class _Standing:
    """What the database knows of a folder."""

    row: RootRow
    waiting: list[int] = field(default_factory=list)
    in_flight: int = 0
    is_known: bool = False
    away: tuple[Ground, ...] = ()


def prospect_of(configuration: Configuration, name: str) -> Prospect:
    """What `forget` would do (blocking). Changes nothing.

    Raises `UsageError` for a folder that nobody knows, or that cannot be looked at.
    """
    folder = configuration.folders.get(name)
    path = folder.root if folder is not None else b""
    standing = _standing(configuration, name, path)
    counts = (len(standing.waiting), standing.in_flight)
    if folder is None:
        if not standing.is_known:
            known = ", ".join(configuration.folders) or "none is configured"
            raise UsageError(f"{name} is not a folder", f"known are: {known}")
        return Prospect(name, Meaning.REMOVED, standing.row, None, *counts)
    look = _look(path)
    meaning = _meaning(standing, look, folders_of(configuration))
    if meaning is not Meaning.GIVE_UP:
        return Prospect(name, meaning, standing.row, look, *counts)
    away = standing.away or (Ground(path, name, None),)
    waiting = _waiting_in(configuration, name, away)
    return Prospect(name, meaning, standing.row, look, len(waiting), standing.in_flight, away)


def forget(configuration: Configuration, prospect: Prospect, now: float) -> Forgotten:
    """Do what was shown, and nothing else. May be given again after it died half-way.

    Raises `StoreBusyError` where another directory was noted meanwhile, `StoreError`.
    """
    if prospect.meaning is Meaning.NOTHING:
        return Forgotten()
    if prospect.meaning is Meaning.ACCEPT:
        _accept(configuration, prospect)
        ended = 0
    else:
        ended = _give_up(configuration, prospect, now)
    return Forgotten(ended, lock.is_taken(configuration.state_dir))


def _standing(configuration: Configuration, name: str, path: bytes) -> _Standing:
    with reading(configuration.state_dir) as db:
        if db is None:
            return _Standing(RootRow(name, path))
        flying = Choice(tuple(sorted(IN_FLIGHT)), folder=name)
        waiting = listing.choose_ids(db, Choice(WAITING, folder=name))
        in_flight = len(listing.choose_ids(db, flying))
        is_known = bool(waiting) or in_flight > 0 or _has_row(db, name)
        row = roots.row_of(db, name, path)
        away = away_now(db, configuration, name) if name in configuration.folders else ()
        return _Standing(row, waiting, in_flight, is_known, away)


def _waiting_in(configuration: Configuration, name: str, away: Sequence[Ground]) -> list[int]:
    with reading(configuration.state_dir) as db:
        return [] if db is None else waiting_in(db, name, away)


def _has_row(db: Database, name: str) -> bool:
    names = {row["name"] for row in overview.folders(db)} | {one for one, _ in roots.every(db)}
    return name in names


def _look(path: bytes) -> Look | None:
    """What is there; None where the directory is away."""
    try:
        return look_at_root(path)
    except OSError as error:
        trouble = trouble_with_directory(path)
        if error.errno in _HIDDEN and trouble is not None:
            raise UsageError(*trouble) from None
        return None


def _meaning(standing: _Standing, look: Look | None, folders: Folders) -> Meaning:
    accepted = standing.row.accepted
    if look is None:
        is_needed = accepted or standing.waiting or standing.away
        return Meaning.GIVE_UP if is_needed else Meaning.NOTHING
    _, refused = judged(standing.row, look, folders)
    if standing.away and (refused is None or look.is_empty):
        return Meaning.GIVE_UP
    if look.is_empty and accepted is not None:
        is_other_disk = accepted.device != look.seen.device
        return Meaning.GIVE_UP if is_other_disk or refused is not None else Meaning.NOTHING
    return Meaning.NOTHING if refused is None else Meaning.ACCEPT


def _accept(configuration: Configuration, prospect: Prospect) -> None:
    """The directory that the person has seen; not whatever may be there by now."""
    assert prospect.look is not None  # noqa: S101 - it is what is accepted
    accepted = accept(prospect.look.seen, us())
    with writing(configuration.state_dir) as db:
        row = roots.row_of(db, prospect.name, prospect.row.path)
        if row.accepted != prospect.row.accepted:
            text = f"another directory was noted for folder {prospect.name} meanwhile"
            raise StoreBusyError(text, "look again, with the same command")
        roots.put(db, row, RootRow(row.folder, row.path, accepted))


def _give_up(configuration: Configuration, prospect: Prospect, now: float) -> int:
    name = prospect.name
    if prospect.meaning is Meaning.REMOVED:
        waiting = _standing(configuration, name, prospect.row.path).waiting
    else:
        waiting = _waiting_in(configuration, name, prospect.away)
    ended = give_up(configuration, name, prospect.away, waiting, now)
    if prospect.meaning is Meaning.REMOVED or _is_root_away(prospect):
        drop_folder(configuration, name)
    return ended


def _is_root_away(prospect: Prospect) -> bool:
    return any(ground.directory == prospect.row.path for ground in prospect.away)
