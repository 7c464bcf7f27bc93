"""Counts what a walk passes by, listing by listing."""

from __future__ import annotations

from collections import Counter

from uploadd.files.opening import printable
from uploadd.intake.listings import Listing
from uploadd.intake.selection import Choice, Selection
from uploadd.model.left_alone import MOST_NAMED, LeftAlone


class PassedBy:
    """What one walk from `start` has left alone so far."""

    def __init__(self, selection: Selection, start: bytes) -> None:
        self._names: Counter[Choice] = Counter()
        self._closed: Counter[Choice] = Counter()
        self._links = 0
        self._unread = 0
        self._unread_named: list[str] = []
        choice = selection.choice_of_way(start)
        if choice is not Choice.TAKE:  # nothing is walked: its one directory is left alone
            self._closed[choice] += 1

    def take(self, listing: Listing) -> None:
        """Count what this directory showed."""
        self._names.update(listing.excluded.values())
        self._closed.update(listing.closed.values())
        self._links += listing.links
        if listing.error is not None:
            self._unread += 1
            if len(self._unread_named) < MOST_NAMED:
                self._unread_named.append(f"{printable(listing.directory)} ({listing.error})")

    def sum(self) -> LeftAlone:
        """As a value."""
        both = self._names + self._closed
        return LeftAlone(
            both[Choice.EXCLUDED],
            both[Choice.SIDECAR],
            both[Choice.TEMPORARY],
            self._links,
            self._closed[Choice.EXCLUDED],
            self._unread,
            tuple(self._unread_named),
        )
