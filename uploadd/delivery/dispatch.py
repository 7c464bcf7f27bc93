"""Takes jobs from the queue, live ones first, and keeps `parallel_uploads` of them going."""

from __future__ import annotations

import asyncio

import structlog
from sqlite_utils import Database

from uploadd.delivery.desk import Desk
from uploadd.delivery.room import ANYTHING, NOTHING, Fitting
from uploadd.delivery.screening import Screening
from uploadd.delivery.send import deliver, give_up
from uploadd.delivery.shelter import sheltered
from uploadd.model.budget import PURPOSE_OF
from uploadd.model.errors import StoreError
from uploadd.model.jobs import Job, Lane
from uploadd.model.limits import Load, Short, load_of
from uploadd.model.pauses import Stops, first_end, what_stops
from uploadd.store import accounts, pauses, queue

log = structlog.get_logger()

LONGEST_NAP_SECONDS = 60.0
LANES = (Lane.LIVE, Lane.BACKFILL)


class Dispatcher:
    """The sending loop of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._bell = desk.bell.listener()
        self._taken: set[int] = set()
        self._screening = Screening(desk)

    async def run(self) -> None:
        """Send until the account drains; returns when the last send in flight has ended."""
        async with asyncio.TaskGroup() as senders:
            while not self._desk.draining.is_set():
                self._bell.clear()
                nap = await sheltered(
                    self._desk, "send", lambda: self._turn(senders), LONGEST_NAP_SECONDS
                )
                await self._desk.runtime.clock.wait(self._bell, nap)

    async def _turn(self, senders: asyncio.TaskGroup) -> float:
        """Begin what can be sent; the seconds until the next turn."""
        while await self._start_one(senders):
            pass
        return await self._nap()

    async def _start_one(self, senders: asyncio.TaskGroup) -> bool:
        if len(self._taken) >= self._desk.account.parallel_uploads:
            return False
        if self._desk.needs_login or self._desk.draining.is_set():
            return False
        if not self._desk.room.was_asked:
            self._want(NOTHING)
            return False
        job = await self._next_job()
        self._tell_idle(job is None and not self._taken)
        if job is None:
            return False
        self._taken.add(job.id)
        self._desk.room.begin(job)
        senders.create_task(self._deliver(job))
        return True

    def _tell_idle(self, is_idle: bool) -> None:
        """Once nothing is left to send, tickets are worth a call that were being gathered."""
        has_come_to_rest = is_idle and not self._desk.is_idle
        self._desk.is_idle = is_idle
        if has_come_to_rest:
            self._desk.bell.ring()

    async def _next_job(self) -> Job | None:
        """The next job that there is room for. What there is none for waits for the next quota."""
        room, lanes = self._desk.room, self._open_lanes()
        job = await self._read_next(lanes, ANYTHING)
        short = room.shortage(job) if job is not None else None
        if job is None or short is None:
            return job
        other = None if short is Short.ITEMS else await self._read_next(lanes, room.fitting())
        if other is not None and room.shortage(other) is not None:
            other = None
        if other is None or short is Short.VIDEOS:
            self._want(load_of(job))
        return other

    async def _read_next(self, lanes: tuple[Lane, ...], fitting: Fitting) -> Job | None:
        if not lanes:
            return None
        desk, taken = self._desk, frozenset(self._taken)
        now = desk.runtime.clock.wall()
        job, doubts = await desk.store.read(_next_job, desk.id, now, lanes, taken, fitting)
        if doubts == desk.room.doubts_answered:
            return job
        desk.room.doubt()
        self._want(NOTHING)
        return None

    def _want(self, load: Load) -> None:
        """The service is to be asked whether it has room for this, if it was not for long."""
        if self._desk.room.wants(load):
            self._desk.bell.ring()

    def _open_lanes(self) -> tuple[Lane, ...]:
        """The lanes for which the call budget has room now: a live file waits for no backfill."""
        seconds = self._desk.budget.seconds_to_wait
        return tuple(lane for lane in LANES if seconds(PURPOSE_OF[lane]) <= 0)

    async def _deliver(self, job: Job) -> None:
        room = self._desk.room
        try:
            if await self._screening.passes(job):
                await deliver(self._desk, job)
        except StoreError:
            raise  # nothing can be written down any more: the daemon stops, and says why
        except Exception:  # a bug that one file brings out must not stop the others
            log.exception("job.crashed", account=self._desk.account.name, job=job.id)
            await sheltered(self._desk, "send", lambda: give_up(self._desk, job), None)
        finally:
            room.end(job)
            self._taken.discard(job.id)
            self._bell.set()

    async def _nap(self) -> float:
        """Seconds until something here is due by the clock alone; the bell may ring sooner."""
        now = self._desk.runtime.clock.wall()
        dues = await self._desk.store.read(_next_moments, self._desk.id, now)
        budget = (self._desk.budget.seconds_to_wait(PURPOSE_OF[lane]) for lane in LANES)
        dues += [now + seconds for seconds in budget if seconds > 0]
        return min([LONGEST_NAP_SECONDS, *(max(0.02, due - now) for due in dues)])


def _next_moments(db: Database, account_id: int, now: float) -> list[float]:
    """When the first pause ends by time alone, and when the next waiting job is ready."""
    pause_end = first_end(pauses.of_account(db, account_id), now)
    due = queue.next_due_in_queue(db, account_id, now)
    return [moment for moment in (pause_end, due) if moment is not None]


def _next_job(
    db: Database,
    account_id: int,
    now: float,
    lanes: tuple[Lane, ...],
    taken: frozenset[int],
    fitting: Fitting,
) -> tuple[Job | None, int]:
    """The next job that may be sent, and how often the account's limits were doubted.

    One question, because each may wait for a commit; and a job that is retried in the commit in
    which they are doubted is not seen without that.
    """
    doubts = accounts.count_limit_doubts(db, account_id)
    stopped = what_stops(pauses.of_account(db, account_id), now)
    if Stops.UPLOADS in stopped:
        return None, doubts
    with_videos = fitting.with_videos and Stops.VIDEOS not in stopped
    for lane in lanes:
        job = queue.next_to_send(
            db,
            account_id,
            lane,
            now,
            with_videos=with_videos,
            taken=taken,
            most_bytes=fitting.most_bytes,
        )
        if job is not None:
            return job, doubts
    return None, doubts
