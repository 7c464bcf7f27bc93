"""A small world: a folder of photos, uploadd and the sandbox, in one process, on one clock."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
from sqlite_utils import Database

from simulation.accounts import account_on, sandbox_on
from simulation.ear import Kernel
from simulation.virtual import EPOCH, InPlaceWorker, VirtualClock, run_virtual, virtual_runtime
from uploadd.assembly import Assembly, assembled
from uploadd.delivery.logins import LoginSource
from uploadd.intake.disk_loop import DiskLoop
from uploadd.intake.folder_loop import FolderLoop
from uploadd.model.configuration import Account, Configuration, Folder, ServiceName, WatchMode
from uploadd.model.jobs import Job, Lane
from uploadd.model.ports import Runtime
from uploadd.operations.backfill.delivering import Backfill, Finished
from uploadd.operations.backfill.summary import Snapshot
from uploadd.operations.backfill.trees import wanted_trees
from uploadd.sandbox import SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.base import Grant, Service
from uploadd.services.registry import open_service
from uploadd.store import listing
from uploadd.store.accounts import all_accounts
from uploadd.store.connection import open_database

JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"
LONG_AGO = EPOCH - 86400.0
LOOK_SECONDS = 2.0


class World:
    """Everything of one test. `backfill` may be called again: that is a restart.

    The folder goes to one account on each of `services`. `account` and `sandbox` are the first
    one; most tests have no other.
    """

    def __init__(
        self,
        directory: Path,
        options: SandboxOptions | None = None,
        seed: int = 0,
        services: Sequence[ServiceName] = (ServiceName.FLICKR,),
    ):
        self.photos = directory / "photos"
        self.photos.mkdir()
        self.state_dir = directory / "state"
        self.dice = Random(seed)
        self.runtime = virtual_runtime(seed)
        options = options or SandboxOptions()
        self.app = build_app(
            replace(options, directory=directory / "kept", use_threads=False),
            now=self.now,
            rng=Random(seed),
            sleep=asyncio.sleep,
        )
        self.sandbox = sandbox_on(self.app, services[0])
        names = ("me", "other")[: len(services)]
        self.account, *self.others = (
            account_on(service, name) for service, name in zip(services, names, strict=True)
        )
        self.folder = Folder("camera", self.photos, names, watch=WatchMode.OFF, settle_seconds=0.0)
        self.transport: httpx.AsyncBaseTransport | None = None
        self.around_service: Callable[[Service], Service] = lambda service: service
        self.login_source: LoginSource | None = None
        self.patience = 1.0
        self.virtual_now = 0.0
        self.kernel = Kernel()

    def now(self) -> float:
        """The one clock of both sides, readable also where no loop runs."""
        try:
            self.virtual_now = self.runtime.clock.wall()
        except RuntimeError:
            return self.virtual_now
        return self.virtual_now

    def add(self, name: str, content: bytes | None = None, *, mtime: float = LONG_AGO) -> Path:
        """A photo on the disk; its content is drawn where none is given."""
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG + self.dice.randbytes(200) if content is None else content)
        os.utime(path, (mtime, mtime))
        return path

    @property
    def accounts(self) -> list[Account]:
        """Every account that the folder goes to."""
        return [self.account, *self.others]

    def set_accounts(self, **changes: Any) -> None:
        """Change these settings of every account."""
        self.account = replace(self.account, **changes)
        self.others = [replace(other, **changes) for other in self.others]

    def sandbox_of(self, account: Account) -> Any:
        """The service's side of an account."""
        return sandbox_on(self.app, account.service)

    def configuration(self) -> Configuration:
        """The settings as they stand."""
        return Configuration(
            state_dir=self.state_dir,
            patience=self.patience,
            drain_seconds=5.0,
            accounts={account.name: account for account in self.accounts},
            folders={"camera": self.folder},
        )

    def backfill(self, *, no_wait: bool = False, stop_after: float | None = None) -> Finished:
        """One backfill from its start to its end, in no time."""

        async def work(assembly: Assembly) -> Finished:
            stop = asyncio.Event()
            if stop_after is not None:
                asyncio.get_running_loop().call_later(stop_after, stop.set)
            wanted = wanted_trees(self.configuration(), [str(self.photos)], None, None)
            running = Backfill(
                assembly,
                wanted,
                no_wait=no_wait,
                stop=stop,
                show=_nobody,
                look_seconds=LOOK_SECONDS,
            )
            return await running.run()

        return self.run(work)

    def run(self, work: Callable[[Assembly], Awaitable[Any]]) -> Any:
        """Run `work` with a freshly started uploadd."""

        async def started() -> Any:
            async with assembled(
                self.configuration(),
                self.runtime,
                "backfill",
                make_service=self._open_service,
                make_worker=InPlaceWorker,
                login_source=self.login_source,
            ) as assembly:
                return await work(assembly)

        return run_virtual(started())

    def _open_service(self, account: Account, runtime: Runtime, grant: Grant) -> Service:
        transport = self.transport or InProcessTransport(self.app)
        return self.around_service(open_service(account, runtime, grant, transport=transport))

    async def watch(self, assembly: Assembly, script: Callable[[], Awaitable[None]]) -> None:
        """Walk and watch the folder, and deliver, until `script` has ended; then drain."""
        ended = asyncio.Event()
        tree = assembly.tree(self.folder.root, self.folder)
        around = (assembly.arrivals, assembly.store, assembly.runtime)
        folder = FolderLoop(tree, *around, open_ear=self.kernel.open_ear)
        presence = assembly.arrivals.presence
        disk = DiskLoop(self.folder, presence, assembly.runtime, folder.walk_now)
        presence.on_change = lambda _folder: disk.heard.set()
        await folder.start()
        await assembly.resight_unread(Lane.LIVE)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(folder.run(ended))
            tasks.create_task(assembly.arrivals.run(ended))
            tasks.create_task(assembly.deliverer.run(disk.heard.set))
            looking = tasks.create_task(disk.run())
            await script()
            looking.cancel()
            ended.set()
            folder.stop()
            assembly.arrivals.woken.set()
            assembly.deliverer.drain()

    def database(self) -> Database:
        """The database, opened beside whatever runs."""
        return open_database(self.state_dir)

    def jobs(self) -> list[Job]:
        """Every job in the database."""
        with closing(self.database()) as db:
            return list(listing.choose_jobs(db, listing.Choice()))[::-1]

    def jobs_of(self, account: Account) -> list[Job]:
        """Every job of one account."""
        with closing(self.database()) as db:
            ids = {row.id for row in all_accounts(db) if row.label == account.name}
        return [job for job in self.jobs() if job.account_id in ids]

    def states(self) -> Counter[str]:
        """How many jobs are in each state."""
        return Counter(str(job.state) for job in self.jobs())

    def job_of(self, name: str) -> Job:
        """The newest job of a file."""
        return [job for job in self.jobs() if job.name == os.fsencode(name)][-1]

    def kept(self, account: Account | None = None) -> Counter[str]:
        """How often each content is on an account (by default the first)."""
        sandbox = self.sandbox if account is None else self.sandbox_of(account)
        sandbox.settle()
        return Counter(photo.sha256 for photo in sandbox.photos if photo.is_on_account)

    def assert_each_once(self, count: int) -> None:
        """`count` contents are on the account, none twice."""
        kept = self.kept()
        assert len(kept) == count
        assert set(kept.values()) <= {1}

    def uploads(self) -> list[Any]:
        """The sandbox's journal of uploads."""
        return list(self.sandbox.journal.of("upload"))


def _nobody(_snapshot: Snapshot) -> None:
    """Nobody looks at the progress."""


__all__ = ["JPEG", "LONG_AGO", "VirtualClock", "World"]
