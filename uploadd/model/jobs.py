"""A job: one file, with one content, to one account."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from uploadd.model.contents import Content
from uploadd.model.delays import Delay
from uploadd.model.photo import Privacy
from uploadd.model.pixels import Pixels
from uploadd.model.places import Spot, spot_of
from uploadd.model.states import State
from uploadd.model.trail import NEW, Trail
from uploadd.model.verdicts import Reason


class Kind(StrEnum):
    """What is sent: a new photo, or new bytes for an old one."""

    UPLOAD = "upload"
    REPLACE = "replace"


class Lane(StrEnum):
    """`live` (just arrived) overtakes `backfill`."""

    LIVE = "live"
    BACKFILL = "backfill"


ABOUT_A_PHOTO = frozenset({"torn", "replaced-other", "unknown-outcome"})
"""Reasons that speak of a photo on the service: they stand whatever becomes of the file."""


class FileMark(NamedTuple):
    """By what a file is known to be the same without being read: size in bytes, time, inode."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the queue, as the database keeps it.

    `folder` is the folder whose settings held when it was last looked at, empty for none, and
    `root` the directory from which that folder's patterns begin (bytes, as all paths).
    `wait` tells when something happens next: the next attempt, ticket poll or look-up.
    `sent_sha256` is set only where the bytes that went out were not those that were
    fingerprinted (a torn upload). `is_forced`: `retry --force` was said of it.

    `sent_as` is what the file was when a send began, for as long as nobody has compared what was
    sent with the fingerprint: after a crash nobody ever will. A job of kind `replace` gives new
    content to `photo_id`; `is_mending`: it does so because that photo holds a torn upload.
    `md5` is empty where the account does not need it, `pixels` None where they are not known.

    A replacement without a `photo_id` gives its content to whatever photo its file has when its
    turn comes. `is_asked`: a person named the photo. `failed_code`: why it had failed, where a
    person put it aside since. `is_folder_named`: a person named the folder (`--folder`); that stays
    with the job until it ends. `asked_privacy`: who was to see the photo when it was uploaded; a
    replacement changes nothing in that.
    """

    id: int
    account_id: int
    folder: str
    root: bytes
    directory: bytes
    name: bytes
    kind: Kind
    lane: Lane
    state: State
    sha256: str
    media_type: str
    size: int
    mtime_ns: int
    inode: int
    device: int
    wait: Delay | None
    ticket_id: str | None
    photo_id: str | None
    sent_sha256: str | None
    is_forced: bool
    reason: Reason | None
    created_at: float
    updated_at: float
    trail: Trail = NEW
    sent_as: FileMark | None = None
    is_mending: bool = False
    md5: str = ""
    is_asked: bool = False
    asked_privacy: Privacy | None = None
    pixels: Pixels | None = None
    failed_code: str | None = None
    is_folder_named: bool = False

    @property
    def content(self) -> Content:
        """What is sent, by the names that services know contents by."""
        return Content(self.sha256, self.md5, self.pixels)

    @property
    def path(self) -> bytes:
        """The whole path, as the file system spells it."""
        return os.path.join(self.directory, self.name)

    @property
    def spot(self) -> Spot:
        """How its file is reached."""
        return spot_of(self.path, self.root)

    @property
    def mark(self) -> FileMark:
        """What the file was when it was last read."""
        return FileMark(self.size, self.mtime_ns, self.inode)

    @property
    def said(self) -> tuple[bytes, str, bool]:
        """What a person said of where it goes: `--folder` for a directory, or a photo."""
        named = (self.root, self.folder) if self.is_folder_named else (b"", "")
        return (*named, self.is_asked)

    @property
    def is_replacement(self) -> bool:
        """Whether it gives new content to a photo that is there."""
        return self.kind is Kind.REPLACE

    def rests_for(self, code: str) -> bool:
        """Whether it failed or was skipped for this reason, even if a person ignored it since."""
        return code in (self.failed_code, self.reason.code if self.reason else None)

    @property
    def is_put_aside(self) -> bool:
        """Whether a person said ignore."""
        return self.state is State.SKIPPED and self.rests_for("ignored")

    @property
    def ends_with_file(self) -> bool:
        """Whether it ends as soon as its file is gone, excluded or changed."""
        if self.state is not State.FAILED:
            return self.state is State.QUEUED
        is_about_photo = self.reason is not None and self.reason.code in ABOUT_A_PHOTO
        return not (is_about_photo or self.is_mending)

    @property
    def is_video(self) -> bool:
        """Videos have limits and look-up windows of their own."""
        return self.media_type.startswith("video/")
