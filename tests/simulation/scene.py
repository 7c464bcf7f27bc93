"""A world whose uploadd lives many short lives: the stage on which a schedule is played."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from sqlite_utils import Database

from simulation import world
from simulation.lives import Call, Life, LifeClock, LifeTransport, LifeWorker, Network, live
from simulation.world import World
from uploadd.assembly import Assembly, assembled
from uploadd.model.configuration import ServiceName, WatchMode
from uploadd.model.ports import Runtime
from uploadd.operations.backfill.delivering import Backfill, Finished
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.operations.ignoring import ignore
from uploadd.operations.naming import Names
from uploadd.operations.retrying import Wish, retry
from uploadd.sandbox import SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.registry import open_service
from uploadd.store.connection import DATABASE_NAME, open_database

MEMORY = Path("/dev/shm")


class Scene(World):
    """A world on one long clock, whose processes can be killed at any step."""

    def __init__(
        self,
        directory: Path,
        options: SandboxOptions | None = None,
        seed: int = 0,
        services: Sequence[ServiceName] = (ServiceName.FLICKR,),
    ):
        self.clock = LifeClock()
        super().__init__(directory, options, seed, services)
        self.network = Network(self.now)
        self.seed = seed
        self.lives: list[Life] = []
        self.logs: list[dict[str, Any]] = []
        self.watch_request: Callable[[Call], None] = lambda _call: None
        self.clock_went_forward = False
        self.changes = 0
        lay_template(self.state_dir)

    def now(self) -> float:
        """The true time: the service's."""
        return self.clock.true_wall()

    def pass_time(self, seconds: float) -> None:
        """Nothing of uploadd runs for a while."""
        self.clock.elapsed += seconds

    def database(self) -> Database:
        """The database, seen from outside: without the look at its migrations."""
        return Database(connected(self.state_dir))

    def poll_folder(self) -> None:
        """A folder that is watched by polling; a walk alone would see changes an hour later."""
        self.folder = replace(self.folder, watch=WatchMode.POLL, poll_seconds=5.0)

    def fill_disk(self) -> None:
        """From now on, in this life, the database finds no room for another page."""
        life = self.lives[-1]
        for one in life.held:
            if isinstance(one, Database):
                one.execute("PRAGMA max_page_count = 1")

    def change(self, path: Path, content: bytes) -> None:
        """Write new content into a file, now: no two changes have the same time."""
        path.write_bytes(content)
        self.changes += 1
        moment = int(self.now() * 1e9) + self.changes
        os.utime(path, ns=(moment, moment))

    def backfill_life(self, life: Life, *, stop_after: float | None = None) -> Any:
        """One `uploadd backfill`. Returns how it ended, or what it raised."""

        async def work(assembly: Assembly) -> Finished:
            stop = asyncio.Event()
            if stop_after is not None:
                asyncio.get_running_loop().call_later(stop_after, stop.set)
            wanted = wanted_trees(self.configuration(), [str(self.photos)], None, None)
            return await Backfill(
                assembly,
                wanted,
                no_wait=False,
                stop=stop,
                show=lambda _snapshot: None,
                look_seconds=world.LOOK_SECONDS,
            ).run()

        return self.live(life, work)

    def watch_life(self, life: Life, seconds: float) -> Any:
        """One `uploadd run` with its folder polled, drained after `seconds`."""

        async def work(assembly: Assembly) -> None:
            await self.watch(assembly, lambda: asyncio.sleep(seconds))

        return self.live(life, work)

    def retry_failed(self) -> None:
        """A person says `uploadd retry --failed`."""
        retry(self.configuration(), Wish(failed=True), self.clock.wall())

    def ignore_all(self) -> None:
        """A person says `uploadd ignore` of the folder."""
        ignore(self.configuration(), self._named(), self.clock.wall())

    def retry_all(self) -> None:
        """A person says `uploadd retry` of the folder: what has failed, or was ignored."""
        retry(self.configuration(), Wish(self._named()), self.clock.wall())

    def _named(self) -> Names:
        return Names(paths=(os.fsencode(self.photos),))

    def live(self, life: Life, work: Callable[[Assembly], Any]) -> Any:
        """Run `work` with a uploadd that lives this life; what it returned, or raised."""
        self.lives.append(life)
        self.network.life = len(self.lives)

        async def started(runtime: Runtime) -> Any:
            async with assembled(
                self.configuration(),
                runtime,
                "run",
                make_service=lambda account, runtime, grant: open_service(
                    account, runtime, grant, transport=self._transport(life)
                ),
                make_worker=lambda: LifeWorker(life),
            ) as assembly:
                return await work(assembly)

        with self._captured_logs(life):
            ended, raised = live(life, self.clock, self.seed + len(self.lives), started)
        return ended if raised is None else raised

    def _transport(self, life: Life) -> LifeTransport:
        return LifeTransport(InProcessTransport(self.app), life, self.network, self.watch_request)

    @contextmanager
    def _captured_logs(self, life: Life) -> Iterator[None]:
        def capture(_logger: object, method: str, event: dict[str, Any]) -> Any:
            if not life.is_over:
                self.logs.append({"level": method, **event})
            raise structlog.DropEvent

        before = structlog.get_config()
        structlog.configure(processors=[capture], cache_logger_on_first_use=False)
        try:
            yield
        finally:
            structlog.configure(**before)


@contextmanager
def reading(state_dir: Path) -> Iterator[sqlite3.Connection]:
    """The database, seen from outside."""
    with closing(connected(state_dir)) as db:
        db.row_factory = sqlite3.Row
        yield db


def connected(state_dir: Path) -> sqlite3.Connection:
    """A connection that can only read."""
    return sqlite3.connect(f"file:{state_dir / DATABASE_NAME}?mode=ro", uri=True)


def place_for_files() -> Path | None:
    """Where small files cost least: memory, or (None) the system's own temporary place."""
    return MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None


@cache
def _template() -> bytes:
    """An empty database as the migrations make it, so that no schedule pays for them."""
    with tempfile.TemporaryDirectory(dir=place_for_files()) as directory:
        open_database(Path(directory)).close()
        return (Path(directory) / DATABASE_NAME).read_bytes()


def lay_template(state_dir: Path) -> None:
    state_dir.mkdir(mode=0o700)
    (state_dir / DATABASE_NAME).write_bytes(_template())
