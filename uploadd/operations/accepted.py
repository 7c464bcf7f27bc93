"""The folders as a command sees them: by the directories that were accepted for them."""

from __future__ import annotations

from contextlib import suppress

from uploadd.files.membership import Folders
from uploadd.intake.admission import accepted_of
from uploadd.intake.rules import Rules
from uploadd.model.configuration import Configuration
from uploadd.model.errors import StoreError
from uploadd.model.roots import AcceptedRoot
from uploadd.store import roots
from uploadd.store.beside import reading


def rules_of(configuration: Configuration, *, remembers: bool = False) -> Rules:
    """The settings, for a command that runs beside who delivers. `remembers`: see `Folders`."""
    return Rules(configuration, accepted_now(configuration), remembers=remembers)


def folders_of(configuration: Configuration) -> Folders:
    """The folders alone."""
    return Folders.of(configuration, accepted_now(configuration))


def accepted_now(configuration: Configuration) -> dict[bytes, AcceptedRoot]:
    """The accepted directories, by the paths of their folders.

    Nothing where the database cannot be read: the command will say so by itself.
    """
    with suppress(StoreError), reading(configuration.state_dir) as db:
        if db is not None:
            return accepted_of(configuration.folders.values(), roots.every(db))
    return {}
