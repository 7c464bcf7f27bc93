"""Folders of which files were taken on their quiet time alone: nothing said that they were closed.

Noted once for each folder, in the commit that takes such a file, and forgotten when the daemon
starts: what a person has changed since may have ended it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

from uploadd.store import overview

_FACT = "quiet time only: {}"


def note(db: Database, folders: Iterable[str]) -> None:
    """Files of these folders were taken so."""
    for name in folders:
        if not is_noted(db, name):
            overview.set_fact(db, _FACT.format(name), "1")


def is_noted(db: Database, folder: str) -> bool:
    """Whether a file of the folder was taken so since the daemon was started last."""
    return overview.fact(db, _FACT.format(folder)) is not None


def forget(db: Database, folder: str) -> None:
    """Begin anew."""
    overview.set_fact(db, _FACT.format(folder), None)
