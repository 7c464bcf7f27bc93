"""The story of one path: what happened to it for each account, and what happens next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from uploadd.files.fingerprint import stat_file
from uploadd.files.reaching import Route
from uploadd.intake.presence import away_reason, away_remedy
from uploadd.intake.rules import Rules
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Configuration
from uploadd.model.errors import FileTrouble
from uploadd.model.jobs import Job, Lane
from uploadd.model.places import Place
from uploadd.model.presence import Ground
from uploadd.model.sightings import KnownFile
from uploadd.model.states import State
from uploadd.operations.accepted import rules_of
from uploadd.operations.show.absence import Watchers, unread, why_no_job
from uploadd.operations.show.exclusion import Remark
from uploadd.operations.show.json_values import json_job, json_path, json_time
from uploadd.operations.show.listing import Summed, account_names, sum_by_reason
from uploadd.operations.show.next_step import Circumstances, NextStep, next_step
from uploadd.operations.show.spelling import known_place, roots_of
from uploadd.operations.show.visibility import visibility
from uploadd.store import calls, changing, facts, grounds, ledger, moves, overview, roots
from uploadd.store.beside import reading
from uploadd.store.listing import Choice
from uploadd.store.lock import Holder, holder_now

PURPOSES = {State.UNCERTAIN: Purpose.LOOK_UP, State.PROCESSING: Purpose.TICKETS}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a job's history; `at` in unix seconds."""

    at: float
    state: State
    text: str


