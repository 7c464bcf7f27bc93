"""Takes in the directories that other processes ask for: `uploadd backfill` beside a daemon.

A request is a row, written before anything is answered: the client may be gone by then, and a
deliverer that dies in between leaves it to the next one, which walks the directory anew. That
costs a stat for each file that was registered already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from uploadd.files.opening import printable
from uploadd.intake.arrivals import Arrivals
from uploadd.intake.obstacles import Obstacle, exchanged, obstacle
from uploadd.intake.rescan import Rescan, Walked
from uploadd.intake.tree import Tree, narrow, plain_folder
from uploadd.model.configuration import Configuration
from uploadd.model.jobs import Lane
from uploadd.model.places import Place
from uploadd.model.ports import Runtime
from uploadd.model.restless import Restless
from uploadd.store import backfills, overview
from uploadd.store.backfills import Progress, Request, Stage
from uploadd.store.store import Store

log = structlog.get_logger()

LOOK_SECONDS = 1.0
TIDY_SECONDS = 30.0
AWAY_SECONDS = 60.0
"""How often a directory is looked for that was there once."""
CLIENT_GONE_SECONDS = 60.0
"""A client pings more often than this; without one, a request ends when its last file has."""
MOST_AWAY_SECONDS = 30 * 86400.0


@dataclass(frozen=True)
class Around:
    """What the loop needs of the deliverer that it works for."""

    configuration: Configuration
    open_tree: Callable[..., Tree]
    """`Assembly.tree`."""
    drop_tree: Callable[[Tree], None]
    probe: Callable[[Sequence[str]], None]
    """Try the pauses of these accounts: the person who asks may have mended their cause."""
    are_probed: Callable[[Sequence[str]], bool]
    unanswered: Callable[[Sequence[str]], tuple[str, ...]]
    """Those of the accounts whose service answers no question about tickets or look-ups."""


@dataclass
class _Errand:
    """A request that is being served."""

    request: Request
    tree: Tree
    walked: Walked
    walk: asyncio.Task[None]
    told: Progress
    heard_at: float
    tidy_at: float
    is_probed: bool = False
    is_stale: bool = False
    open_at: int = -1
    """The last story of any job when some of these were found open."""

    @property
    def is_walking(self) -> bool:
        return not self.walk.done()

    def progress(self, restless: Restless, unanswered: tuple[str, ...]) -> Progress:
        """How far it is. Asked at one instant, so nothing can be on its way between the two."""
        waiting = self.tree.waiting()
        told = Progress(
            Stage.WALKING,
            settling=waiting,
            restless=restless,
            is_probed=self.is_probed,
            unanswered=unanswered,
        )
        if self.is_walking:
            return told
        stage = Stage.SETTLING if waiting else Stage.WALKED
        return replace(told, state=stage, left_alone=self.walked.left_alone)


class RequestLoop:
    """Serves every request that stands, until the deliverer ends."""

    def __init__(self, around: Around, arrivals: Arrivals, store: Store, runtime: Runtime) -> None:
        self._around = around
        self._patience = around.configuration.hand_over_patience
        self._arrivals = arrivals
        self._store = store
        self._runtime = runtime
        self._errands: dict[int, _Errand] = {}
        self._look_again_at: dict[int, float] = {}
        self.heard = asyncio.Event()
        """To be set when another process has written to the database."""

    async def run(self, ended: asyncio.Event) -> None:
        """Serve until `ended` is set (and `heard`, to be noticed at once)."""
        async with asyncio.TaskGroup() as walks:
            while not ended.is_set():
                self.heard.clear()
                await self._turn(walks)
                is_busy = self._errands or self._look_again_at
                await self._runtime.clock.wait(self.heard, LOOK_SECONDS if is_busy else None)
            for errand in self._errands.values():
                errand.walk.cancel()

    def walk_again(self) -> None:
        """A login turned out to be another account than was thought."""
        for errand in self._errands.values():
            errand.is_stale = True
        self.heard.set()

    async def _turn(self, walks: asyncio.TaskGroup) -> None:
        requests = await self._store.read(backfills.everything)
        if any(request.pings != request.answers for request in requests):
            await self._store.write(backfills.answer)
        standing = {one.id: one for one in requests if one.state is not Stage.REFUSED}
        self._drop_all_but(standing)
        for request in standing.values():
            errand = self._errands.get(request.id)
            if errand is None or (_is_to_begin_anew(errand, request) and not errand.is_walking):
                await self._begin(request, walks)
            else:
                await self._follow(errand, request)

    async def _begin(self, request: Request, walks: asyncio.TaskGroup) -> None:
        now = self._runtime.clock.monotonic()
        is_new = request.state is Stage.ASKED
        if not is_new and now < self._look_again_at.get(request.id, now):
            return
        why = await self._runtime.disk.run(obstacle, request, self._around.configuration, is_new)
        if why is not None:
            await self._put_off(request, why)
            return
        folders = self._arrivals.rules.folders
        place = await self._runtime.disk.run(folders.place_of_directory, request.directory)
        why = exchanged(request.directory, place)
        refused = await self._arrivals.admission.admit(place.folder_name)
        if refused is not None:
            why = Obstacle(refused.text, refused.remedy)
        if why is not None:
            await self._put_off(request, why)
            return
        self._drop([request.id])
        tree = self._tree_of(request, place)
        start = place.relative if tree.root == place.root else b""
        rescan = Rescan(tree, Lane.BACKFILL, self._arrivals, self._store, self._runtime, start)
        await rescan.name_folder()
        # From here on another deliverer finds it begun. The walk starts after this commit, so a
        # request that is made anew during the walk is seen as such.
        await self._store.write(backfills.begin, request.id)
        self._around.probe(self._accounts_of(request))
        walk = walks.create_task(self._walk(rescan, request))
        told, tidy_at = Progress(Stage.WALKING), now + TIDY_SECONDS * self._patience
        errand = _Errand(request, tree, rescan.walked, walk, told, now, tidy_at)
        self._errands[request.id] = errand

    async def _put_off(self, request: Request, why: Obstacle) -> None:
        """Refuse it while somebody listens; later it waits, because a disk may come back."""
        age = self._runtime.clock.wall() - request.asked_at
        if request.state is Stage.ASKED or age > MOST_AWAY_SECONDS:
            log.warning("backfill.refused", text=why.text, remedy=why.remedy)
            await self._store.write(backfills.refuse, request.id, why.text, why.remedy)
            return
        if request.text != why.text:
            log.warning("backfill.waits", text=why.text, remedy=why.remedy)
            progress = Progress(Stage.WALKING, why.text)
            await self._store.write(backfills.tell, request.id, progress)
        self._look_again_at[request.id] = (
            self._runtime.clock.monotonic() + AWAY_SECONDS * self._patience
        )

    def _tree_of(self, request: Request, place: Place) -> Tree:
        """By the settings of now: a request may be older than the deliverer."""
        only = self._accounts_of(request)
        named = self._around.configuration.folders.get(request.folder)
        if request.is_folder_named and named is not None:
            rules = narrow(named, only)
            root = place.root if named is place.folder else place.path
            return self._around.open_tree(root, rules, only=only, is_named=True)
        if place.folder is None:
            rules = replace(plain_folder(place.root), accounts=only)
        else:
            rules = narrow(place.folder, only)
        return self._around.open_tree(place.root, rules, only=only)

    def _accounts_of(self, request: Request) -> tuple[str, ...]:
        known = self._around.configuration.accounts
        return tuple(name for name in request.accounts if name in known)

    async def _walk(self, rescan: Rescan, request: Request) -> None:
        """Walk it."""
        log.info("backfill.begun", path=printable(request.directory), folder=request.folder or None)
        walked = await rescan.run()
        log.info(
            "backfill.walked",
            path=printable(request.directory),
            found=walked.found,
            fresh=walked.fresh,
            unreadable=walked.unread or None,
        )
        self.heard.set()

    async def _follow(self, errand: _Errand, request: Request) -> None:
        """Tell how far it is, and end it where nothing is left and nobody waits for it."""
        now = self._runtime.clock.monotonic()
        if request.pings != errand.request.pings:
            errand.heard_at = now
        errand.request = request
        accounts = self._accounts_of(request)
        errand.is_probed = self._around.are_probed(accounts)
        limit = self._around.configuration.settle_limit_seconds
        restless = errand.tree.restless(now, limit)
        progress = errand.progress(restless, self._around.unanswered(accounts))
        if progress != errand.told:
            await self._store.write(backfills.tell, request.id, progress)
            errand.told = progress
        if progress.state is Stage.WALKED and now >= errand.tidy_at:
            errand.tidy_at = now + TIDY_SECONDS * self._patience
            await self._tidy(errand)

    async def _tidy(self, errand: _Errand) -> None:
        silent_seconds = self._runtime.clock.monotonic() - errand.heard_at
        if silent_seconds < CLIENT_GONE_SECONDS * self._patience:
            return
        request, story = errand.request, await self._store.read(overview.last_story)
        if story == errand.open_at:
            return  # no job has moved since some were open
        errand.open_at = story
        is_open = await self._store.read(
            backfills.is_open_below, request.directory, errand.tree.account_ids()
        )
        if not is_open:
            log.info("backfill.ended", path=printable(request.directory))
            await self._store.write(backfills.forget, [request.id])
            self._drop([request.id])

    def _drop_all_but(self, standing: Mapping[int, Request]) -> None:
        self._drop([one for one in self._errands if one not in standing])
        for gone in [one for one in self._look_again_at if one not in standing]:
            del self._look_again_at[gone]

    def _drop(self, ids: Iterable[int]) -> None:
        for request_id in ids:
            self._look_again_at.pop(request_id, None)
            errand = self._errands.pop(request_id, None)
            if errand is not None:
                errand.walk.cancel()
                self._around.drop_tree(errand.tree)


def _is_to_begin_anew(errand: _Errand, request: Request) -> bool:
    return errand.is_stale or request.state is Stage.ASKED
