"""Where one replacement stands, by what the database says."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sqlite_utils import Database

from uploadd.files.opening import printable
from uploadd.model.budget import PURPOSE_OF
from uploadd.model.configuration import Configuration
from uploadd.model.errors import StoreError, UsageError
from uploadd.model.jobs import Job
from uploadd.model.pauses import ACCUSING, TRIED, ActivePause, PauseCause, Stops, what_stops
from uploadd.model.ports import Runtime
from uploadd.model.states import TERMINAL, State
from uploadd.model.verdicts import Reason
from uploadd.operations.backfill.waiting import SHORT_WAIT_SECONDS
from uploadd.operations.replace.ordering import Order
from uploadd.operations.show.status import holding
from uploadd.operations.show.story import Event
from uploadd.operations.turns import is_fresh
from uploadd.store import calls, lock, moves, overview
from uploadd.store.beside import reading, writing
from uploadd.store.lock import Holder


@dataclass(frozen=True, slots=True)
class Look:
    """The job at one moment. `news`: what was added to its history since the last look.

    `call_in`: seconds until the call budget has room; `now`: unix seconds; `patience`: of the
    hand-over.
    """

    job: Job
    news: tuple[Event, ...]
    pauses: tuple[ActivePause, ...]
    call_in: float
    now: float
    patience: float

    @property
    def is_over(self) -> bool:
        """Whether it has come to rest."""
        return self.job.state in TERMINAL

    def is_refused(self, *, are_probed: bool | None) -> bool:
        """Whether a person must see to the login."""
        causes = {pause.cause for pause in self.pauses}
        return PauseCause.CREDENTIALS in causes and not self.is_undecided(are_probed=are_probed)

    @property
    def waits_for(self) -> Reason | None:
        """What stops its account, where something does."""
        stops = Stops.VIDEOS if self.job.is_video else Stops.UPLOADS
        for pause in self.pauses:
            if {stops, Stops.CALLS} & what_stops([pause], self.now):
                return Reason(pause.code, f"the account is paused: {pause.text}", pause.remedy)
        if self.call_in > 0:
            return Reason("budget", "this hour's API calls are used up")
        return None

    def is_undecided(self, *, are_probed: bool | None) -> bool:
        """Whether a pause is about to be tried. `are_probed` None: only who delivers knows."""
        if are_probed is not None:
            is_to_be_tried = not are_probed and self.call_in <= 0
            return is_to_be_tried and any(one.rule.ends_by in TRIED for one in self.pauses)
        return any(
            pause.cause in ACCUSING and is_fresh(pause.since, self.now, self.patience)
            for pause in self.pauses
        )

    @property
    def only_waits(self) -> bool:
        """Whether nothing can be done for it now, nor within a minute."""
        if self.job.state is not State.QUEUED:
            is_asked_about = self.job.state is not State.UPLOADING and self.call_in > 0
            return is_asked_about or Stops.CALLS in what_stops(self.pauses, self.now)
        wait = self.job.wait
        is_long = wait is not None and wait.remaining(self.now) > SHORT_WAIT_SECONDS
        return is_long or self.waits_for is not None


class Following:
    """Looks at one job, and at the one that takes its place where its file changes meanwhile."""

    def __init__(self, configuration: Configuration, runtime: Runtime, order: Order) -> None:
        self._state_dir = configuration.state_dir
        self._patience = configuration.hand_over_patience
        self._runtime = runtime
        self._order = order
        self._job_id = 0
        self._told = 0

    def begin(self, job_id: int) -> None:
        """From now on this job; what was told of it before is no news."""
        self._job_id = job_id
        self._told = -1

    async def look(self) -> Look:
        """The job as it stands. Raises `StoreError`, `UsageError` where its file is not seen."""
        look = await self._runtime.disk.run(self._look)
        if _is_unseen(look.job) and await self._runtime.disk.run(os.path.exists, look.job.path):
            raise await self._runtime.disk.run(self._unseen, look.job)
        return look

    async def holder(self) -> Holder | None:
        """Who delivers, as it was written down."""

        def read() -> Holder | None:
            with reading(self._state_dir) as db:
                return None if db is None else lock.last_holder(db)

        return await self._runtime.disk.run(read)

    def _look(self) -> Look:
        with reading(self._state_dir) as db:
            job = None if db is None else self._job(db)
            if db is None or job is None:
                raise StoreError("the job is not in the database any more", "give it again")
            now = self._runtime.clock.wall()
            account = self._order.account
            budget = calls.of_account(db, job.account_id, account.calls_per_hour)
            call_in = calls.seconds_to_wait(db, budget, PURPOSE_OF[job.lane], now)
            pauses = tuple(holding(db, job.account_id, now))
            return Look(job, self._news(db, job), pauses, call_in, now, self._patience)

    def _job(self, db: Database) -> Job | None:
        job = moves.job_by_id(db, self._job_id)
        if job is None or job.state is not State.SKIPPED:
            return job
        for one in reversed(overview.jobs_of_path(db, job.path)):
            is_heir = one.is_replacement and one.photo_id == self._order.photo_id
            if is_heir and one.account_id == job.account_id and one.id != job.id:
                self.begin(one.id)
                return one
        return job

    def _news(self, db: Database, job: Job) -> tuple[Event, ...]:
        history = overview.history_of(db, job.id)
        before, self._told = self._told, len(history)
        if before < 0:
            return ()
        return tuple(Event(row["at"], State(row["state"]), row["text"]) for row in history[before:])

    def _unseen(self, job: Job) -> UsageError:
        """The deliverer sees less of the disk than this command: it is taken back."""
        with writing(self._state_dir) as db:
            fresh = moves.job_by_id(db, job.id)
            if fresh is not None and fresh.state is State.QUEUED:
                reason = Reason("vanished", "the deliverer does not see the file")
                moves.skip(db, fresh, reason, self._runtime.clock.wall())
            holder = lock.holder_now(db, self._state_dir)
        who = f"the daemon, pid {holder.pid}," if holder else "whoever delivers"
        return UsageError(
            f"{who} does not see {printable(job.path)}",
            "put the file where it may read, or stop it and give the command again",
        )


def _is_unseen(job: Job) -> bool:
    code = job.reason.code if job.reason else ""
    return job.state in (State.QUEUED, State.SKIPPED) and code == "vanished"