@dataclass(frozen=True, slots=True)
class JobStory:
    """One job of the file. `is_current`: its content is what the file had when last read.

    `source`: the path from which the account has the content, where that is another one.
    `visibility`: who sees its photo, where that is, or may be, more than the settings say.
    """

    job: Job
    account: str
    is_current: bool
    history: tuple[Event, ...]
    step: NextStep
    source: bytes | None = None
    visibility: str = ""

    def as_json(self) -> dict[str, Any]:
        """Its part of `why --json`."""
        events = [
            {"at": json_time(event.at), "state": event.state, "text": event.text}
            for event in self.history
        ]
        return {
            **json_job(self.job, self.account),
            "is_current": self.is_current,
            "source": json_path(self.source)["path"] if self.source else None,
            "visibility": self.visibility or None,
            "next": self.step.as_json(),
            "history": events,
        }


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of one path. `folder`: the nearest that it lies in, or "".

    `sums`: the jobs of what lies below it, where it is no file.
    """

    path: bytes
    exists: bool
    folder: str
    remarks: tuple[Remark, ...]
    jobs: tuple[JobStory, ...]
    sums: tuple[Summed, ...] = ()

    @property
    def is_unheard_of(self) -> bool:
        """Whether there is neither such a file nor a trace of it."""
        return not (self.exists or self.jobs or self.sums)

    def as_json(self) -> dict[str, Any]:
        """The object that `why --json` prints."""
        return {
            **json_path(self.path),
            "exists": self.exists,
            "folder": self.folder or None,
            "remarks": [remark.as_json() for remark in self.remarks],
            "jobs": [job.as_json() for job in self.jobs],
            "sums": [one.as_json() for one in self.sums],
        }


def story_of(configuration: Configuration, file: bytes, now: float) -> Story:
    """The story of `file` (relative, or not there any more), or the sum of what lies below it.

    Raises `StoreError`.
    """
    rules = rules_of(configuration)
    with reading(configuration.state_dir) as db:
        place = known_place(db, rules.folders, file)
        if db is None:
            return _story(rules, place, (), (), Watchers(now, None, {}))
        holder = holder_now(db, configuration.state_dir)
        rows = {row["name"]: row for row in overview.folders(db)}
        watchers = Watchers(now, holder, rows, _refused(db, configuration, place.folder_name))
        known = overview.known_file(db, place.path)
        jobs = tuple(
            replace(story, visibility=_seen(db, configuration, rules, story))
            for story in _job_stories(db, configuration, place.path, holder, now)
        )
        sums = () if jobs else sum_by_reason(db, Choice(below=roots_of(rules.folders, place)))
        is_unread = any(not story.job.sha256 and story.is_current for story in jobs)
        route = rules.folders.roots.route(place.spot)
        notes = () if is_unread or not jobs else tuple(_changes(route, known))
        grounds_of_it = grounds.holding(db, place.path)
    story = _sum_of(place, sums, watchers) if sums else _story(rules, place, jobs, notes, watchers)
    missing = next((ground for ground in grounds_of_it if ground.is_away), None)
    return story if missing is None else _on_missing_disk(story, missing)


def _on_missing_disk(story: Story, ground: Ground) -> Story:
    """Nothing on a disk that is away is gone, or was never there."""
    away = Remark("away", away_reason(ground), away_remedy(ground))
    if story.exists:
        return story
    others = (one for one in story.remarks if one.code not in ("gone", "missing"))
    return replace(story, remarks=(away, *others))


def _sum_of(place: Place, sums: tuple[Summed, ...], watchers: Watchers) -> Story:
    is_there = os.path.isdir(place.path)
    notes: tuple[Remark, ...] = (
        () if is_there else (Remark("gone", "the directory is not there any more"),)
    )
    if watchers.refused is not None:
        notes += (unread(place, *watchers.refused),)
    return Story(place.path, is_there, place.folder_name, notes, (), sums)


def _story(
    rules: Rules,
    place: Place,
    jobs: tuple[JobStory, ...],
    notes: tuple[Remark, ...],
    watchers: Watchers,
) -> Story:
    jobs = tuple(replace(story, job=rules.job_now(story.job, story.account)) for story in jobs)
    if not jobs:
        notes = (why_no_job(place, watchers),)
    elif place.folder is not None:
        there = {story.account for story in jobs}
        notes += tuple(_lacking(name) for name in place.folder.accounts if name not in there)
    notes += tuple(remark for story in jobs for remark in _why_left_out(rules, story))
    return Story(place.path, os.path.lexists(place.path), place.folder_name, notes, jobs)


def _why_left_out(rules: Rules, story: JobStory) -> Iterator[Remark]:
    """Why a queued job will not be sent, by the settings of now."""
    if story.job.state is State.QUEUED:
        reason = rules.ruling_on(story.job, story.account).why_not
        if reason is not None:
            text = f"account {story.account}: {reason.text}; the job will be skipped"
            yield Remark(reason.code, text, reason.remedy)


def _lacking(account: str) -> Remark:
    text = f"account {account} has no job for it yet; the next walk of the folder makes one"
    return Remark("no-job", text)


def _changes(route: Route, known: KnownFile | None) -> Iterator[Remark]:
    """What the disk says now, where that is not what was remembered."""
    try:
        seen = stat_file(route)
    except FileTrouble as trouble:
        yield Remark("gone", trouble.text, trouble.remedy)
        return
    if known is None:
        return
    if (seen.size, seen.mtime_ns, seen.inode) != (known.size, known.mtime_ns, known.inode):
        yield Remark("changed", "the file is not what was read last; the next walk reads it anew")


def _job_stories(
    db: Database, configuration: Configuration, path: bytes, holder: Holder | None, now: float
) -> Iterator[JobStory]:
    """The newest job of each account first, then older contents."""
    names = account_names(db)
    jobs = overview.jobs_of_path(db, path)
    current = overview.current_ids(db, path, jobs)
    newest = {job.account_id: job.id for job in jobs}
    for job in sorted(jobs, key=lambda job: (newest[job.account_id] != job.id, job.id)):
        is_current = job.id in current
        around = _circumstances(db, configuration, job, names.get(job.account_id, ""), holder, now)
        history = tuple(
            Event(row["at"], State(row["state"]), row["text"])
            for row in overview.history_of(db, job.id)
        )
        step = next_step(job, around)
        yield JobStory(job, around.account, is_current, history, step, _source(db, job))


def _seen(db: Database, configuration: Configuration, rules: Rules, story: JobStory) -> str:
    account = configuration.accounts.get(story.account)
    folder = rules.ruling_on(story.job, story.account).place.folder
    return visibility(db, story.job, account, folder)


def _circumstances(
    db: Database,
    configuration: Configuration,
    job: Job,
    name: str,
    holder: Holder | None,
    now: float,
) -> Circumstances:
    account = configuration.accounts.get(name)
    wait = 0.0
    if account is not None:
        budget = calls.of_account(db, job.account_id, account.calls_per_hour)
        wait = calls.seconds_to_wait(db, budget, _purpose(job), now)
    found = replace(
        facts.around(db, job, now), account=name, call_at=now + wait if wait > 0 else None
    )
    is_ready = job.state is State.QUEUED and job.wait is None
    return Circumstances(
        found,
        is_configured=account is not None,
        is_delivering=holder is not None,
        ahead=overview.ahead_of(db, job) if is_ready else 0,
        has_left=job.photo_id is not None and changing.is_homeless(db, job),
        refused=_refused(db, configuration, job.folder),
    )


def _refused(db: Database, configuration: Configuration, name: str) -> tuple[str, str] | None:
    folder = configuration.folders.get(name)
    row = None if folder is None else roots.row_of(db, name, folder.root)
    return (row.refused, row.remedy) if row is not None and row.refused else None


def _purpose(job: Job) -> Purpose:
    sending = Purpose.LIVE if job.lane is Lane.LIVE else Purpose.BACKFILL
    return PURPOSES.get(job.state, sending)


def _source(db: Database, job: Job) -> bytes | None:
    if job.state is not State.DUPLICATE:
        return None
    entry = ledger.entry(db, job.account_id, job.sha256)
    leader = moves.job_by_id(db, entry.job_id) if entry and entry.job_id != job.id else None
    return leader.path if leader else None
