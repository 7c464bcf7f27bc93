"""A dry run: what a backfill would do, without a call, a lock, or a row."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from uploadd.files.media import HEAD_BYTES, sniff
from uploadd.files.opening import open_regular, printable
from uploadd.intake.examine import refusal_of
from uploadd.intake.selection import Selection
from uploadd.intake.walk import Listing, batches, compare, walk
from uploadd.model.configuration import Configuration
from uploadd.model.errors import FileTrouble
from uploadd.model.sightings import KnownFile, covers_of
from uploadd.operations.trees import Wanted
from uploadd.store import accounts, sightings
from uploadd.store.connection import open_for_reading


@dataclass
class Preview:
    """What a backfill would find. `known`: files whose jobs exist already, whatever their state."""

    found: int = 0
    known: int = 0
    photos: int = 0
    videos: int = 0
    skipped: int = 0
    bytes_to_send: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For `backfill --dry-run --json`."""
        return {
            "found": self.found,
            "known": self.known,
            "photos": self.photos,
            "videos": self.videos,
            "skipped": self.skipped,
            "bytes_to_send": self.bytes_to_send,
            "errors": [{"path": path, "text": text} for path, text in self.errors],
        }


def preview(configuration: Configuration, wanted: Sequence[Wanted]) -> Preview:
    """Walk the trees and look at what is new in them. Raises `StoreError`."""
    found = Preview()
    db = open_for_reading(configuration.state_dir)
    if db is None:
        for one in wanted:
            _walk(found, one, None, "")
        return found
    with closing(db):
        ids = {row.label: row.id for row in accounts.all_accounts(db) if row.label}
        for one in wanted:
            named = {ids.get(name, 0) for name in one.folder.accounts}
            _walk(found, one, db, covers_of(named))
    return found


def _walk(found: Preview, one: Wanted, db: Database | None, wanted: str) -> None:
    selection = Selection(one.folder.include, one.folder.exclude)
    for batch in batches(walk(one.root, selection, one.start)):
        for listing, known in zip(batch, _known(db, batch), strict=True):
            _count(found, listing, known, wanted)


def _known(db: Database | None, batch: Sequence[Listing]) -> Iterator[dict[bytes, KnownFile]]:
    if db is None:
        yield from ({} for _ in batch)
    else:
        yield from sightings.known_files(db, [listing.directory for listing in batch])


def _count(found: Preview, listing: Listing, known: dict[bytes, KnownFile], wanted: str) -> None:
    fresh = compare(listing, known, wanted).fresh
    found.found += len(listing.entries)
    found.known += len(listing.entries) - len(fresh)
    if listing.error is not None:
        found.errors.append((printable(listing.directory), listing.error))
    for entry in fresh:
        _count_fresh(found, os.path.join(listing.directory, entry.name), entry.stat.size)


def _count_fresh(found: Preview, path: bytes, size: int) -> None:
    try:
        media = sniff(_head(path), os.path.basename(path))
    except FileTrouble as trouble:
        found.errors.append((printable(path), trouble.text))
        return
    if media is None or refusal_of(size, media.media_type) is not None:
        found.skipped += 1
        return
    found.bytes_to_send += size
    if media.media_type.startswith("video/"):
        found.videos += 1
    else:
        found.photos += 1


def _head(path: bytes) -> bytes:
    descriptor = open_regular(path)
    try:
        return os.read(descriptor, HEAD_BYTES)
    except OSError as error:
        raise FileTrouble(str(error)) from None
    finally:
        os.close(descriptor)
