"""Candidates on their way to becoming jobs: looked at until they settle, then registered."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence

import structlog
from sqlite_utils import Database

from uploadd.files.fingerprint import Fingerprint, Stat
from uploadd.files.kind import Kind
from uploadd.files.media import UNKNOWN_MEDIA_TYPE
from uploadd.files.opening import printable
from uploadd.intake.admission import Admission
from uploadd.intake.examine import look_at, read_candidate
from uploadd.intake.rules import Rules
from uploadd.intake.settle import Gone, Settled
from uploadd.intake.tree import Tree
from uploadd.model.errors import FileTrouble, FileUnreadableError, RootRefusedError
from uploadd.model.events import Sign
from uploadd.model.jobs import FileMark, Lane
from uploadd.model.ports import Runtime
from uploadd.model.refusals import DAMAGED
from uploadd.model.sightings import Finding
from uploadd.model.states import State
from uploadd.store import sightings, unread
from uploadd.store.store import Store

log = structlog.get_logger()

LOOKS_AT_ONCE = 64
READS_AT_ONCE = 4
LONGEST_NAP_SECONDS = 60.0
LEAST_REST_SECONDS = 5.0
"""How long a file that could not be read to its end is left alone, at least."""


class Arrivals:
    """Settles, fingerprints and registers the candidates of every tree."""

    def __init__(self, store: Store, runtime: Runtime, rules: Rules) -> None:
        self.rules = rules
        self.admission = Admission(rules.folders, store, runtime)
        self._store = store
        self._runtime = runtime
        self._reads = asyncio.Semaphore(READS_AT_ONCE)
        self.trees: list[Tree] = []
        self.woken = asyncio.Event()
        self.on_jobs: Callable[[], None] = _nobody
        """Called after each commit that may have made jobs ready."""

    def saw(self, tree: Tree, path: bytes, lane: Lane, sign: Sign | None = None) -> None:
        """A path was seen and may become a job; it is looked at until it has settled.

        `sign`: what the kernel told of it, each one in its order; None: it did not.
        """
        known = tree.lanes.get(path)
        tree.lanes[path] = Lane.LIVE if Lane.LIVE in (lane, known) else lane
        tree.settler.saw(
            path,
            self._runtime.clock.monotonic(),
            tree.folder.settle_seconds,
            unproven_seconds=tree.folder.settle_unproven_seconds,
            is_own_clock=tree.is_own_clock,
            sign=sign,
        )
        self.woken.set()

    def waiting(self) -> int:
        """How many candidates have not settled, or are being read."""
        return sum(tree.waiting() for tree in self.trees)

    async def run(self, ended: asyncio.Event) -> None:
        """Look at candidates when they are due, until `ended` is set."""
        while not ended.is_set():
            self.woken.clear()
            # Some of each tree in turn: a flood in one holds up no other, nor the end.
            while [tree for tree in self.trees if await self._look_at_due(tree)]:
                if ended.is_set():
                    return
            await self._runtime.clock.wait(self.woken, self._nap())

    async def take(self, tree: Tree, path: bytes, stat: Stat, lane: Lane) -> Finding | None:
        """A candidate of a walk: read at once where it has rested long enough, else it settles.

        Returns what was found; None where it has to wait, or is no more.
        """
        rested = self._runtime.clock.wall() - max(stat.mtime_ns, stat.ctime_ns) / 1e9
        if rested < tree.folder.settle_seconds or not tree.is_own_clock:
            self.saw(tree, path, lane)
            return None
        try:
            _, is_open = await self._runtime.disk.run(look_at, self.rules.route(tree, path))
        except FileUnreadableError:
            is_open = None  # reading it will say so, and make it a row that a person sees
        except RootRefusedError as refused:
            await self._leave(tree, path, refused)
            return None
        if is_open:
            self.saw(tree, path, lane)
            return None
        return await self._read(tree, path, stat, lane)

    async def register(self, findings: Iterable[Finding]) -> list[int]:
        """Commit findings together; returns the ids of the jobs that are ready now."""
        now = self._runtime.clock.wall()
        job_ids = await self._store.write(sightings.register_all, list(findings), now)
        self.on_jobs()
        return job_ids

    async def _look_at_due(self, tree: Tree) -> bool:
        """Look at some that are due; whether there were any."""
        paths = tree.settler.due(self._runtime.clock.monotonic(), LOOKS_AT_ONCE)
        found = await asyncio.gather(*(self._look(tree, path) for path in paths))
        await self._register_some([finding for finding in found if finding is not None])
        tree.reading = 0
        return bool(paths)

    async def _register_some(self, findings: Sequence[Finding]) -> None:
        if findings:
            await self.register(findings)

    async def _look(self, tree: Tree, path: bytes) -> Finding | None:
        clock = self._runtime.clock
        wall_now, now = clock.wall(), clock.monotonic()
        try:
            stat, is_open = await self._runtime.disk.run(look_at, self.rules.route(tree, path))
        except FileUnreadableError:
            tree.settler.forget(path)
            tree.reading += 1
            return await self._read(tree, path, None, tree.lanes.pop(path, Lane.LIVE))
        except RootRefusedError as refused:
            await self._leave(tree, path, refused)
            return None
        outcome = tree.settler.observe(path, stat, wall_now, now, is_open)
        if isinstance(outcome, Gone):
            tree.lanes.pop(path, None)
            await self._store.write(_forget, path, wall_now)
        if isinstance(outcome, Settled):
            tree.reading += 1
            lane = tree.lanes.pop(path, Lane.LIVE)
            return await self._read(tree, path, outcome.stat, lane)
        return None

    async def _read(self, tree: Tree, path: bytes, stat: Stat | None, lane: Lane) -> Finding | None:
        async with self._reads:
            try:
                known = await self._known(path, stat)
                finding = await self._runtime.disk.run(
                    read_candidate, self.rules, tree, path, lane, known
                )
            except RootRefusedError as refused:
                await self._leave(tree, path, refused)
                return None
            except FileTrouble as trouble:
                log.debug("file.unsettled", path=printable(path), text=trouble.text)
                self._see_again(tree, path, lane)
                return None
        tree.settler.note_rest(path)
        if finding is not None:
            warn_of(finding)
        return finding

    async def _leave(self, tree: Tree, path: bytes, refused: RootRefusedError) -> None:
        """Its folder waits: the walk that comes after that finds it anew."""
        tree.settler.forget(path)
        tree.lanes.pop(path, None)
        await self._store.write(unread.hold, path, refused, self._runtime.clock.wall())
        self.admission.on_refused(refused.folder)

    def _see_again(self, tree: Tree, path: bytes, lane: Lane) -> None:
        """It changed or vanished while it was read. Its times look old, and yet it must rest."""
        tree.settler.note_disturbance(path, self._runtime.clock.monotonic())
        self.saw(tree, path, lane)
        quiet = max(tree.folder.settle_seconds, LEAST_REST_SECONDS)
        now = self._runtime.clock.monotonic()
        tree.settler.saw(path, now, quiet, is_own_clock=False)

    async def _known(self, path: bytes, stat: Stat | None) -> Fingerprint | None:
        if stat is None:
            return None
        directory, name = os.path.split(path)
        mark = FileMark(stat.size, stat.mtime_ns, stat.inode)
        known = await self._store.read(sightings.known_fingerprint, directory, name, mark)
        if known is None:
            return None
        content, media_type = known
        if media_type == UNKNOWN_MEDIA_TYPE:
            return None  # it may be damaged, and what was found in it is told anew
        return Fingerprint(stat, content.sha256, Kind(media_type), content.md5, content.pixels)

    def _nap(self) -> float:
        now = self._runtime.clock.monotonic()
        dues = [due for tree in self.trees if (due := tree.settler.next_due()) is not None]
        return min([LONGEST_NAP_SECONDS, *(max(0.01, due - now) for due in dues)])


def _forget(db: Database, path: bytes, now: float) -> None:
    directory, name = os.path.split(path)
    sightings.forget(db, directory, name, sightings.VANISHED, now)


def warn_of(finding: Finding) -> None:
    """A file that cannot be read, or is not what its name says: one line each time it is read."""
    path = printable(os.path.join(finding.directory, finding.name))
    refusal = finding.refusal
    if refusal is not None and (refusal.state is State.FAILED or refusal.reason.code == DAMAGED):
        event = "file.damaged" if refusal.state is State.SKIPPED else "file.unreadable"
        log.warning(event, path=path, text=refusal.reason.text, remedy=refusal.reason.remedy)
    elif finding.flaw:
        log.warning("file.truncated", path=path, text=finding.flaw)


def _nobody() -> None:
    """Where nobody waits for jobs."""
