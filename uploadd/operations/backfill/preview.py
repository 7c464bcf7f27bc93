"""A dry run: what a backfill would do, without a lock or a row."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlite_utils import Database

from uploadd.files.media import HEAD_BYTES, sniff
from uploadd.files.opening import open_regular, printable
from uploadd.intake.examine import refusal_of
from uploadd.intake.selection import Selection
from uploadd.intake.walk import Entry, Listing, batches, compare, covers_all, walk
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.errors import FileTrouble
from uploadd.model.estimates import Estimate, Pace, estimate
from uploadd.model.limits import Load, Quota, beyond, private_beyond, too_large
from uploadd.model.photo import NOTHING_SET, PhotoTable, photo_of
from uploadd.model.sightings import KnownFile, covers_of
from uploadd.operations.backfill.trees import Wanted
from uploadd.operations.questions import Limits
from uploadd.operations.show.json_values import json_path
from uploadd.store import accounts, sightings
from uploadd.store.connection import open_for_reading


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A file that an account does not take: its path, size in bytes, and why."""

    path: bytes
    size: int
    text: str


@dataclass
class AccountPreview:
    """What would go to one account. `private`: photos and videos that are not to be public.

    `photo`: the account's own table, for what a folder's table leaves out.
    `bytes_to_send` and the counts are without the files that are too large for it.
    """

    limits: Limits
    photo: PhotoTable = NOTHING_SET
    photos: int = 0
    videos: int = 0
    private: int = 0
    bytes_to_send: int = 0
    too_large: list[TooLarge] = field(default_factory=list)

    @property
    def quota(self) -> Quota:
        """The account's limits; none where they are not known."""
        return self.limits.quota or Quota()

    @property
    def files(self) -> int:
        """How many files would be sent."""
        return self.photos + self.videos

    @property
    def beyond(self) -> Load:
        """What the account has no room for."""
        return beyond(self.quota, Load(self.files, self.videos, self.bytes_to_send))

    @property
    def private_beyond(self) -> int:
        """How many files that are not to be public it has no place for."""
        return private_beyond(self.quota, self.private)

    @property
    def estimate(self) -> Estimate:
        """How long it takes."""
        return estimate(self.files, self.bytes_to_send, self.limits.pace)

    def take(self, path: bytes, size: int, folder: Folder, *, is_video: bool) -> bool:
        """Count one file; False where it is too large."""
        refusal = too_large(self.quota, size, is_video=is_video)
        if refusal is not None:
            self.too_large.append(TooLarge(path, size, refusal.text))
            return False
        self.bytes_to_send += size
        self.videos += is_video
        self.photos += not is_video
        self.private += photo_of(folder.photo, self.photo).is_public == 0
        return True

    def as_json(self) -> dict[str, Any]:
        """Its part of `backfill --dry-run --json`."""
        seconds = self.estimate.seconds
        return {
            "photos": self.photos,
            "videos": self.videos,
            "private": self.private,
            "bytes_to_send": self.bytes_to_send,
            "too_large": [
                {**json_path(one.path), "size": one.size, "text": one.text}
                for one in self.too_large
            ],
            "beyond": {**asdict(self.beyond), "private": self.private_beyond},
            "seconds": None if seconds is None else round(seconds),
            "limits": asdict(self.limits.quota) if self.limits.quota else None,
            "limits_unknown": self.limits.unknown or None,
        }


