"""A backfill beside a daemon: it asks for its directories, and shows what becomes of them.

The request is in the database before anything is waited for, so the client may be ended at any
moment: whoever delivers next finds it. The client watches the lock, too: where nobody holds it
any more, the backfill goes on by itself (`operations/backfill/relay.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from uploadd.model.configuration import Configuration
from uploadd.model.errors import UsageError
from uploadd.model.ports import Runtime
from uploadd.operations.backfill.asking import asked_of
from uploadd.operations.backfill.beside import BesideView, read_requests
from uploadd.operations.backfill.endings import Ending, Finished
from uploadd.operations.backfill.news import News, Tell, Turn
from uploadd.operations.backfill.oversight import Oversight
from uploadd.operations.backfill.trees import Wanted
from uploadd.operations.turns import seconds_left_free
from uploadd.store import backfills, lock
from uploadd.store.backfills import Stage
from uploadd.store.lock import Holder
from uploadd.store.store import Store

PING_SECONDS = 10.0
SILENT_SECONDS = 30.0


class Client:
    """One backfill that somebody else delivers."""

    def __init__(
        self,
        configuration: Configuration,
        runtime: Runtime,
        store: Store,
        wanted: Sequence[Wanted],
        view: BesideView,
        oversight: Oversight,
        *,
        no_wait: bool,
        stop: asyncio.Event,
        tell: Tell,
        look_seconds: float,
        ids: Sequence[int] = (),
    ) -> None:
        """`ids`: the rows by which the directories were asked for already."""
        self._configuration = configuration
        self._state_dir = configuration.state_dir
        self._patience = configuration.hand_over_patience
        self._runtime = runtime
        self._clock = runtime.clock
        self._store = store
        self._wanted = wanted
        self._view = view
        self._oversight = oversight
        self._no_wait = no_wait
        self._stop = stop
        self._tell = tell
        self._look_seconds = look_seconds
        self.ids = list(ids)
        self._hearing = _Hearing(self._clock.monotonic(), self._patience)
        self._holder: Holder | None = None
        self._free_since: float | None = None

    async def run(self) -> Finished | None:
        """Look on until nothing is pending, or there is a reason to stop.

        None where nobody delivers any more. Raises `UsageError` where the daemon does not see a
        directory, or does not know an account.
        """
        await self._view.begin()
        await self._ask_if_need_be()
        while True:
            await self._look_at_holder()
            if self._no_wait and self._is_behind_another:
                return await self._end(Ending.WOULD_WAIT)
            if self._is_to_take_over(await self._is_somebody_waiting()):
                await self._oversight.close()
                return None
            await self._read_requests()
            await self._listen()
            is_counted = await self._oversight.look()
            ending = await self._oversight.reason_to_end(is_counted, no_wait=self._no_wait)
            if ending is not None:
                return await self._end(ending)
            if await self._clock.wait(self._stop, self._look_seconds):
                return await self._end(Ending.INTERRUPTED)

    @property
    def has_seen_daemon(self) -> bool:
        """Whether a daemon has delivered meanwhile."""
        return self._holder is not None and self._holder.command == "run"

    @property
    def _is_behind_another(self) -> bool:
        """Whether another backfill, or a replace, delivers: it serves no requests."""
        is_taken = self._holder is not None and self._free_since is None
        return is_taken and not self.has_seen_daemon

    async def _ask_if_need_be(self) -> None:
        """Without a row for each directory nobody knows what is wanted."""
        self._view.requests = await self._store.read(read_requests, self.ids)
        if not self.ids or len(self._view.requests) < len(set(self.ids)):
            asked = await self._runtime.disk.run(asked_of, self._configuration, self._wanted)
            self.ids = await self._store.write(backfills.ask, asked, self._clock.wall())
            self._view.requests = await self._store.read(read_requests, self.ids)

    async def _read_requests(self) -> None:
        await self._ask_if_need_be()
        for request in self._view.requests:
            if request.state is Stage.REFUSED:
                await self._store.write(backfills.forget, self.ids)
                raise UsageError(request.text, request.remedy)

    async def _look_at_holder(self) -> None:
        is_taken = await self._runtime.disk.run(lock.is_taken, self._state_dir)
        now = self._clock.monotonic()
        if not is_taken:
            self._free_since = now if self._free_since is None else self._free_since
            return
        self._free_since = None
        holder = await self._store.read(lock.last_holder)
        if holder is not None and holder != self._holder:
            self._holder = holder
            self._hearing.begin(now)
            is_daemon = holder.command == "run"
            self._tell(News(Turn.JOINED if is_daemon else Turn.QUEUED_UP, holder.pid))

    async def _is_somebody_waiting(self) -> bool:
        if self._free_since is None:
            return False
        return await self._runtime.disk.run(lock.has_successor, self._state_dir)

    def _is_to_take_over(self, is_somebody_waiting: bool) -> bool:
        if self._free_since is None:
            return False
        seconds = seconds_left_free(self._patience, is_awaited=is_somebody_waiting)
        return self._clock.monotonic() - self._free_since >= seconds

    async def _listen(self) -> None:
        """Ping the daemon, and say so where it does not answer."""
        if self._holder is None or not self.has_seen_daemon or self._free_since is not None:
            return
        now = self._clock.monotonic()
        is_answered = all(one.pings == one.answers for one in self._view.requests)
        news = self._hearing.news(now, is_answered=is_answered)
        if news is not None:
            self._tell(News(news, self._holder.pid, self._hearing.silent_seconds(now)))
        if is_answered and self._hearing.is_ping_due(now):
            await self._store.write(backfills.ping, self.ids)

    async def _end(self, ending: Ending) -> Finished:
        finished = await self._oversight.finished(ending)
        has_ended = finished.ending in (Ending.DONE, Ending.FAILED)
        if has_ended and not finished.snapshot.settling:
            await self._store.write(backfills.forget, self.ids)
            return finished
        is_held = self.has_seen_daemon and self._free_since is None
        left_to = self._holder.pid if self._holder is not None and is_held else None
        return replace(finished, left_to=left_to, requests=tuple(self.ids))


class _Hearing:
    """When the daemon was heard last, by its answers to pings."""

    def __init__(self, now: float, patience: float) -> None:
        self._patience = patience
        self.begin(now)

    def begin(self, now: float) -> None:
        """Another daemon: it has yet to answer."""
        self._heard_at = now
        self._is_asked = True
        self._is_silent = False

    def silent_seconds(self, now: float) -> float:
        """For how long nothing was heard."""
        return now - self._heard_at

    def is_ping_due(self, now: float) -> bool:
        """Whether it is time to ask again."""
        return now - self._heard_at >= PING_SECONDS * self._patience

    def news(self, now: float, *, is_answered: bool) -> Turn | None:
        """What to tell: that it is silent now, or that it answers again; mostly nothing."""
        if is_answered:
            if self._is_asked:
                self._heard_at, self._is_asked = now, False
            was_silent, self._is_silent = self._is_silent, False
            return Turn.HEARD if was_silent else None
        self._is_asked = True
        if self._is_silent or now - self._heard_at < SILENT_SECONDS * self._patience:
            return None
        self._is_silent = True
        return Turn.SILENT
