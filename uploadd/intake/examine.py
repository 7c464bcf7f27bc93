"""From a settled file to a finding: its fingerprint, and whether it is for upload at all."""

from __future__ import annotations

import os

from uploadd.files.fingerprint import Fingerprint, Stat, fingerprint_file, stat_file
from uploadd.files.kind import Kind
from uploadd.files.openness import is_open_for_writing
from uploadd.files.reaching import Route
from uploadd.intake.rules import Rules, Sighting
from uploadd.intake.tree import Tree
from uploadd.model.errors import (
    FileLinkedError,
    FileTooLargeError,
    FileTrouble,
    FileUnreadableError,
    RootRefusedError,
)
from uploadd.model.jobs import Lane
from uploadd.model.limits import TOO_LARGE
from uploadd.model.refusals import HARD_LINK, refusal_of_file
from uploadd.model.sightings import Finding, Refusal
from uploadd.model.states import State
from uploadd.model.verdicts import Reason


def look_at(route: Route) -> tuple[Stat | None, bool | None]:
    """The file from outside, and whether somebody has it open for writing. Blocks.

    None where it is not there. Raises `FileUnreadableError`, `RootRefusedError`.
    """
    try:
        return stat_file(route), is_open_for_writing(route)
    except (FileUnreadableError, RootRefusedError):
        raise
    except FileTrouble:
        return None, None


def read_candidate(
    rules: Rules, tree: Tree, path: bytes, lane: Lane, known: Fingerprint | None
) -> Finding | None:
    """What a settled candidate of a tree is; None where the settings leave it out. Blocks.

    `known`: its fingerprint, where it has been read before. Raises `FileTrouble`.
    """
    sighting = rules.sight(tree, path)
    if sighting is None:
        return None
    if known is None or (sighting.with_md5 and not known.md5):
        return read_finding(sighting, lane)
    if not stat_file(sighting.route).same_content_as(known.stat):
        return read_finding(sighting, lane)
    try:
        sighting.route.check_links()
    except FileLinkedError as linked:
        return _finding(sighting, lane, known, _linked(linked))
    return finding_of(sighting, lane, known)


def read_finding(sighting: Sighting, lane: Lane) -> Finding:
    """Fingerprint a settled file. Blocks.

    Raises `FileTrouble`, but not for files that cannot be read, or are not to be: those are
    findings too, for a person.
    """
    try:
        fingerprint = fingerprint_file(sighting.route, with_md5=sighting.with_md5)
    except FileLinkedError as linked:
        unread = Fingerprint(_stat_or_nothing(sighting.route), "", Kind(""))
        return _finding(sighting, lane, unread, _linked(linked))
    except FileUnreadableError as trouble:
        code = TOO_LARGE if isinstance(trouble, FileTooLargeError) else "unreadable"
        reason = Reason(code, trouble.text, trouble.remedy)
        return unread_finding(sighting, lane, reason, _stat_or_nothing(sighting.route))
    return finding_of(sighting, lane, fingerprint)


def finding_of(sighting: Sighting, lane: Lane, fingerprint: Fingerprint) -> Finding:
    """The finding for a file whose fingerprint is known."""
    refusal = refusal_of_file(fingerprint.stat.size, fingerprint.kind.damage)
    return _finding(sighting, lane, fingerprint, refusal)


def unread_finding(sighting: Sighting, lane: Lane, reason: Reason, stat: Stat) -> Finding:
    """The finding for a file that cannot be read: for a person."""
    unread = Fingerprint(stat, "", Kind(""))
    return _finding(sighting, lane, unread, Refusal(State.FAILED, reason))


def _linked(trouble: FileLinkedError) -> Refusal:
    return Refusal(State.SKIPPED, Reason(HARD_LINK, trouble.text, trouble.remedy))


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
    )


def _stat_or_nothing(route: Route) -> Stat:
    try:
        return stat_file(route)
    except FileTrouble:
        return nothing_on(_device_of_parent(route))


def nothing_on(device: int) -> Stat:
    """For a file that cannot be looked at. The device says where to look for it later."""
    return Stat(device=device, inode=0, size=0, mtime_ns=0, ctime_ns=0)


def _device_of_parent(route: Route) -> int:
    """0 where not even that can be seen."""
    try:
        with route.parent() as directory:
            return os.fstat(directory).st_dev
    except FileTrouble:
        return 0
