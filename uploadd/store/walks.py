"""The last walk of each folder, for what a check says of patterns."""

from __future__ import annotations

from sqlite_utils import Database

from uploadd.model.walks import Walk, matches_of_text
from uploadd.store import statements
from uploadd.store.rows import rows


def note_walk(db: Database, folder: str, walk: Walk) -> None:
    """A walk of the whole folder has ended."""
    counts = (walk.root, walk.ended_at, walk.files, walk.as_text())
    db.execute(statements.NOTE_WALK, (folder, *counts))


def last_walks(db: Database) -> dict[str, Walk]:
    """By the folder's name; none for a folder that was not yet walked to its end."""
    return {
        row["folder"]: Walk(
            row["root"], row["ended_at"], row["files"], matches_of_text(row["matches"])
        )
        for row in rows(db, statements.LAST_WALKS)
    }
