"""What is known of a file that was read, or could not be: a finding for the store."""

from __future__ import annotations

import os

import structlog

from uploadd.files.fingerprint import Fingerprint, Stat
from uploadd.files.kind import Kind
from uploadd.files.opening import printable
from uploadd.intake.rules import Sighting
from uploadd.model.errors import FileLinkedError
from uploadd.model.jobs import Lane
from uploadd.model.refusals import DAMAGED, HARD_LINK, refusal_of_file
from uploadd.model.sightings import Finding, Refusal
from uploadd.model.states import State
from uploadd.model.verdicts import Reason

log = structlog.get_logger()


def finding_of(sighting: Sighting, lane: Lane, fingerprint: Fingerprint) -> Finding:
    """The finding for a file whose fingerprint is known."""
    refusal = refusal_of_file(fingerprint.stat.size, fingerprint.kind.damage)
    return _finding(sighting, lane, fingerprint, refusal)


def unread_finding(sighting: Sighting, lane: Lane, reason: Reason, stat: Stat) -> Finding:
    """The finding for a file that cannot be read: for a person."""
    unread = Fingerprint(stat, "", Kind(""))
    return _finding(sighting, lane, unread, Refusal(State.FAILED, reason))


def linked_finding(
    sighting: Sighting, lane: Lane, fingerprint: Fingerprint, linked: FileLinkedError
) -> Finding:
    """The finding for a file that another user has linked here."""
    reason = Reason(HARD_LINK, linked.text, linked.remedy)
    return _finding(sighting, lane, fingerprint, Refusal(State.SKIPPED, reason))


def nothing_on(device: int) -> Stat:
    """For a file that cannot be looked at. The device says where to look for it later; 0: none."""
    return Stat(device=device, inode=0, size=0, mtime_ns=0, ctime_ns=0)


def warn_of(finding: Finding) -> None:
    """A file that cannot be read, or is not what its name says: one line each time it is read."""
    path = printable(os.path.join(finding.directory, finding.name))
    refusal = finding.refusal
    if refusal is not None and (refusal.state is State.FAILED or refusal.reason.code == DAMAGED):
        event = "file.damaged" if refusal.state is State.SKIPPED else "file.unreadable"
        log.warning(event, path=path, text=refusal.reason.text, remedy=refusal.reason.remedy)
    elif finding.flaw:
        log.warning("file.truncated", path=path, text=finding.flaw)


def _finding(
    sighting: Sighting,
    lane: Lane,
    fingerprint: Fingerprint,
    refusal: Refusal | None,
) -> Finding:
    place, stat = sighting.place, fingerprint.stat
    directory, name = os.path.split(place.path)
    return Finding(
        directory=directory,
        name=name,
        device=stat.device,
        inode=stat.inode,
        size=stat.size,
        mtime_ns=stat.mtime_ns,
        sha256=fingerprint.sha256,
        media_type=fingerprint.media_type,
        folder=place.folder_name,
        root=place.root,
        lane=lane,
        account_ids=sighting.account_ids,
        refusal=refusal,
        on_change=place.on_change,
        md5=fingerprint.md5,
        flaw=fingerprint.kind.flaw,
        is_folder_named=place.is_named,
        pixels=fingerprint.pixels,
        birth_ns=fingerprint.birth_ns,
    )
