"""A dry run: what a backfill would do, without a lock or a row."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, nullcontext

from sqlite_utils import Database

from uploadd.files.kind import Kind, read_kind
from uploadd.files.membership import Folders
from uploadd.files.opening import printable
from uploadd.intake.comparing import compare, covers_all
from uploadd.intake.listings import Entry, Listing
from uploadd.intake.passing import PassedBy
from uploadd.intake.rescan import asked_of
from uploadd.intake.selection import Selection
from uploadd.intake.walk import Scope, batches
from uploadd.model.configuration import Configuration
from uploadd.model.errors import FileLinkedError, FileTrouble
from uploadd.model.estimates import Pace
from uploadd.model.left_alone import LeftAlone
from uploadd.model.places import spot_of
from uploadd.model.refusals import HARD_LINK, refusal_of
from uploadd.model.sightings import KnownFile, covers_of
from uploadd.model.states import State
from uploadd.operations.accepted import folders_of
from uploadd.operations.backfill.previewed import AccountPreview, Preview, standing_of
from uploadd.operations.backfill.trees import Wanted
from uploadd.operations.questions import Limits
from uploadd.store import accounts, overview
from uploadd.store.connection import open_for_reading
from uploadd.store.known import known_files
from uploadd.store.overview import Standing


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
        name: AccountPreview(
            told.get(name, none),
            configuration.accounts[name].photo,
            configuration.accounts[name].service,
        )
        for name in accounts_of(wanted)
    }
    found = Preview(accounts=shown)
    folders, seen = folders_of(configuration), set[bytes]()
    db = open_for_reading(configuration.state_dir)
    with nullcontext() if db is None else closing(db):
        rows = [] if db is None else accounts.all_accounts(db)
        ids = {row.label: row.id for row in rows if row.label}
        for one in wanted:
            _Walk(found, one, folders, seen, db, ids).run()
    return found


class _Walk:
    """One tree: every new file of it is counted, for each account that lacks it."""

    def __init__(
        self,
        found: Preview,
        one: Wanted,
        folders: Folders,
        seen: set[bytes],
        db: Database | None,
        ids: Mapping[str, int],
    ) -> None:
        self._found = found
        self._tree = one
        self._folders = folders
        self._seen = seen
        self._in_parts = b""
        self._not_there: dict[str, dict[bytes, Standing]] = {}
        self._db = db
        self._ids = {name: ids.get(name, 0) for name in one.folder.accounts}

    def run(self) -> None:
        folder = self._tree.folder
        selection = Selection(folder.include, folder.exclude, self._tree.root)
        passed_by, files = PassedBy(selection, self._tree.start), 0
        folders, start = self._folders, self._tree.spot
        for batch in batches(folders.roots, start, Scope(selection, folders.borders())):
            if not folder.accounts:
                files += sum(len(listing.entries) for listing in batch)
                continue
            fresh = [one for one in batch if self._is_to_be_seen(one)]
            for listing, known in zip(fresh, self._known(fresh), strict=True):
                passed_by.take(listing)
                self._count(listing, known)
        left = passed_by.sum().plus(LeftAlone(not_named={folder.name: files}))
        self._found.left_alone = self._found.left_alone.plus(left)

    def _is_to_be_seen(self, listing: Listing) -> bool:
        """Whether no other of the trees has come to it: one may lie in another."""
        if not listing.is_first:
            return listing.directory == self._in_parts
        is_first_to_see = listing.directory not in self._seen
        self._in_parts = listing.directory if is_first_to_see else b""
        self._seen.add(listing.directory)
        return is_first_to_see

    def _known(self, batch: Sequence[Listing]) -> Iterator[dict[bytes, KnownFile]]:
        if self._db is None:
            yield from ({} for _ in batch)
        else:
            yield from known_files(self._db, [asked_of(listing) for listing in batch])

    def _count(self, listing: Listing, known: dict[bytes, KnownFile]) -> None:
        found = self._found
        fresh = compare(listing, known, covers_of(set(self._ids.values()))).fresh
        found.found += len(listing.entries) + len(listing.unreadable)
        found.known += len(listing.entries) - len(fresh)
        if listing.error is not None:
            found.errors.append((printable(listing.directory), listing.error))
        lacking = {entry.name: self._lacking(entry, known) for entry in fresh}
        for entry in fresh:
            path = os.path.join(listing.directory, entry.name)
            self._count_fresh(path, entry.stat.size, lacking[entry.name])
        for account in self._ids:
            self._count_known(account, listing, {one for one in lacking if account in lacking[one]})
        for name, why in listing.unreadable.items():
            path = os.path.join(listing.directory, name)
            self._count_unreadable(path, why, list(self._ids))

    def _count_known(self, account: str, listing: Listing, lacking: AbstractSet[bytes]) -> None:
        """The files of a directory for which the account has a job; `lacking`: those without."""
        shown = self._found.accounts[account]
        shown.there += len(listing.entries) - len(lacking)
        if self._db is None:
            return
        if listing.is_first:
            there = overview.not_there_in(self._db, listing.directory, self._ids[account])
            self._not_there[account] = there
        not_there = self._not_there[account]
        names = {entry.name for entry in listing.entries} - lacking if not_there else set()
        for name in names & not_there.keys():
            shown.there -= 1
            shown.take_known(not_there[name])

    def _lacking(self, entry: Entry, known: Mapping[bytes, KnownFile]) -> list[str]:
        """The accounts that have no job for what the file is now."""
        file = known.get(entry.name)
        stat = entry.stat
        is_same = file is not None and file[:3] == (stat.size, stat.mtime_ns, stat.inode)
        covers = file.covers if file is not None and is_same else ""
        return [name for name, id_ in self._ids.items() if not covers_all(covers, str(id_))]

    def _count_fresh(self, path: bytes, size: int, lacking: Sequence[str]) -> None:
        found = self._found
        try:
            route = self._folders.roots.route(spot_of(path, self._tree.root))
            kind = read_kind(route)
        except FileLinkedError:
            self._leave_out(standing_of(path, State.SKIPPED, HARD_LINK), lacking)
            found.skipped += 1
            return
        except FileTrouble as trouble:
            self._count_unreadable(path, trouble.text, lacking)
            return
        accounts = [
            found.accounts[name] for name in lacking if self._is_for(name, path, size, kind)
        ]
        if not accounts:
            found.skipped += 1
            return
        folder = self._tree.folder
        taken = [account.take(path, size, folder, kind.media_type) for account in accounts]
        if not any(taken):
            found.too_large += 1
            return
        is_video = kind.media_type.startswith("video/")
        found.bytes_to_send += size
        found.videos += is_video
        found.photos += not is_video

    def _is_for(self, name: str, path: bytes, size: int, kind: Kind) -> bool:
        """Whether an account gets a file; where not, it is counted for it."""
        service = self._found.accounts[name].service
        refusal = refusal_of(service, size, kind.media_type, kind.damage)
        if refusal is not None:
            one = standing_of(path, refusal.state, refusal.reason.code, kind.media_type)
            self._leave_out(one, [name])
        return refusal is None

    def _count_unreadable(self, path: bytes, why: str, lacking: Sequence[str]) -> None:
        self._found.errors.append((printable(path), why))
        self._leave_out(standing_of(path, State.FAILED, "unreadable"), lacking)

    def _leave_out(self, one: Standing, accounts: Iterable[str]) -> None:
        for name in accounts:
            self._found.accounts[name].leave_out(one)
