"""One backfill from its start to its end, whoever delivers meanwhile.

Where nobody delivers it does so itself. Beside a daemon it is that one's client. It changes sides
when a daemon wants its turn, and when the daemon is gone: each time the directories are in the
database before the lock is let go of, and the lock is in hand before anything is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from uploadd.assembly import ServiceMaker, assembled
from uploadd.files.state_directory import check_state_dir
from uploadd.model.configuration import Configuration
from uploadd.model.ports import Runtime
from uploadd.operations.backfill.beside import BesideView
from uploadd.operations.backfill.client import Client
from uploadd.operations.backfill.delivering import LOOK_SECONDS, Backfill
from uploadd.operations.backfill.endings import Finished
from uploadd.operations.backfill.news import News, Tell, Turn
from uploadd.operations.backfill.oversight import Oversight, Show, Tally
from uploadd.operations.backfill.trees import Wanted
from uploadd.services.registry import open_service
from uploadd.store import backfills, lock
from uploadd.store.connection import open_database
from uploadd.store.lock import Holder
from uploadd.store.seat import Seat, SeatTakenError, take_seat
from uploadd.store.store import Store, Worker, one_thread


class Relay:
    """A backfill, as the deliverer and as a client in turn."""

    def __init__(
        self,
        configuration: Configuration,
        runtime: Runtime,
        wanted: Sequence[Wanted],
        *,
        no_wait: bool,
        stop: asyncio.Event,
        show: Show,
        tell: Tell,
        make_service: ServiceMaker = open_service,
        make_worker: Callable[[], Worker] = one_thread,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """`stop` ends it as the deliverer, and detaches it as a client."""
        self._configuration = configuration
        self._runtime = runtime
        self._wanted = wanted
        self._no_wait = no_wait
        self._stop = stop
        self._show = show
        self._tell = tell
        self._make_service = make_service
        self._make_worker = make_worker
        self._look_seconds = look_seconds
        self._tally = Tally.begun_at(runtime.clock)
        self._requests: tuple[int, ...] = ()
        self._was_client = False
        self._gave_way_to: Holder | None = None

    async def run(self) -> Finished:
        """Go on until the backfill has ended.

        Raises `SeatTakenError` beside another backfill, `UsageError` where a daemon cannot take
        the directories in, `StoreError`.
        """
        check_state_dir(self._configuration)
        finished = None
        while finished is None:
            finished = await self._take_part()
        return finished

    async def _take_part(self) -> Finished | None:
        """Deliver where the seat is free, and look on after that; None where all begins anew."""
        try:
            seat = await take_seat(self._configuration.state_dir, self._runtime, "backfill")
        except SeatTakenError as error:
            if not self._was_client and not _is_daemon(error.holder):
                raise
            return await self._look_on()
        finished = await self._deliver(seat)
        # Not for the seat again at once: it is another one's turn.
        return finished or await self._look_on()

    async def _deliver(self, seat: Seat) -> Finished | None:
        """Deliver; None where a daemon wants its turn."""
        if self._was_client:
            turn = Turn.TOOK_OVER if self._gave_way_to is None else Turn.TAKEN_BACK
            self._tell(News(turn))
        names = dict.fromkeys(name for one in self._wanted for name in one.folder.accounts)
        async with assembled(
            self._configuration,
            self._runtime,
            "backfill",
            names=names,
            make_service=self._make_service,
            make_worker=self._make_worker,
            seat=seat,
        ) as assembly:
            # Ours to do now. Were we to die before this commit, a daemon would walk them once more.
            await assembly.store.write(backfills.forget, self._requests)
            finished = await Backfill(
                assembly,
                self._wanted,
                no_wait=self._no_wait,
                stop=self._stop,
                show=self._show,
                look_seconds=self._look_seconds,
                tally=self._tally,
                deaf_to=self._gave_way_to,
            ).run()
            self._requests = finished.requests
            if not finished.requests:
                return finished
            self._gave_way_to = await assembly.store.read(lock.last_successor)
        self._was_client = True
        pid = self._gave_way_to.pid if self._gave_way_to else None
        self._tell(News(Turn.YIELDED, pid))
        return None

    async def _look_on(self) -> Finished | None:
        """Be the deliverer's client; None where nobody delivers any more."""
        self._was_client = True
        database = await self._runtime.disk.run(open_database, self._configuration.state_dir)
        store = Store(database, self._make_worker())
        try:
            client = self._client(store)
            finished = await client.run()
        finally:
            await store.aclose()
        self._requests = tuple(client.ids)
        if client.has_seen_daemon:
            self._gave_way_to = None
        return finished

    def _client(self, store: Store) -> Client:
        view = BesideView(
            self._configuration, self._runtime, store, self._wanted, self._make_service
        )
        clock = self._runtime.clock
        oversight = Oversight(view, self._wanted, clock, self._tally, self._show)
        return Client(
            self._configuration,
            self._runtime,
            store,
            self._wanted,
            view,
            oversight,
            no_wait=self._no_wait,
            stop=self._stop,
            tell=self._tell,
            look_seconds=self._look_seconds,
            ids=self._requests,
        )


def _is_daemon(holder: Holder | None) -> bool:
    return holder is not None and holder.command == "run"
