"""The last walk of each folder, for what a check says of patterns."""

from __future__ import annotations

import math

from sqlite_utils import Database

from uploadd.model.walks import Walk, matches_of_text
from uploadd.store import statements
from uploadd.store.rows import Row, rows


def note_walk(db: Database, folder: str, walk: Walk) -> None:
    """A walk of the whole folder has ended."""
    counts = (walk.root, walk.ended_at, walk.files, walk.as_text())
    db.execute(statements.NOTE_WALK, (folder, *counts))


def last_walks(db: Database) -> dict[str, Walk]:
    """By the folder's name; none for a folder that was not yet walked to its end."""
    found = ((row["folder"], _walk_of(row)) for row in rows(db, statements.LAST_WALKS))
    return {folder: walk for folder, walk in found if walk is not None}


def _walk_of(row: Row) -> Walk | None:
    """None for a row that cannot be read (the table can be edited by hand)."""
    root, ended_at, files, matches = (row[key] for key in ("root", "ended_at", "files", "matches"))
    is_whole = isinstance(root, bytes) and isinstance(files, int) and isinstance(matches, str)
    if not is_whole or not isinstance(ended_at, float) or not math.isfinite(ended_at):
        return None
    return Walk(root, ended_at, files, matches_of_text(matches))
