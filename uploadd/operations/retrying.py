"""Back to the queue: `uploadd retry`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.files.opening import open_regular, printable
from uploadd.intake.examine import refusal_of
from uploadd.model.configuration import Configuration, OnChange
from uploadd.model.errors import FileTrouble, UsageError
from uploadd.model.jobs import Job
from uploadd.model.limits import TOO_LARGE
from uploadd.model.states import State
from uploadd.operations.show.listing import account_names, rows_of
from uploadd.store import accounts, changing, ledger, lock, moves, overview, sightings
from uploadd.store.beside import reading, writing

RETRYABLE = (State.FAILED, State.SKIPPED)
STORY = "a person said retry"
FORCED_STORY = "a person said retry --force"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which jobs: by their ids, or every one that has failed, or that has this reason code.

    `account`: of this account only, where they are not named by ids.
    """

    ids: tuple[int, ...] = ()
    failed: bool = False
    code: str = ""
    is_forced: bool = False
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A job that stays where it is, and why."""

    job_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of it, each job by its id.

    `looked_up`: on the service first; `unread`: read first; `deleted`: sent without `--force`
    although deleted on the service; `overruled`: an earlier send may have arrived, and they are
    sent anyway. `is_delivering`: something runs that sees them.
    """

    queued: tuple[int, ...] = ()
    looked_up: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    overruled: tuple[int, ...] = ()
    refused: tuple[Refused, ...] = ()
    is_delivering: bool = False

    @property
    def moved(self) -> int:
        """How many jobs are on their way again."""
        return len(self.queued) + len(self.looked_up) + len(self.unread)


def retry(configuration: Configuration, wish: Wish, now: float) -> Retried:
    """Queue jobs again, in one commit. Raises `UsageError` where none is named, `StoreError`."""
    _check(wish)
    with reading(configuration.state_dir) as db:
        if db is None:
            return Retried(refused=tuple(_unknown(job_id) for job_id in wish.ids))
        named = tuple(_named(configuration, db, wish))
        unfit = {job.id: text for job in named if (text := _why_not(job))}
    with writing(configuration.state_dir) as db:
        replacing = {
            name
            for name, folder in configuration.folders.items()
            if folder.on_change is OnChange.REPLACE
        }
        retrying = _Retrying(db, wish, unfit, replacing, now)
        retrying.run([job.id for job in named])
        is_delivering = lock.holder_now(db, configuration.state_dir) is not None
    found = {job.id for job in named}
    unknown = [_unknown(job_id) for job_id in wish.ids if job_id not in found]
    return retrying.outcome([*unknown, *retrying.refused], is_delivering=is_delivering)


def _check(wish: Wish) -> None:
    if wish.ids and (wish.failed or wish.code or wish.account):
        raise UsageError("jobs are named one by one or chosen, not both", "leave one of them out")
    if not (wish.ids or wish.failed or wish.code):
        raise UsageError("say which jobs", "name their ids, or say --failed or --code CODE")


def _named(configuration: Configuration, db: Database, wish: Wish) -> Iterator[Job]:
    rows = rows_of(configuration, account_names(db), wish.account)
    if not wish.ids and rows != ():
        states = (State.FAILED,) if wish.failed else RETRYABLE
        yield from overview.list_jobs(db, states, rows or (), wish.code)
    for job_id in dict.fromkeys(wish.ids):
        job = moves.job_by_id(db, job_id)
        if job is not None:
            yield job


def _unknown(job_id: int) -> Refused:
    return Refused(job_id, f"there is no job {job_id}; `uploadd jobs` shows them")


def _why_not(job: Job) -> str:
    """Why a retry would only fail again; empty where it may work. Looks at the disk."""
    if job.state in RETRYABLE and not job.sha256:
        return _why_unreadable(job)
    if job.state is not State.SKIPPED:
        return ""
    refusal = refusal_of(job.size, job.media_type)
    if refusal is None:
        return ""
    return f"job {job.id} is still not for upload: {refusal.reason.text}; {refusal.reason.remedy}"


def _why_unreadable(job: Job) -> str:
    try:
        os.close(open_regular(job.path))
    except FileTrouble as trouble:
        remedy = f"; {trouble.remedy}" if trouble.remedy else ""
        return f"job {job.id}: {trouble.text}{remedy}"
    return ""


class _Retrying:
    """The moves of one retry, inside its commit."""

    def __init__(
        self, db: Database, wish: Wish, unfit: dict[int, str], replacing: set[str], now: float
    ) -> None:
        """`replacing`: the folders whose changed files replace their photos."""
        self._db = db
        self._replacing = replacing
        self._is_forced = wish.is_forced
        self._unfit = unfit
        self._now = now
        self.refused: list[Refused] = []
        self._ids: dict[str, list[int]] = {}

    def run(self, job_ids: Sequence[int]) -> None:
        for job_id in job_ids:
            job = moves.job_by_id(self._db, job_id)  # it may have moved since it was chosen
            if job is not None:
                self._retry(job)

    def outcome(self, refused: Sequence[Refused], *, is_delivering: bool) -> Retried:
        ids = {name: tuple(found) for name, found in self._ids.items()}
        return Retried(**ids, refused=tuple(refused), is_delivering=is_delivering)

    def _retry(self, job: Job) -> None:
        if job.state not in RETRYABLE:
            text = f"job {job.id} ({printable(job.path)}) is {job.state}: only failed and skipped"
            self.refused.append(Refused(job.id, f"{text} jobs are retried"))
        elif job.id in self._unfit:
            self.refused.append(Refused(job.id, self._unfit[job.id]))
        else:
            self._requeue(job)

    def _requeue(self, job: Job) -> None:
        if self._is_forced and self._may_be_there(job):
            self._add("overruled", job)
        if not self._is_forced and job.reason is not None and job.reason.code == "deleted":
            self._add("deleted", job)
        story = FORCED_STORY if self._is_forced else STORY
        if job.reason is not None and job.reason.code == TOO_LARGE:
            accounts.doubt_limits(self._db, job.account_id)
        if job.folder not in self._replacing:
            changing.give_up_photo(self._db, job)
        moves.requeue(self._db, job, self._now, story, is_forced=self._is_forced)
        if not job.sha256:
            sightings.read_anew(self._db, job)
        self._add(self._way_of(job), job)

    def _may_be_there(self, job: Job) -> bool:
        entry = ledger.entry(self._db, job.account_id, job.sha256)
        return entry is not None and entry.state == "maybe"

    def _way_of(self, job: Job) -> str:
        if not job.sha256:
            return "unread"
        moved = moves.job_by_id(self._db, job.id)
        return "looked_up" if moved and moved.state is State.UNCERTAIN else "queued"

    def _add(self, name: str, job: Job) -> None:
        self._ids.setdefault(name, []).append(job.id)