@dataclass
class Preview:
    """What a backfill would find. `known`: files whose jobs exist already, whatever their state.

    `too_large`: files that none of their accounts takes; they are not among the photos and videos.
    """

    found: int = 0
    known: int = 0
    photos: int = 0
    videos: int = 0
    skipped: int = 0
    too_large: int = 0
    bytes_to_send: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    accounts: dict[str, AccountPreview] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `backfill --dry-run --json`."""
        return {
            "found": self.found,
            "known": self.known,
            "photos": self.photos,
            "videos": self.videos,
            "skipped": self.skipped,
            "too_large": self.too_large,
            "bytes_to_send": self.bytes_to_send,
            "errors": [{"path": path, "text": text} for path, text in self.errors],
            "accounts": {name: account.as_json() for name, account in self.accounts.items()},
        }


def accounts_of(wanted: Sequence[Wanted]) -> list[str]:
    """The names of the accounts that these trees go to."""
    return list(dict.fromkeys(name for one in wanted for name in one.folder.accounts))


def preview(
    configuration: Configuration,
    wanted: Sequence[Wanted],
    limits: Mapping[str, Limits] | None = None,
) -> Preview:
    """Walk the trees and look at what is new in them. Raises `StoreError`.

    `limits`: of the accounts; one that is missing has none.
    """
    told, none = limits or {}, Limits(None, Pace())
    shown = {
        name: AccountPreview(told.get(name, none), configuration.accounts[name].photo)
        for name in accounts_of(wanted)
    }
    found = Preview(accounts=shown)
    db = open_for_reading(configuration.state_dir)
    if db is None:
        for one in wanted:
            _Walk(found, one, None, {}).run()
        return found
    with closing(db):
        ids = {row.label: row.id for row in accounts.all_accounts(db) if row.label}
        for one in wanted:
            _Walk(found, one, db, ids).run()
    return found


class _Walk:
    """One tree: every new file of it is counted, for each account that lacks it."""

    def __init__(
        self, found: Preview, one: Wanted, db: Database | None, ids: Mapping[str, int]
    ) -> None:
        self._found = found
        self._tree = one
        self._db = db
        self._covers = {name: str(ids.get(name, 0)) for name in one.folder.accounts}

    def run(self) -> None:
        folder = self._tree.folder
        selection = Selection(folder.include, folder.exclude, self._tree.root)
        for batch in batches(walk(self._tree.root, selection, self._tree.start)):
            for listing, known in zip(batch, self._known(batch), strict=True):
                self._count(listing, known)

    def _known(self, batch: Sequence[Listing]) -> Iterator[dict[bytes, KnownFile]]:
        if self._db is None:
            yield from ({} for _ in batch)
        else:
            yield from sightings.known_files(self._db, [listing.directory for listing in batch])

    def _count(self, listing: Listing, known: dict[bytes, KnownFile]) -> None:
        found = self._found
        wanted = covers_of({int(covers) for covers in self._covers.values()})
        fresh = compare(listing, known, wanted).fresh
        found.found += len(listing.entries)
        found.known += len(listing.entries) - len(fresh)
        if listing.error is not None:
            found.errors.append((printable(listing.directory), listing.error))
        for entry in fresh:
            path = os.path.join(listing.directory, entry.name)
            self._count_fresh(path, entry.stat.size, self._lacking(entry, known))

    def _lacking(self, entry: Entry, known: Mapping[bytes, KnownFile]) -> list[AccountPreview]:
        """The accounts that have no job for what the file is now."""
        file = known.get(entry.name)
        stat = entry.stat
        is_same = file is not None and file[:3] == (stat.size, stat.mtime_ns, stat.inode)
        covers = file.covers if file is not None and is_same else ""
        return [
            self._found.accounts[name]
            for name, wanted in self._covers.items()
            if not covers_all(covers, wanted)
        ]

    def _count_fresh(self, path: bytes, size: int, lacking: Sequence[AccountPreview]) -> None:
        found = self._found
        try:
            media = sniff(_head(path), os.path.basename(path))
        except FileTrouble as trouble:
            found.errors.append((printable(path), trouble.text))
            return
        if media is None or refusal_of(size, media.media_type) is not None:
            found.skipped += 1
            return
        is_video = media.media_type.startswith("video/")
        folder = self._tree.folder
        taken = [account.take(path, size, folder, is_video=is_video) for account in lacking]
        if not any(taken):
            found.too_large += 1
            return
        found.bytes_to_send += size
        found.videos += is_video
        found.photos += not is_video


def _head(path: bytes) -> bytes:
    descriptor = open_regular(path)
    try:
        return os.read(descriptor, HEAD_BYTES)
    except OSError as error:
        raise FileTrouble(str(error)) from None
    finally:
        os.close(descriptor)
