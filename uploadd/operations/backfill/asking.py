"""What a backfill writes down for another process to take in."""

from __future__ import annotations

import os
from collections.abc import Sequence

from uploadd.files.opening import printable
from uploadd.intake.obstacles import place_of
from uploadd.model.errors import UsageError
from uploadd.operations.backfill.trees import Wanted
from uploadd.store.backfills import Asked


def asked_of(wanted: Sequence[Wanted]) -> list[Asked]:
    """A row for each directory (blocking). Raises `UsageError` for one that is gone."""
    return [_asked(one) for one in wanted]


def asked_of_those_there(wanted: Sequence[Wanted]) -> list[Asked]:
    """The same, without those that are gone (blocking)."""
    return [_asked(one) for one in wanted if os.path.isdir(one.directory)]


def _asked(one: Wanted) -> Asked:
    try:
        place = place_of(one.directory)
    except OSError as error:
        raise UsageError(
            f"{printable(one.directory)} cannot be looked at any more: {error.strerror}",
            "give the command again when it is there",
        ) from None
    return Asked(one.directory, place, one.folder.name, one.folder.accounts)
