"""A state directory with jobs in chosen states, made by the store's own moves."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from uploadd.model.configuration import Account, Configuration, Folder
from uploadd.model.jobs import Job, Lane
from uploadd.model.pauses import PauseCause
from uploadd.model.photo import PhotoTable, Privacy
from uploadd.model.secret import Secret
from uploadd.model.settlement import LedgerChange, Settlement
from uploadd.model.sightings import Finding, Refusal
from uploadd.model.states import State
from uploadd.model.trail import Trail
from uploadd.model.verdicts import Pause, Reason
from uploadd.store import accounts, moves, overview, pauses, sightings
from uploadd.store.beside import writing

NOW = 1_700_000_000.0
JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"
BROKEN = Reason("5", "the service does not know this type", "convert it")
UNREADABLE = Refusal(State.FAILED, Reason("unreadable", "it cannot be read", "chmod +r"))
NOT_A_PHOTO = Refusal(State.SKIPPED, Reason("type", "not a photo", "convert it"))


def account(name: str, **changes: object) -> Account:
    """An account with all its secrets."""
    secrets = {
        key: Secret(f"{key} of {name}")
        for key in ("api_key", "api_secret", "token", "token_secret")
    }
    return Account(name, **(secrets | changes))  # type: ignore[arg-type]


class Records:
    """One home: a folder `camera` for the account `me`, and what uploadd knows of it."""

    def __init__(self, home: Path) -> None:
        self.photos = home / "photos"
        self.photos.mkdir()
        self.configuration = Configuration(
            state_dir=home / "state",
            accounts={"me": account("me", photo=PhotoTable(privacy=Privacy.PRIVATE))},
            folders={"camera": Folder("camera", self.photos, ("me",))},
        )

    def name_accounts(self, *names: str) -> None:
        """The folder goes to these accounts from now on."""
        folder = self.configuration.folders["camera"]
        self.configuration.folders["camera"] = replace(folder, accounts=names)

    @property
    def root(self) -> bytes:
        """The folder as bytes."""
        return os.fsencode(self.photos)

    def account_id(self, name: str = "me") -> int:
        """The account's row; its login is known."""
        with writing(self.configuration.state_dir) as db:
            row, is_new = accounts.bind(db, name, "flickr", "flickr.com", "digest")
            if is_new:
                accounts.learn(db, row.id, f"{name}@N00", f"{name} on it", "digest", frozenset())
            return row.id

    def path(self, name: str) -> Path:
        """Where a photo of this name is."""
        return self.photos / name

    def add(
        self,
        name: str,
        content: bytes = b"",
        *,
        account: str = "me",
        refusal: Refusal | None = None,
        is_unread: bool = False,
        media_type: str = "image/jpeg",
        at: float = NOW,
    ) -> Job:
        """A file on the disk with its job: queued, or what `refusal` says."""
        path = self.path(name)
        path.write_bytes(JPEG + (content or os.fsencode(name)))
        stat = path.stat()
        finding = Finding(
            directory=self.root,
            name=os.fsencode(name),
            device=stat.st_dev,
            inode=stat.st_ino,
            size=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            sha256="" if is_unread else hashlib.sha256(path.read_bytes()).hexdigest(),
            media_type="" if is_unread else media_type,
            folder="camera",
            root=self.root,
            lane=Lane.BACKFILL,
            account_ids=(self.account_id(account),),
            refusal=refusal,
        )
        with writing(self.configuration.state_dir) as db:
            sightings.register(db, finding, at)
            return overview.jobs_of_path(db, os.fsencode(path))[-1]

    def begin(self, job: Job) -> Job:
        """Its send has begun."""
        with writing(self.configuration.state_dir) as db:
            begun = moves.begin_send(db, job.id, NOW)
        assert begun is not None
        return begun

    def settle(self, job: Job, settlement: Settlement) -> Job:
        """Something became of it."""
        with writing(self.configuration.state_dir) as db:
            return moves.settle(db, job.id, settlement, NOW, 1.0).job

    def done(self, name: str, photo_id: str = "77", content: bytes = b"") -> Job:
        """A file that is on the account."""
        kept = Settlement(State.FILING, ledger=LedgerChange.THERE, photo_id=photo_id)
        return self.settle(self.begin(self.add(name, content)), kept)

    def failed(self, name: str, reason: Reason = BROKEN, *, is_cleared: bool = True) -> Job:
        """A file that the service refused. `is_cleared`: it is certain that it is not there."""
        ledger = LedgerChange.CLEAR if is_cleared else LedgerChange.KEEP
        settlement = Settlement(State.FAILED, ledger=ledger, reason=reason, trail=Trail(3))
        return self.settle(self.begin(self.add(name)), settlement)

    def skipped(self, name: str, reason: Reason) -> Job:
        """A file that is not for upload, as a send has shown."""
        settlement = Settlement(State.SKIPPED, ledger=LedgerChange.CLEAR, reason=reason)
        return self.settle(self.begin(self.add(name)), settlement)

    def job(self, job_id: int) -> Job:
        """The job as it stands now."""
        with writing(self.configuration.state_dir) as db:
            found = moves.job_by_id(db, job_id)
        assert found is not None
        return found

    def pause(self, cause: PauseCause, seconds: float | None = 60.0, name: str = "me") -> None:
        """The account is paused."""
        why = Pause(cause, Reason(str(cause), f"because of {cause}", "do something"), seconds)
        account_id = self.account_id(name)
        with writing(self.configuration.state_dir) as db:
            pauses.begin(db, account_id, why, NOW, 1.0)
