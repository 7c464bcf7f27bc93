"""Backfills that another process asks the deliverer for: one row a directory, kept over restarts.

The client writes `asked` and counts its pings. The deliverer writes everything else: what it
found out about the directory, how far its walk is, and that it has heard the last ping.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlite_utils import Database

from uploadd.model.left_alone import NOTHING_LEFT_ALONE, LeftAlone
from uploadd.model.restless import NOTHING_RESTLESS, Restless
from uploadd.store import statements
from uploadd.store.overview import at_or_below
from uploadd.store.rows import Row, rows, value


class Stage(StrEnum):
    """How far a requested backfill is."""

    ASKED = "asked"  # nobody has looked at it yet
    WALKING = "walking"
    SETTLING = "settling"  # the walk has ended; some files are still being written, or were lately
    WALKED = "walked"  # every file that was found is in the queue, or known
    REFUSED = "refused"  # for the reason in `text`


@dataclass(frozen=True, slots=True)
class Request:
    """A directory that somebody wants to have taken in, and what has come of it.

    `place`: its device and inode as the one who asks sees them. `folder`: the folder whose
    settings it takes (empty: none); `is_folder_named`: because a person said so. `accounts`: the
    names of those it goes to. `settings`: a digest of them all, as the one who asks has read them.
    `unanswered`: accounts whose service does not answer questions about tickets or look-ups.
    """

    id: int
    directory: bytes
    place: str
    folder: str
    is_folder_named: bool
    accounts: tuple[str, ...]
    settings: str
    state: Stage
    text: str
    remedy: str
    settling: int
    restless: Restless
    left_alone: LeftAlone
    is_probed: bool
    unanswered: tuple[str, ...]
    pings: int
    answers: int
    asked_at: float

    @property
    def is_walking(self) -> bool:
        """Whether more files may be found."""
        return self.state in (Stage.ASKED, Stage.WALKING)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client writes down."""

    directory: bytes
    place: str
    folder: str
    is_folder_named: bool
    accounts: tuple[str, ...]
    settings: str


def ask(db: Database, wanted: Sequence[Asked], now: float) -> list[int]:
    """Ask for these directories; returns the rows' ids, in the same order."""
    return [
        value(
            db,
            statements.ASK_BACKFILL,
            {
                **asdict(one),
                "accounts": json.dumps(one.accounts),
                "now": now,
            },
        )
        for one in wanted
    ]


def everything(db: Database) -> list[Request]:
    """Every request that stands, oldest first."""
    return [_request_of(row) for row in rows(db, statements.BACKFILLS)]


def ping(db: Database, ids: Iterable[int]) -> None:
    """Ask the deliverer for a sign of life: it answers every ping that it hears."""
    for request_id in ids:
        db.execute(statements.PING_BACKFILL, (request_id,))


def answer(db: Database) -> None:
    """Every ping was heard."""
    db.execute(statements.ANSWER_BACKFILLS)


def begin(db: Database, request_id: int) -> None:
    """Its walk begins."""
    db.execute(statements.BEGIN_BACKFILL, (request_id,))


@dataclass(frozen=True, slots=True)
class Progress:
    """What a deliverer tells about a request that it serves."""

    state: Stage
    text: str = ""
    settling: int = 0
    left_alone: LeftAlone = NOTHING_LEFT_ALONE
    is_probed: bool = False
    unanswered: tuple[str, ...] = ()
    restless: Restless = NOTHING_RESTLESS


def tell(db: Database, request_id: int, progress: Progress) -> None:
    """Write down how far it is; nothing where it was asked for again meanwhile."""
    db.execute(
        statements.SET_BACKFILL,
        {
            "id": request_id,
            "state": progress.state,
            "text": progress.text,
            "settling": progress.settling,
            "restless": progress.restless.as_text(),
            "left_alone": progress.left_alone.as_text(),
            "is_probed": progress.is_probed,
            "unanswered": json.dumps(progress.unanswered),
        },
    )


def refuse(db: Database, request_id: int, text: str, remedy: str) -> None:
    """It cannot be served, and why."""
    db.execute(statements.REFUSE_BACKFILL, (text, remedy, request_id))


def forget(db: Database, ids: Iterable[int]) -> None:
    """Nobody wants them any more."""
    for request_id in ids:
        db.execute(statements.FORGET_BACKFILL, (request_id,))


def is_open_below(db: Database, root: bytes, account_ids: Sequence[int]) -> bool:
    """Whether a job at or below `root` still has a way to go with one of these accounts."""
    below = at_or_below(root)
    return any(
        value(db, statements.IS_OPEN_BELOW, {"account_id": account_id, **below})
        for account_id in account_ids
    )


def _request_of(row: Row) -> Request:
    return Request(
        **{
            **row,
            "accounts": tuple(json.loads(row["accounts"])),
            "state": Stage(row["state"]),
            "is_folder_named": bool(row["is_folder_named"]),
            "restless": Restless.of_text(row["restless"]),
            "left_alone": LeftAlone.of_text(row["left_alone"]),
            "is_probed": bool(row["is_probed"]),
            "unanswered": tuple(json.loads(row["unanswered"])),
        }
    )
