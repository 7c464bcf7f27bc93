"""A small world: a folder of photos, uploadd and the sandbox, in one process, on one clock."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx

from simulation.virtual import EPOCH, InPlaceWorker, VirtualClock, run_virtual, virtual_runtime
from uploadd.assembly import Assembly, assembled
from uploadd.delivery.logins import LoginSource
from uploadd.intake.folder_loop import FolderLoop
from uploadd.intake.tree import root_of
from uploadd.model.configuration import Account, Configuration, Folder, WatchMode
from uploadd.model.jobs import Job
from uploadd.model.secret import Secret
from uploadd.operations.backfill import Backfill, Finished
from uploadd.operations.summary import Snapshot
from uploadd.operations.trees import wanted_trees
from uploadd.sandbox import SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.services.registry import open_service
from uploadd.store import overview
from uploadd.store.connection import open_database

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
LONG_AGO = EPOCH - 86400.0
LOOK_SECONDS = 2.0


class World:
    """Everything of one test. `backfill` may be called again: that is a restart."""

    def __init__(self, directory: Path, options: SandboxOptions | None = None, seed: int = 0):
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
        self.sandbox = self.app.state.sandbox
        self.account = Account(
            name="me",
            api_key=Secret("sandbox-key"),
            api_secret=Secret("sandbox-secret"),
            token=Secret("sandbox-token"),
            token_secret=Secret("sandbox-token-secret"),
            base_url="http://127.0.0.1:8080",
            calls_per_hour=0,
        )
        self.folder = Folder(
            "camera", self.photos, ("me",), watch=WatchMode.OFF, settle_seconds=0.0
        )
        self.transport: httpx.AsyncBaseTransport | None = None
        self.login_source: LoginSource | None = None
        self.patience = 1.0
        self.virtual_now = 0.0

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

    def configuration(self) -> Configuration:
        """The settings as they stand."""
        return Configuration(
            state_dir=self.state_dir,
            patience=self.patience,
            drain_seconds=5.0,
            accounts={self.account.name: self.account},
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
                make_service=lambda account, runtime, grant: open_service(
                    account,
                    runtime,
                    grant,
                    transport=self.transport or InProcessTransport(self.app),
                ),
                make_worker=InPlaceWorker,
                login_source=self.login_source,
            ) as assembly:
                return await work(assembly)

        return run_virtual(started())

    async def watch(self, assembly: Assembly, script: Callable[[], Awaitable[None]]) -> None:
        """Walk and watch the folder, and deliver, until `script` has ended; then drain."""
        ended = asyncio.Event()
        tree = assembly.tree(root_of(self.folder), self.folder)
        folder = FolderLoop(tree, assembly.arrivals, assembly.store, assembly.runtime)
        await folder.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(folder.run(ended))
            tasks.create_task(assembly.arrivals.run(ended))
            tasks.create_task(assembly.deliverer.run(lambda: None))
            await script()
            ended.set()
            folder.stop()
            assembly.arrivals.woken.set()
            assembly.deliverer.drain()

    def jobs(self) -> list[Job]:
        """Every job in the database."""
        db = open_database(self.state_dir)
        try:
            return list(overview.list_jobs(db, [], []))
        finally:
            db.close()

    def states(self) -> Counter[str]:
        """How many jobs are in each state."""
        return Counter(str(job.state) for job in self.jobs())

    def job_of(self, name: str) -> Job:
        """The newest job of a file."""
        return [job for job in self.jobs() if job.name == os.fsencode(name)][-1]

    def kept(self) -> Counter[str]:
        """How often each content is on the account."""
        self.sandbox.settle()
        return Counter(photo.sha256 for photo in self.sandbox.photos if photo.is_on_account)

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
