"""From a settled file to a finding: its fingerprint, and whether it is for upload at all."""

from __future__ import annotations

import os

from uploadd.files.fingerprint import Fingerprint, Stat, fingerprint_file, stat_file
from uploadd.files.openness import is_open_for_writing
from uploadd.intake.tree import Tree
from uploadd.model.errors import FileTrouble, FileUnreadableError
from uploadd.model.jobs import Lane
from uploadd.model.refusals import refusal_of_file
from uploadd.model.sightings import Finding, Refusal
from uploadd.model.states import State
from uploadd.model.verdicts import Reason


def look_at(path: bytes) -> tuple[Stat | None, bool | None]:
    """The file from outside, and whether somebody has it open for writing. Blocks.

    None where it is not there. Raises `FileUnreadableError`.
    """
    try:
        return stat_file(path), is_open_for_writing(path)
    except FileUnreadableError:
        raise
    except FileTrouble:
        return None, None


def read_finding(path: bytes, tree: Tree, lane: Lane, account_ids: tuple[int, ...]) -> Finding:
    """Fingerprint a settled file. Blocks.

    Raises `FileTrouble`, but not for unreadable files: those are findings too, for a person.
    """
    try:
        return finding_of(
            path, tree, lane, account_ids, fingerprint_file(path, with_md5=tree.needs_md5)
        )
    except FileUnreadableError as trouble:
        return _unreadable(path, tree, lane, account_ids, trouble)


def finding_of(
    path: bytes, tree: Tree, lane: Lane, account_ids: tuple[int, ...], fingerprint: Fingerprint
) -> Finding:
    """The finding for a file whose fingerprint is known."""
    stat = fingerprint.stat
    directory, name = os.path.split(path)
    return Finding(
        directory=directory,
        name=name,
        device=stat.device,
        inode=stat.inode,
        size=stat.size,
        mtime_ns=stat.mtime_ns,
        sha256=fingerprint.sha256,
        media_type=fingerprint.media_type,
        folder=tree.folder.name,
        root=tree.root,
        lane=lane,
        account_ids=account_ids,
        refusal=refusal_of_file(stat.size, fingerprint.kind.damage),
        on_change=tree.folder.on_change,
        md5=fingerprint.md5,
        flaw=fingerprint.kind.flaw,
    )


def _unreadable(
    path: bytes,
    tree: Tree,
    lane: Lane,
    account_ids: tuple[int, ...],
    trouble: FileUnreadableError,
) -> Finding:
    stat = _stat_or_nothing(path)
    directory, name = os.path.split(path)
    reason = Reason("unreadable", trouble.text, trouble.remedy)
    return Finding(
        directory=directory,
        name=name,
        device=stat.device,
        inode=stat.inode,
        size=stat.size,
        mtime_ns=stat.mtime_ns,
        sha256="",
        media_type="",
        folder=tree.folder.name,
        root=tree.root,
        lane=lane,
        account_ids=account_ids,
        refusal=Refusal(State.FAILED, reason),
        on_change=tree.folder.on_change,
    )


def _stat_or_nothing(path: bytes) -> Stat:
    try:
        return stat_file(path)
    except FileTrouble:
        return Stat(
            device=_device_of(os.path.dirname(path)), inode=0, size=0, mtime_ns=0, ctime_ns=0
        )


def _device_of(directory: bytes) -> int:
    """Where the file is looked for once it is gone; 0 where not even that can be seen."""
    try:
        return os.stat(directory).st_dev
    except OSError:
        return 0
