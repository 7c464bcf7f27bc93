"""A directory that is too large for one step: what is gone from it is known after its last part.

Nothing of its parts is kept but numbers. Only where these do not add up, each known name of the
directory is looked at once more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from uploadd.files.reaching import Roots
from uploadd.intake.comparing import Difference
from uploadd.intake.listings import Listing
from uploadd.model.errors import RootRefusedError
from uploadd.model.places import Spot
from uploadd.model.sightings import KnownFile


class LargeDirectory:
    """What the parts of one directory have shown."""

    def __init__(self, directory: bytes) -> None:
        self.directory = directory
        self._known = 0
        self._is_same_place = False

    def take(self, listing: Listing, there: dict[bytes, KnownFile], difference: Difference) -> None:
        """A part of it, and the files in it that are known."""
        self._known += len(there) - len(difference.left_out)
        has_unchanged = len(there) > len(difference.left_out) + len(difference.fresh)
        on_device = any(file.device == listing.device for file in there.values())
        self._is_same_place = self._is_same_place or has_unchanged or on_device

    def lacks_some_of(self, known: int) -> bool:
        """Whether more files are known than were seen, and the directory is the same as before."""
        return self._is_same_place and known > self._known

    def gone_of(self, roots: Roots, directory: Spot, names: Sequence[bytes]) -> list[bytes]:
        """Those of the names that are not there any more; none if the directory is not. Blocks."""
        try:
            with roots.directory(directory) as descriptor:
                return [name for name in names if _is_gone(descriptor, name)]
        except (OSError, RootRefusedError):
            return []


def _is_gone(directory: int, name: bytes) -> bool:
    try:
        os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return True
    return False
