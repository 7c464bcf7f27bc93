"""What a dry run has found: for each account what it would get, and what it would not."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from uploadd.model.configuration import Folder, ServiceName
from uploadd.model.estimates import Estimate, estimate
from uploadd.model.left_alone import NOTHING_LEFT_ALONE, LeftAlone
from uploadd.model.limits import Load, Quota, beyond, private_beyond, too_large
from uploadd.model.photo import NOTHING_SET, PhotoTable, photo_of
from uploadd.model.states import TERMINAL, State
from uploadd.operations.backfill.remaining import Group, groups_of, json_groups
from uploadd.operations.questions import Limits
from uploadd.operations.show.json_values import json_path
from uploadd.store.overview import Standing


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
    `bytes_to_send` and the counts are without the files that are too large for it. `there`: known
    files that the account has; `pending`: those that are queued or on their way. `left_out`: the
    files that it will not get, by their standing (whose own number is 0).
    """

    limits: Limits
    photo: PhotoTable = NOTHING_SET
    service: ServiceName = ServiceName.FLICKR
    photos: int = 0
    videos: int = 0
    private: int = 0
    bytes_to_send: int = 0
    too_large: list[TooLarge] = field(default_factory=list)
    there: int = 0
    pending: int = 0
    left_out: Counter[Standing] = field(default_factory=Counter)

    @property
    def groups(self) -> tuple[Group, ...]:
        """What would not be sent, and is not there: as a backfill's last lines tell it."""
        rows = [replace(one, files=files) for one, files in self.left_out.items()]
        return groups_of(rows)

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

    def take(self, path: bytes, size: int, folder: Folder, media_type: str) -> bool:
        """Count one file; False where it is too large."""
        is_video = media_type.startswith("video/")
        refusal = too_large(self.quota, size, is_video=is_video)
        if refusal is not None:
            self.too_large.append(TooLarge(path, size, refusal.text))
            self.leave_out(standing_of(path, State.FAILED, refusal.code, media_type))
            return False
        self.bytes_to_send += size
        self.videos += is_video
        self.photos += not is_video
        self.private += photo_of(folder.photo, self.photo).is_public == 0
        return True

    def leave_out(self, one: Standing) -> None:
        """Count a file that it will not get."""
        self.left_out[replace(one, files=0)] += 1

    def take_known(self, one: Standing) -> None:
        """Count a known file that the account does not have."""
        if one.state in TERMINAL:
            self.leave_out(one)
        else:
            self.pending += 1

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
    left_alone: LeftAlone = NOTHING_LEFT_ALONE
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
            "not_on_account": [
                group
                for name, account in self.accounts.items()
                for group in json_groups(name, account.groups)
            ],
            **self.left_alone.as_json(),
        }

    @property
    def is_everything_there(self) -> bool:
        """Whether each account has every file that was found, excluded ones included."""
        left = self.left_alone.excluded + self.left_alone.unread_directories
        left += len(self.left_alone.not_named)
        open_files = sum(one.files + one.pending for one in self.accounts.values())
        return not left + open_files and not any(one.groups for one in self.accounts.values())


def standing_of(path: bytes, state: State, code: str, media_type: str = "") -> Standing:
    """One file that is not for upload, as a row of the store would tell it."""
    return Standing(state, code, media_type, os.path.splitext(path)[1].lower(), 0)
