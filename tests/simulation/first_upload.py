"""Four files, of which the first meets trouble at its first upload: what is seen then, and after.

The look is taken at the first request that follows, or a second later where none does: by then
the outcome is in the database, and nothing else has happened yet.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from simulation.world import JPEG, World
from uploadd.model.configuration import ServiceName
from uploadd.model.jobs import Job
from uploadd.model.pauses import ActivePause
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Finished
from uploadd.operations.show.story import JobStory, story_of
from uploadd.sandbox import SandboxOptions
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.store import ledger, pauses
from uploadd.store.connection import open_database

UPLOAD = "/services/upload/"
UPLOADS = (UPLOAD, "/api/upload.file/json")
CALLS_PER_HOUR = 120
LOOK_SECONDS = 1.0
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"


@dataclass
class Seen:
    """What stood in the database right after the first upload's outcome was written down."""

    job: Job
    story: JobStory
    ledger: str
    pauses: list[ActivePause]
    at: float


@dataclass
class Watched(httpx.AsyncBaseTransport):
    """The way to the sandbox. `is_away`: nobody answers the first upload at all."""

    world: World
    is_away: bool = False
    seen: Seen | None = None
    sends: int = 0
    requests: list[tuple[float, str]] = field(default_factory=list)
    _first: int | None = None
    _is_judged: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.look()
        self.requests.append((self.world.now(), request.url.path))
        is_first = request.url.path in UPLOADS and not self.sends
        if request.url.path in UPLOADS:
            self.sends += 1
        if not is_first:
            return await InProcessTransport(self.world.app).handle_async_request(request)
        (self._first,) = [job.id for job in self.world.jobs() if job.state is State.UPLOADING]
        try:
            if self.is_away:
                raise httpx.ConnectError("refused", request=request)
            return await InProcessTransport(self.world.app).handle_async_request(request)
        finally:
            self._is_judged = True
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self.look)

    def look(self) -> None:
        """Look at the database, once, when the first upload has been judged."""
        if self.seen is not None or not self._is_judged:
            return
        (job,) = [job for job in self.world.jobs() if job.id == self._first]
        if job.state is not State.UPLOADING:
            self.seen = look_at(self.world, job)


def look_at(world: World, job: Job) -> Seen:
    """Everything that the commands would show of a job now."""
    story = story_of(world.configuration(), job.path, world.now())
    db = open_database(world.state_dir)
    try:
        entry = ledger.entry(db, job.account_id, job.sha256)
        held = [p for p in pauses.of_account(db, job.account_id) if p.holds(world.now())]
    finally:
        db.close()
    return Seen(job, story.jobs[0], entry.state if entry else "", held, world.now())


def world_of(
    directory: Path,
    options: SandboxOptions,
    *,
    with_video: bool = False,
    service: ServiceName = ServiceName.FLICKR,
) -> World:
    """Three photos, and before them one more file: a photo, or a video."""
    world = World(directory, options, services=(service,))
    world.account = replace(world.account, parallel_uploads=1, calls_per_hour=CALLS_PER_HOUR)
    first = world.add("a.mp4", MP4 + bytes(200)) if with_video else world.add("a.jpg")
    assert os.path.getsize(first) > len(JPEG)
    for number in range(3):
        world.add(f"b{number}.jpg")
    return world


def watched_backfill(world: World, watched: Watched) -> Finished:
    """A backfill whose first upload is looked at."""
    world.transport = watched
    return world.backfill(stop_after=20 * 3600.0)


def assert_budget_kept(world: World, calls_per_hour: int = CALLS_PER_HOUR) -> None:
    """Never more than so many requests in any 3,600 s, by the sandbox's own journal."""
    times = sorted(entry.time for entry in world.sandbox.journal)
    for first, beyond in zip(times, times[calls_per_hour:], strict=False):
        assert beyond - first >= 3600.0 - 0.001
