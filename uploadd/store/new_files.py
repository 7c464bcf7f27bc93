"""Files by the thousand: those of which nothing is known go in with a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from sqlite_utils import Database

from uploadd.model.configuration import ServiceName
from uploadd.model.sightings import Finding
from uploadd.model.states import State
from uploadd.store import grounds, quiet_time, sightings, statements
from uploadd.store.changing import Past
from uploadd.store.rows import Row, value
from uploadd.store.writing import job_fields


def register_all(db: Database, findings: Sequence[Finding], now: float) -> list[int]:
    """As `sightings.register` for each of them, in one commit. Returns the ids of the jobs.

    An account's row may have gone since the file was found (its identity was learned to be that
    of another row): the next walk sees that the file lacks a job, and finds it again.
    """
    grounds.part_with_absent(db, findings)
    services = {row[0]: ServiceName(row[1]) for row in db.execute(statements.SERVICES)}
    ready = []
    for is_new, some in groupby(_sorted_out(db, findings, services), lambda pair: pair[0]):
        if is_new:
            ready += _register_new(db, [finding for _, finding in some], services, now)
        else:
            for _, finding in some:
                ready += sightings.register(db, finding, now)
    quiet_time.note(db, {one.folder for one in findings if one.folder and not one.is_proven})
    return ready


def _sorted_out(
    db: Database, findings: Sequence[Finding], services: Mapping[int, ServiceName]
) -> list[tuple[bool, Finding]]:
    """Each with whether it is the first that is seen of its path, and its accounts of now."""
    seen = set[tuple[bytes, bytes]]()
    pairs = []
    for finding in findings:
        path = (finding.directory, finding.name)
        is_new = path not in seen and bool(value(db, statements.IS_NEW, path * 2))
        seen.add(path)
        ids = tuple(account_id for account_id in finding.account_ids if account_id in services)
        pairs.append(
            (is_new, finding if ids == finding.account_ids else replace(finding, account_ids=ids))
        )
    return pairs


def _register_new(
    db: Database, findings: Sequence[Finding], services: Mapping[int, ServiceName], now: float
) -> list[int]:
    """Files without a past: no row, no job, and so nothing that they could be held against."""
    files, jobs, stories = list[Row](), list[Row](), list[tuple[int, float, State, str]]()
    ready = list[int]()
    last_job = value(db, statements.LAST_JOB) or 0
    last_story = value(db, statements.LAST_STORY) or 0
    for finding in findings:
        past = Past(None, last_story + len(stories))
        for account_id in finding.account_ids:
            refused = sightings.as_refused(finding, services[account_id])
            state, reason, photo_id = sightings.first_state(db, refused, account_id, past)
            job = job_fields(finding, account_id, state, now, reason, photo_id)
            job["id"] = last_job + len(jobs) + 1
            jobs.append(job)
            stories.append((job["id"], now, state, sightings.first_line(refused, reason)))
            if state is State.QUEUED:
                ready.append(job["id"])
        files.append(sightings.row_of(finding, past))
    db.conn.executemany(statements.NEW_JOB, jobs)
    db.conn.executemany(statements.ADD_HISTORY, stories)
    db.conn.executemany(statements.REMEMBER_FILE, files)
    return ready
