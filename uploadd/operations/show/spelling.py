"""One file may be named in several ways: the one under which the queue knows it counts."""

from __future__ import annotations

import os

from sqlite_utils import Database

from uploadd.intake.tree import root_of
from uploadd.model.configuration import Configuration
from uploadd.operations.show.absence import folders_of
from uploadd.store.listing import has_jobs


def spellings(configuration: Configuration, file: bytes) -> list[bytes]:
    """The path as it was given, and as it is where links on the way to a folder are resolved."""
    absolute = os.path.abspath(file)
    directory, name = os.path.split(absolute)
    real = os.path.join(os.path.realpath(directory), name)
    found = [absolute, real]
    for folder in configuration.folders.values():
        root = root_of(folder)
        real_root = os.path.realpath(root)
        if real.startswith(real_root.rstrip(b"/") + b"/"):
            found.append(os.path.join(root, os.path.relpath(real, real_root)))
    return list(dict.fromkeys(found))


def likeliest(configuration: Configuration, spelled: list[bytes]) -> bytes:
    """The spelling that lies in a folder, where one does."""
    inside = [path for path in spelled if folders_of(configuration, path)]
    return (inside or spelled)[0]


def known_spelling(db: Database, configuration: Configuration, spelled: list[bytes]) -> bytes:
    """The spelling that has jobs, itself or below it; else the likeliest."""
    for path in spelled:
        if has_jobs(db, path):
            return path
    return likeliest(configuration, spelled)
