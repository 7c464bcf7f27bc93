"""Files that hold something nobody has read yet: a queued job without a hash stands for it.

It keeps a backfill waiting, and whoever delivers next, after a crash too, looks at its file. What
is read then decides what becomes of it (`sightings.register`).
"""

from __future__ import annotations

import os

from sqlite_utils import Database

from uploadd.model.errors import RootRefusedError
from uploadd.model.jobs import FileMark, Job, Kind
from uploadd.model.roots import FOREIGN_ROOT
from uploadd.model.settlement import Settlement
from uploadd.model.sightings import Finding
from uploadd.model.states import State
from uploadd.model.trail import NEW
from uploadd.model.verdicts import Reason
from uploadd.store import statements
from uploadd.store.rows import Row, jobs, one
from uploadd.store.writing import aim, insert, store_fields, write

CHANGED = Reason("changed", "the file changed while it was being sent: what it holds now is read")


def unread_jobs(db: Database) -> list[Job]:
    """Queued jobs whose content was never read."""
    return jobs(db, statements.NEVER_READ)


def begin(db: Database, sent: Job, now: float) -> None:
    """The file of a job that was sent holds something else by now, which gets a job of its own.

    Not where a walk has seen that already.
    """
    known = one(db, statements.KNOWN_FILE, (sent.directory, sent.name))
    if known is None or (known["sha256"] and not _is_as_sent(known, sent)):
        return
    db.execute(statements.SEEN_AS, ("", "", sent.directory, sent.name))
    key = (sent.directory, sent.name, "", sent.account_id)
    found = jobs(db, statements.JOB_OF_CONTENT, key)
    if not found:
        finding, state = _unread(sent), State.QUEUED
        job_id = insert(
            db, finding, sent.account_id, Kind.UPLOAD, state, now, CHANGED.text, CHANGED
        )
        if sent.is_asked:
            aim(db, job_id, sent.photo_id, is_mending=False, is_asked=True)
    elif found[0].state is not State.QUEUED:
        write(db, found[0], Settlement(State.QUEUED, reason=CHANGED, trail=NEW), now)


def hold(db: Database, path: bytes, refused: RootRefusedError, now: float) -> None:
    """A file that nobody has read waits for its folder; nothing where it has no such job."""
    for job in jobs(db, statements.JOBS_OF_PATH, os.path.split(path)):
        if job.state is State.QUEUED and not job.sha256:
            reason = Reason(FOREIGN_ROOT, refused.text, refused.remedy)
            store_fields(db, job, Settlement(State.QUEUED, reason=reason), now)


def _is_as_sent(known: Row, sent: Job) -> bool:
    mark = FileMark(known["size"], known["mtime_ns"], known["inode"])
    return mark == FileMark(sent.size, sent.mtime_ns, sent.inode)


def _unread(sent: Job) -> Finding:
    return Finding(
        directory=sent.directory,
        name=sent.name,
        device=sent.device,
        inode=sent.inode,
        size=sent.size,
        mtime_ns=sent.mtime_ns,
        sha256="",
        media_type="",
        folder=sent.folder,
        root=sent.root,
        lane=sent.lane,
        account_ids=(sent.account_id,),
        is_folder_named=sent.is_folder_named,
    )
