"""Where a file lies that a person names, and the path by which the queue knows it."""

from __future__ import annotations

import os
from dataclasses import replace

from sqlite_utils import Database

from uploadd.files.directories import real_path
from uploadd.files.membership import Folders
from uploadd.model.places import Place, is_inside
from uploadd.store.listing import has_jobs


def known_place(db: Database | None, folders: Folders, file: bytes) -> Place:
    """Where it lies, by the path that has jobs at or below it; else by its own path.

    A folder that was configured since, or by another way, gives its files another path than the
    one that they had before.
    """
    place = folders.place(file)
    is_link_below = os.path.islink(file) and place.folder is not None
    if os.path.isdir(file) and not is_link_below:
        place = folders.place_of_directory(file)
    directory, name = os.path.split(os.path.abspath(file))
    former = (os.path.join(real_path(directory), name), os.path.join(directory, name))
    for path in (place.path, *former):
        if db is not None and has_jobs(db, path):
            return place if path == place.path else _known_as(place, path)
    if db is not None and os.path.isdir(file):
        target = folders.place_of_directory(file)  # DIR may be a link, as for a backfill
        return target if has_jobs(db, target.path) else place
    return place


def roots_of(folders: Folders, place: Place) -> tuple[bytes, ...]:
    """The paths at and below which the queue has a place's jobs.

    A folder that lies there has a path of its own, which may be another way to it.
    """
    others = (folder.root for folder in folders.below(place.path))
    return place.path, *(root for root in others if not is_inside(root, place.path))


def _known_as(place: Place, path: bytes) -> Place:
    """The same settings under another path."""
    depth = place.relative.count(b"/") + 1
    root = path
    for _ in range(depth if place.relative else 0):
        root = os.path.dirname(root)
    return replace(place, root=root)
