"""Which directory of each folder was accepted, and why what is there now is not read."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.model.roots import AcceptedRoot, FollowedLink
from uploadd.store import statements
from uploadd.store.rows import Row, one, rows


@dataclass(frozen=True, slots=True)
class RootRow:
    """What is known of the directory of one folder. `accepted`: None where nothing was yet.

    `refused` and `remedy`: why what a deliverer saw last is not read; empty: it is.
    `needs_person`: it does not pass by itself.
    """

    folder: str
    path: bytes
    accepted: AcceptedRoot | None = None
    refused: str = ""
    remedy: str = ""
    needs_person: bool = False

    @property
    def told(self) -> str:
        """The refusal in one line, with its remedy; empty where the folder is read."""
        return f"{self.refused}; {self.remedy}" if self.refused else ""


def row_of(db: Database, folder: str, path: bytes) -> RootRow:
    """What is known of a folder at its configured path."""
    row = one(db, statements.ROOT, (folder, path))
    return RootRow(folder, path) if row is None else _row_of(row)


def every(db: Database) -> dict[tuple[str, bytes], RootRow]:
    """The same for every folder that ever was, by its name and path."""
    found = [_row_of(row) for row in rows(db, statements.ROOTS)]
    return {(row.folder, row.path): row for row in found}


def put(db: Database, before: RootRow, after: RootRow) -> bool:
    """Write down what is known now; what waited for a folder that is read again goes on.

    False, and nothing is done, where somebody else has written since `before` was read.
    """
    if row_of(db, before.folder, before.path) != before:
        return False
    db.execute(statements.SET_ROOT, _fields_of(after))
    if before.refused and not after.refused:
        db.execute(statements.WAKE_WAITING_FOR_ROOT, (before.folder,))
    return True


def forget(db: Database, folder: str) -> None:
    """Whatever is at the folder's path when it is read next is accepted."""
    db.execute(statements.FORGET_ROOTS, (folder,))


def _row_of(row: Row) -> RootRow:
    accepted = None
    if row["place"] is not None:
        device, inode = _numbers_of(row["place"])
        links = _links_of(row["links"])
        accepted = AcceptedRoot(row["real_path"] or b"", device, inode, row["owner"], links)
    told = (row["refused"], row["remedy"], bool(row["needs_person"]))
    return RootRow(row["folder"], row["path"], accepted, *told)


def _fields_of(row: RootRow) -> Row:
    accepted = row.accepted
    return {
        "folder": row.folder,
        "path": row.path,
        "real_path": accepted.path if accepted else None,
        "place": f"{accepted.device}:{accepted.inode}" if accepted else None,
        "owner": accepted.owner if accepted else None,
        "links": _text_of(accepted.links if accepted else frozenset()),
        "refused": row.refused,
        "remedy": row.remedy,
        "needs_person": row.needs_person,
    }


def _text_of(links: frozenset[FollowedLink]) -> str:
    found = sorted((os.fsdecode(one.path), one.owner, os.fsdecode(one.target)) for one in links)
    return json.dumps(found)


def _links_of(text: str) -> frozenset[FollowedLink]:
    """What cannot be read (the table can be edited by hand) was not accepted."""
    try:
        return frozenset(
            FollowedLink(os.fsencode(path), owner, os.fsencode(target))
            for path, owner, target in json.loads(text)
        )
    except (ValueError, TypeError, RecursionError):
        return frozenset()


def _numbers_of(place: str) -> tuple[int, int]:
    """Device and inode; of no directory where they cannot be read. The owner is what counts."""
    device, _, inode = place.partition(":")
    try:
        return int(device), int(inode)
    except ValueError:
        return 0, 0
