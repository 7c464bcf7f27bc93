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
from uploadd.intake.examine import (
    MOST_AT_ONCE,
    Closed,
    Large,
    Look,
    Outcome,
    Rested,
    ToRead,
    Wait,
    examine,
    examine_large,
    look_at_all,
)
from uploadd.intake.findings import warn_of
from uploadd.intake.large_reads import LargeRead, LargeReads
from uploadd.intake.presence import Presence
from uploadd.intake.rules import Rules
from uploadd.intake.settle import Gone, Waiting
from uploadd.intake.tree import Tree
from uploadd.model.errors import FileUnreadableError, RootRefusedError
from uploadd.model.events import Sign
from uploadd.model.jobs import Lane
from uploadd.model.ports import Runtime
from uploadd.model.sightings import Finding
from uploadd.store import known, reads, sightings, unread
from uploadd.store.new_files import register_all
from uploadd.store.reads import Reading
from uploadd.store.store import Store

log = structlog.get_logger()

LONGEST_NAP_SECONDS = 60.0
LEAST_REST_SECONDS = 5.0
"""How long a file that could not be read to its end is left alone, at least."""


class Arrivals:
    """Settles, fingerprints and registers the candidates of every tree."""

    def __init__(
        self, store: Store, runtime: Runtime, rules: Rules, parallel_reads: int = 2
    ) -> None:
        self.rules = rules
        self.admission = Admission(rules.folders, store, runtime)
        self.presence = Presence(rules.folders, store, runtime)
        self._store = store
        self._runtime = runtime
        self._large = LargeReads(parallel_reads, runtime.clock, self._read_large, self._tell)
        self.trees: list[Tree] = []
        self.woken = asyncio.Event()
        self.on_jobs: Callable[[], None] = _nobody
        """Called after each commit that may have made jobs ready."""

    def saw(self, tree: Tree, path: bytes, lane: Lane, sign: Sign | None = None) -> None:
        """A path was seen and may become a job; it is looked at until it has settled.

        `sign`: what the kernel told of it, each one in its order; None: it did not.
        """
        before = tree.lanes.get(path)
        tree.lanes[path] = Lane.LIVE if Lane.LIVE in (lane, before) else lane
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
        async with asyncio.TaskGroup() as tasks:
            large = tasks.create_task(self._large.run())
            passes: list[tuple[Tree, asyncio.Task[None]]] = []
            while not ended.is_set():
                self.woken.clear()
                passes = [(tree, task) for tree, task in passes if not task.done()]
                # A pass for each tree: one disk that hangs holds up no other.
                busy = [tree for tree, _ in passes]
                resting = [tree for tree in self.trees if not any(tree is one for one in busy)]
                for tree in resting:
                    paths = tree.settler.due(self._runtime.clock.monotonic(), MOST_AT_ONCE)
                    if paths:
                        passes.append((tree, tasks.create_task(self._look_at(tree, paths))))
                await self._runtime.clock.wait(self.woken, self._nap(resting))
            for task in (large, *(task for _, task in passes)):
                task.cancel()

    async def take(self, tree: Tree, files: Sequence[tuple[bytes, Stat]], lane: Lane) -> None:
        """Candidates of a walk: read at once if they have rested long enough, else they settle.

        Registered when this returns, but for those that settle and those that are large.
        """
        wall, rested = self._runtime.clock.wall(), list[Rested]()
        for path, stat in files:
            age = wall - max(stat.mtime_ns, stat.ctime_ns) / 1e9
            is_old = age >= tree.folder.settle_seconds and tree.is_own_clock
            if not is_old or path in tree.settler or self._is_awaiting_close(path):
                self.saw(tree, path, lane)
            elif not tree.is_read(path):
                rested.append(Rested(path, lane, stat, age))
        await self._read_all(tree, rested)

    async def register(self, findings: Iterable[Finding]) -> list[int]:
        """Commit findings together; returns the ids of the jobs that are ready now."""
        now = self._runtime.clock.wall()
        job_ids = await self._store.write(register_all, list(findings), now)
        self.on_jobs()
        return job_ids

    async def _look_at(self, tree: Tree, paths: list[bytes]) -> None:
        """Look at candidates that are due, and read those that have settled."""
        paths.sort(key=os.path.dirname)
        rested, gone, clock = list[Rested](), list[bytes](), self._runtime.clock
        while paths:
            wall_now, now = clock.wall(), clock.monotonic()
            looks = await self._runtime.disk.run(
                look_at_all, self.rules.folders.roots, [*map(tree.spot, paths)], clock.monotonic
            )
            moment = (wall_now, now, clock.monotonic())
            for path, look in zip(paths, looks, strict=False):
                outcome = await self._judge(tree, path, look, moment)
                if isinstance(outcome, Gone):
                    gone.append(path)
                elif outcome is not None:
                    rested.append(outcome)
            del paths[: len(looks)]
        gone = [path for path in gone if await self.presence.may_forget(os.path.dirname(path))]
        if gone:
            await self._store.write(_forget_all, gone, clock.wall())
        await self._read_all(tree, rested)
        self.woken.set()

    async def _judge(
        self, tree: Tree, path: bytes, look: Look, moment: tuple[float, float, float]
    ) -> Rested | Gone | None:
        """What a look at a candidate means; None where it has to wait.

        `moment`: both clocks before the look, and the monotonic one after it.
        """
        lane, settler, (wall_now, now, until) = (
            tree.lanes.get(path, Lane.LIVE),
            tree.settler,
            moment,
        )
        if isinstance(look, RootRefusedError):
            await self._leave(tree, path, look)
            return None
        if isinstance(look, FileUnreadableError):  # reading it will say so, for a person
            settler.forget(path)
            tree.lanes.pop(path, None)
            return Rested(path, lane)
        stat, is_open = look
        if is_open is None and self._is_awaiting_close(path, but=tree):
            is_open = True
        outcome = settler.observe(path, stat, wall_now, now, is_open, until=until)
        if isinstance(outcome, Waiting):
            return None
        tree.lanes.pop(path, None)
        if isinstance(outcome, Gone):
            return outcome
        if path in tree.large:  # it is being read, or waits for that: what it holds is asked then
            self._rest(tree, path, lane)
            return None
        return Rested(path, lane, outcome.stat, outcome.rested_seconds, outcome.is_proven)

    def _is_awaiting_close(self, path: bytes, but: Tree | None = None) -> bool:
        """Whether another tree that holds the file has seen its birth, and not yet its close."""
        return any(tree.settler.is_awaiting_close(path) for tree in self.trees if tree is not but)

    async def _read_all(self, tree: Tree, rested: Sequence[Rested]) -> None:
        for begin in range(0, len(rested), MOST_AT_ONCE):
            some = rested[begin : begin + MOST_AT_ONCE]
            paths = {one.path for one in some}
            tree.reading |= paths
            try:
                await self._read(tree, await self._candidates(some))
            finally:
                tree.reading -= paths

    async def _read(self, tree: Tree, candidates: list[ToRead]) -> None:
        now, examined = self._runtime.clock.monotonic, self._runtime.disk.run
        while candidates:
            outcomes = await examined(examine, self.rules, tree, candidates, now)
            found = [
                await self._finding_of(tree, candidate, outcome)
                for candidate, outcome in zip(candidates, outcomes, strict=False)
            ]
            await self._register_some(found)
            del candidates[: len(outcomes)]

    async def _read_large(self, one: LargeRead) -> None:
        if not any(tree is one.tree for tree in self.trees):
            return  # its backfill has ended
        outcome = await self._runtime.disk.run(
            examine_large, self.rules, one.tree, one.candidate, one.on_read
        )
        await self._register_some([await self._finding_of(one.tree, one.candidate, outcome)])

    async def _tell(self, under_way: list[LargeRead]) -> None:
        now = self._runtime.clock.wall()
        told = [
            Reading(one.candidate.rested.path, one.read, one.size, one.since) for one in under_way
        ]
        await self._store.write(reads.remember, told, now)

    async def _register_some(self, found: Sequence[Finding | None]) -> None:
        findings = [finding for finding in found if finding is not None]
        if findings:
            await self.register(findings)

    async def _finding_of(self, tree: Tree, candidate: ToRead, outcome: Outcome) -> Finding | None:
        """The finding; None where it is none, and the candidate is sent on its further way."""
        path, lane = candidate.rested.path, candidate.rested.lane
        if isinstance(outcome, RootRefusedError):
            await self._leave(tree, path, outcome)
        elif isinstance(outcome, Large):
            self._large.add(tree, candidate, outcome)
        elif isinstance(outcome, Wait):
            self._see_again(tree, path, lane, outcome)
        elif isinstance(outcome, Closed) and tree.on_closed is not None:
            tree.settler.note_rest(path)
            tree.on_closed(os.path.dirname(path))
        else:
            tree.settler.note_rest(path)
            outcome = outcome.finding if isinstance(outcome, Closed) else outcome
            if outcome is not None:
                warn_of(outcome)
            return outcome
        return None

    async def _leave(self, tree: Tree, path: bytes, refused: RootRefusedError) -> None:
        """Its folder waits: the walk that comes after that finds it anew."""
        tree.settler.forget(path)
        tree.lanes.pop(path, None)
        await self._store.write(unread.hold, path, refused, self._runtime.clock.wall())
        self.admission.on_refused(refused.folder)

    def _see_again(self, tree: Tree, path: bytes, lane: Lane, wait: Wait) -> None:
        now, is_unfinished = self._runtime.clock.monotonic(), wait.unfinished is not None
        tell = log.info if is_unfinished else log.debug
        event = "file.unfinished" if is_unfinished else "file.unsettled"
        tell(event, path=printable(path), text=wait.text or None)
        if wait.unfinished is not None:
            self.saw(tree, path, lane)
            seconds = tree.folder.settle_unfinished_seconds
            tree.settler.hold(path, wait.unfinished, now, seconds)
        elif wait.is_open:
            self.saw(tree, path, lane)
        else:
            tree.settler.note_disturbance(path, now)
            self._rest(tree, path, lane)

    def _rest(self, tree: Tree, path: bytes, lane: Lane) -> None:
        """Its times look old, and yet it must rest before it is read again."""
        self.saw(tree, path, lane)
        quiet = max(tree.folder.settle_seconds, LEAST_REST_SECONDS)
        tree.settler.saw(path, self._runtime.clock.monotonic(), quiet, is_own_clock=False)

    async def _candidates(self, rested: Sequence[Rested]) -> list[ToRead]:
        """With what is known of their contents, by the looks at them."""
        marks = [_mark(one.path, one.stat) for one in rested if one.stat is not None]
        found = iter(await self._store.read(known.known_contents, marks))
        return [
            ToRead(one) if one.stat is None else _with_known(one, one.stat, next(found))
            for one in rested
        ]

    def _nap(self, trees: Sequence[Tree]) -> float:
        """Seconds until one of the trees has something that is due."""
        now = self._runtime.clock.monotonic()
        dues = [due for tree in trees if (due := tree.settler.next_due()) is not None]
        return min([LONGEST_NAP_SECONDS, *(max(0.01, due - now) for due in dues)])


def _mark(path: bytes, stat: Stat) -> known.Mark:
    return stat.inode, stat.size, stat.mtime_ns, stat.device, *os.path.split(path)


def _with_known(one: Rested, stat: Stat, found: known.KnownContent | None) -> ToRead:
    if found is None or found.media_type == UNKNOWN_MEDIA_TYPE:
        return ToRead(one)  # it may be damaged, and what was found in it is told anew
    content, kind = found.content, Kind(found.media_type)
    fingerprint = Fingerprint(stat, content.sha256, kind, content.md5, content.pixels)
    return ToRead(one, fingerprint, found.needs_birth)


def _forget_all(db: Database, paths: Sequence[bytes], now: float) -> None:
    for path in paths:
        sightings.forget(db, *os.path.split(path), sightings.VANISHED, now)


def _nobody() -> None:
    """Where nobody waits for jobs."""
