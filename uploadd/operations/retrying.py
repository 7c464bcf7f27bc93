"""Back to the queue: `uploadd retry`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database

from uploadd.files.opening import printable
from uploadd.files.reaching import Roots
from uploadd.intake.presence import are_as_known
from uploadd.intake.rules import Rules
from uploadd.model.configuration import Configuration, OnChange, ServiceName
from uploadd.model.errors import FileTrouble, UsageError
from uploadd.model.jobs import Job
from uploadd.model.limits import TOO_LARGE
from uploadd.model.places import Ruling
from uploadd.model.refusals import DAMAGED, HARD_LINK, refusal_of
from uploadd.model.states import State
from uploadd.operations.accepted import rules_of
from uploadd.operations.naming import NOTHING, Names, Refused, ids_named, no_job, unknown
from uploadd.operations.show.listing import account_names, rows_of
from uploadd.store import accounts, changing, grounds, ledger, lock, moves, sightings
from uploadd.store.beside import in_turns, reading, writing
from uploadd.store.listing import Choice, choose_ids

RETRYABLE = (State.FAILED, State.SKIPPED)
BELOW = (Choice((State.FAILED,)), Choice((State.SKIPPED,), code="ignored"))
"""What a retry of a directory takes: what else was skipped there was skipped for good reason."""
STORY = "a person said retry"
FORCED_STORY = "a person said retry --force"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which jobs: those that are named, or every one that has failed, or that has this reason code.

    `account`: of this account only, where they are not named.
    """

    names: Names = NOTHING
    failed: bool = False
    code: str = ""
    is_forced: bool = False
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of it, each job by its id.

    `looked_up`: on the service first; `unread`: read first; `deleted`: sent without `--force`
    although deleted on the service; `overruled`: an earlier send may have arrived, and they are
    sent anyway. `gone`: they stay as they are, because their files are not there any more.
    `is_delivering`: something runs that sees them.
    """

    queued: tuple[int, ...] = ()
    looked_up: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    overruled: tuple[int, ...] = ()
    refused: tuple[Refused, ...] = ()
    is_delivering: bool = False

    @property
    def moved(self) -> int:
        """How many jobs are on their way again."""
        return len(self.queued) + len(self.looked_up) + len(self.unread)


def retry(configuration: Configuration, wish: Wish, now: float) -> Retried:
    """Queue jobs again, some at a time, each of them in one commit with all that follows from it.

    What was queued before an interruption stays so: the command is given again. Raises
    `UsageError` where no job is named, `StoreError`.
    """
    _check(wish)
    state_dir = configuration.state_dir
    with reading(state_dir) as db:
        if db is None:
            names = wish.names
            return Retried(refused=(*map(unknown, names.ids), *map(no_job, names.paths)))
        ids, refused = _named(configuration, db, wish)
    retrying, rules = _Retrying(wish, now), rules_of(configuration, remembers=True)
    for some in in_turns(ids):
        outlooks = _outlooks(state_dir, rules, some)
        with writing(state_dir) as db:
            retrying.run(db, some, outlooks)
    with reading(state_dir) as db:
        is_delivering = db is not None and lock.holder_now(db, state_dir) is not None
    return retrying.outcome([*refused, *retrying.refused], is_delivering=is_delivering)


def _check(wish: Wish) -> None:
    if wish.names and (wish.failed or wish.code or wish.account):
        raise UsageError("jobs are named one by one or chosen, not both", "leave one of them out")
    if not (wish.names or wish.failed or wish.code):
        remedy = "name their ids, their files, or a directory, or say --failed or --code CODE"
        raise UsageError("say which jobs", remedy)


def _named(
    configuration: Configuration, db: Database, wish: Wish
) -> tuple[list[int], list[Refused]]:
    if wish.names:
        return ids_named(db, configuration, wish.names, _fits, BELOW)
    rows = rows_of(configuration, account_names(db), wish.account)
    states = (State.FAILED,) if wish.failed else RETRYABLE
    choice = Choice(states, rows or (), code=wish.code)
    return ([] if rows == () else choose_ids(db, choice)), []


def _fits(job: Job, is_current: bool) -> bool:
    """What a retry of a file takes: a former content only where it was not left on purpose."""
    return (
        job.state is State.FAILED or job.is_put_aside or (is_current and job.state is State.SKIPPED)
    )


class _Outlook(NamedTuple):
    """What a retry of a job would come to, by the disk and the settings of now.

    `why_not`: why it would only fail again; empty where it may work. `is_replacing`: its folder
    gives the new content of a changed file to its photo. `is_gone`: there is nothing to send any
    more, and nothing to be looked up either.
    """

    why_not: str
    is_replacing: bool
    is_gone: bool


def _outlooks(state_dir: Path, rules: Rules, job_ids: Sequence[int]) -> dict[int, _Outlook]:
    """For each of these jobs. Looks at the disk, so not while the store waits."""
    with reading(state_dir) as db:
        if db is None:
            return {}
        rows = {row.id: row for row in accounts.all_accounts(db)}
        jobs = [job for job_id in job_ids if (job := moves.job_by_id(db, job_id)) is not None]
        doubted = {job.id for job in jobs if _may_be_there(db, job)}
        holding = {job.id: grounds.holding(db, job.directory) for job in jobs}
    outlooks, roots = {}, rules.folders.roots
    for job in jobs:
        row = rows[job.account_id]
        ruling = rules.ruling_on(job, row.label)
        why_not = _why_not(job, ruling, ServiceName(row.service), roots)
        is_gone = job.id not in doubted and roots.is_gone(job.spot, job.device)
        is_gone = is_gone and are_as_known(holding[job.id])  # else its disk may be away
        is_replacing = ruling.place.on_change is OnChange.REPLACE
        outlooks[job.id] = _Outlook(why_not, is_replacing, is_gone)
    return outlooks


def _why_not(job: Job, ruling: Ruling, service: ServiceName, roots: Roots) -> str:
    """Why a retry would only fail again; empty where it may work. Looks at the disk."""
    if job.state in RETRYABLE and ruling.why_not is not None:
        return f"job {job.id} is left out: {ruling.why_not.text}; {ruling.why_not.remedy}"
    if job.state in RETRYABLE and (not job.sha256 or job.rests_for(HARD_LINK)):
        return _why_unreadable(job, roots)
    if job.state is not State.SKIPPED:
        return ""
    refusal = refusal_of(service, job.size, job.media_type)
    if refusal is None:
        return ""
    reason = refusal.reason
    if job.reason is not None and job.reason.code == DAMAGED:
        reason = job.reason  # which says what was found in it
    return f"job {job.id} is still not for upload: {reason.text}; {reason.remedy}"


def _why_unreadable(job: Job, roots: Roots) -> str:
    try:
        os.close(roots.route(job.spot).open())
    except FileTrouble as trouble:
        remedy = f"; {trouble.remedy}" if trouble.remedy else ""
        return f"job {job.id}: {trouble.text}{remedy}"
    return ""


class _Retrying:
    """The moves of one retry, inside their commits."""

    def __init__(self, wish: Wish, now: float) -> None:
        self._is_forced = wish.is_forced
        self._now = now
        self.refused: list[Refused] = []
        self._ids: dict[str, list[int]] = {}

    def run(self, db: Database, job_ids: Sequence[int], outlooks: Mapping[int, _Outlook]) -> None:
        """One commit. `outlooks`: of each job, by its id."""
        for job_id in job_ids:
            job = moves.job_by_id(db, job_id)  # it may have moved since it was chosen
            outlook = outlooks.get(job_id)
            if job is None or outlook is None:
                self.refused.append(unknown(job_id))
            elif job.state not in RETRYABLE:
                text = f"job {job.id} ({printable(job.path)}) is {job.state}: only failed and"
                self.refused.append(Refused(job.id, f"{text} skipped jobs are retried"))
            elif outlook.why_not:
                self.refused.append(Refused(job.id, outlook.why_not))
            elif outlook.is_gone:
                self._add("gone", job)
            else:
                self._requeue(db, job, outlook)

    def outcome(self, refused: Sequence[Refused], *, is_delivering: bool) -> Retried:
        ids = {name: tuple(found) for name, found in self._ids.items()}
        return Retried(**ids, refused=tuple(refused), is_delivering=is_delivering)

    def _requeue(self, db: Database, job: Job, outlook: _Outlook) -> None:
        if self._is_forced and _may_be_there(db, job):
            self._add("overruled", job)
        if not self._is_forced and job.rests_for("deleted"):
            self._add("deleted", job)
        story = FORCED_STORY if self._is_forced else STORY
        if job.rests_for(TOO_LARGE):
            accounts.doubt_limits(db, job.account_id)
        if not outlook.is_replacing:
            changing.give_up_photo(db, job)
        moves.requeue(db, job, self._now, story, is_forced=self._is_forced)
        if not job.sha256:
            sightings.read_anew(db, job)
        self._add(_way_of(db, job), job)

    def _add(self, name: str, job: Job) -> None:
        self._ids.setdefault(name, []).append(job.id)


def _may_be_there(db: Database, job: Job) -> bool:
    entry = ledger.entry(db, job.account_id, job.sha256)
    return entry is not None and entry.state == "maybe"


def _way_of(db: Database, job: Job) -> str:
    if not job.sha256:
        return "unread"
    moved = moves.job_by_id(db, job.id)
    return "looked_up" if moved and moved.state is State.UNCERTAIN else "queued"
