"""What a backfill writes down for another process to take in."""

from __future__ import annotations

import os
from collections.abc import Sequence

from uploadd.files.opening import printable
from uploadd.intake.obstacles import place_of
from uploadd.model.configuration import Configuration
from uploadd.model.errors import UsageError
from uploadd.operations.backfill.trees import Wanted
from uploadd.store.backfills import Asked


def asked_of(configuration: Configuration, wanted: Sequence[Wanted]) -> list[Asked]:
    """A row for each directory (blocking). Raises `UsageError` for one that is gone."""
    settings = configuration.settings_digest()
    return [_asked(one, settings) for one in wanted]


def asked_of_those_there(configuration: Configuration, wanted: Sequence[Wanted]) -> list[Asked]:
    """The same, without those that are gone (blocking)."""
    return asked_of(configuration, [one for one in wanted if os.path.isdir(one.directory)])


def _asked(one: Wanted, settings: str) -> Asked:
    try:
        place = place_of(one.directory)
    except OSError as error:
        raise UsageError(
            f"{printable(one.directory)} cannot be looked at any more: {error.strerror}",
            "give the command again when it is there",
        ) from None
    folder = one.folder
    return Asked(one.directory, place, folder.name, one.is_named, folder.accounts, settings)
