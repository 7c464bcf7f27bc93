"""The daemon: watches every folder and delivers, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from uploadd.assembly import Assembly, ServiceMaker, assembled
from uploadd.delivery.logins import LoginSource
from uploadd.delivery.private_places import PrivatePlaces
from uploadd.files.mount_news import OpenNews, open_mount_news
from uploadd.files.openness import ignore_lease_signals
from uploadd.intake.disk_loop import DiskLoop
from uploadd.intake.folder_loop import FolderLoop
from uploadd.intake.request_loop import Around, RequestLoop
from uploadd.model.configuration import Configuration
from uploadd.model.jobs import Lane
from uploadd.model.ports import Runtime
from uploadd.model.privacy import privacy_texts
from uploadd.model.states import State
from uploadd.notices import NoticeCommand, Notices
from uploadd.sd_notify import Notifier, watchdog_seconds
from uploadd.services.registry import open_service
from uploadd.store.overview import OpenCounts
from uploadd.store.store import Worker, one_thread
from uploadd.succession import wait_for_seat

log = structlog.get_logger()

STATUS_SECONDS = 5.0
LONGEST_NAP_SECONDS = 60.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class Stop:
    """What a signal asks for: the first one drains, a second one cuts."""

    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    hurried: asyncio.Event = field(default_factory=asyncio.Event)
    signal_number: int = 0

    def ask(self, number: int) -> None:
        """A signal came."""
        if self.wanted.is_set():
            self.hurried.set()
        self.signal_number = self.signal_number or number
        self.wanted.set()


async def run(
    configuration: Configuration,
    runtime: Runtime,
    environ: Mapping[str, str],
    login_source: LoginSource | None = None,
) -> int:
    """Run until a signal. Returns the exit code. Raises `UploaddError` where it cannot start.

    `login_source`: where a new login is found while an account waits for one (None: nowhere).
    """
    ignore_lease_signals()
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.ask, number)
    notifier = Notifier(environ.get("NOTIFY_SOCKET"))
    try:
        watchdog = watchdog_seconds(environ, os.getpid())
        await serve(configuration, runtime, notifier, stop, watchdog, login_source=login_source)
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
    return 130 if stop.signal_number == signal.SIGINT else 0


async def serve(
    configuration: Configuration,
    runtime: Runtime,
    notifier: Notifier,
    stop: Stop,
    watchdog: float | None = None,
    *,
    make_service: ServiceMaker = open_service,
    make_worker: Callable[[], Worker] = one_thread,
    login_source: LoginSource | None = None,
    open_news: OpenNews = open_mount_news,
) -> None:
    """Become the deliverer, which may take a while, and deliver until `stop` is asked for."""
    seat = await wait_for_seat(configuration, runtime, notifier, stop.wanted)
    if seat is None:
        return
    async with assembled(
        configuration,
        runtime,
        "run",
        make_service=make_service,
        make_worker=make_worker,
        seat=seat,
        login_source=login_source,
    ) as assembly:
        await _Daemon(assembly, notifier, stop, watchdog, open_news).run()


class _Daemon:
    """The tasks of one run, and their order at the end: intake first, then delivery."""

    def __init__(
        self,
        assembly: Assembly,
        notifier: Notifier,
        stop: Stop,
        watchdog: float | None,
        open_news: OpenNews,
    ) -> None:
        self._assembly = assembly
        self._runtime = assembly.runtime
        self._notifier = notifier
        self._stop = stop
        self._watchdog = watchdog
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._unread_wanted = asyncio.Event()
        self._unread_wanted.set()  # what an earlier run left
        self._folders = [self._folder_loop(name) for name in assembly.configuration.folders]
        self._disks = {loop.name: self._disk_loop(loop) for loop in self._folders}
        self._open_news = open_news
        self._requests = self._request_loop()
        self._open_counts = OpenCounts()
        assembly.arrivals.presence.on_change = self._look_at_disks
        assembly.arrivals.admission.on_refused = self._look_at_folder

    async def run(self) -> None:
        log.info("privacy.stated", text="; ".join(privacy_texts(self._assembly.configuration)))
        await asyncio.gather(*(folder.start() for folder in self._folders))
        self._notifier.ready("watching")
        log.info("daemon.started", folders=len(self._folders), accounts=len(self._assembly.desks))
        end_news = self._open_news(self._hear_of_mount)
        try:
            await self._work()
        finally:
            end_news()
        log.info("daemon.stopped")

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for folder in self._folders:
                tasks.create_task(folder.run(self._ended))
            tasks.create_task(self._assembly.arrivals.run(self._ended))
            tasks.create_task(self._requests.run(self._ended))
            tasks.create_task(self._assembly.guard(self._ended))
            tasks.create_task(self._tell_status())
            tasks.create_task(self._tell_person())
            # These may wait for a disk that does not answer, so that nobody waits for them.
            disks = [tasks.create_task(disk.run()) for disk in self._disks.values()]
            places = tasks.create_task(self._tell_private_places())
            tasks.create_task(self._walk_for_other_accounts())
            delivery = tasks.create_task(self._assembly.deliverer.run(self._heard))
            await self._stop.wanted.wait()
            for task in (places, *disks):
                task.cancel()
            await self._drain(delivery)

    def _folder_loop(self, name: str) -> FolderLoop:
        folder = self._assembly.configuration.folders[name]
        tree = self._assembly.tree(folder.root, folder)
        return FolderLoop(tree, self._assembly.arrivals, self._assembly.store, self._runtime)

    def _disk_loop(self, loop: FolderLoop) -> DiskLoop:
        folder = self._assembly.configuration.folders[loop.name]
        return DiskLoop(folder, self._assembly.arrivals.presence, self._runtime, loop.walk_now)

    def _request_loop(self) -> RequestLoop:
        assembly = self._assembly
        around = Around(
            assembly.configuration,
            assembly.tree,
            assembly.drop,
            self._probe,
            self._are_probed,
            self._unanswered,
        )
        return RequestLoop(around, assembly.arrivals, assembly.store, self._runtime)

    def _probe(self, names: Sequence[str]) -> None:
        for name in names:
            self._assembly.desks[name].is_probe_wanted = True
        self._assembly.bell.ring()

    def _are_probed(self, names: Sequence[str]) -> bool:
        desks = [self._assembly.desks[name] for name in names]
        return all(desk.was_probed and not desk.is_probe_wanted for desk in desks)

    def _unanswered(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in names if self._assembly.desks[name].is_unanswered)

    async def _drain(self, delivery: asyncio.Task[None]) -> None:
        """Finish what is in flight, for at most `drain_seconds`; then cut the bodies."""
        seconds = self._assembly.configuration.drain_seconds
        log.info("daemon.draining", seconds=seconds)
        self._notifier.stopping("finishing what is in flight")
        self._ended.set()
        self._assembly.arrivals.woken.set()
        self._requests.heard.set()
        for folder in self._folders:
            folder.stop()
        self._assembly.deliverer.drain()
        hurried = asyncio.ensure_future(self._stop.hurried.wait())
        await asyncio.wait(
            {delivery, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        hurried.cancel()
        if not delivery.done():
            log.warning("daemon.cutting")
            self._assembly.deliverer.cut()

    async def _tell_status(self) -> None:
        """The line of `systemctl status`, and a sign of life: sent once the store has answered."""
        every = min(STATUS_SECONDS, (self._watchdog or STATUS_SECONDS * 2) / 2)
        while not self._ended.is_set():
            self._notifier.status(await self._status_line())
            self._notifier.watchdog()
            await self._runtime.clock.wait(self._ended, every)

    async def _tell_person(self) -> None:
        command = self._assembly.configuration.notify
        if command:
            folders = self._assembly.configuration.folders.values()
            notices = Notices(NoticeCommand(command, self._ended), self._assembly.store, folders)
            await notices.run(self._assembly.desks.values(), self._runtime.clock, self._ended)

    async def _tell_private_places(self) -> None:
        assembly = self._assembly
        places = PrivatePlaces(
            assembly.configuration,
            assembly.desks.values(),
            lambda: all(folder.is_all_queued for folder in self._folders),
        )
        await places.run(assembly.bell.listener(), self._runtime.clock)

    async def _status_line(self) -> str:
        """What is wrong stands first, because the line is cut at some length."""
        now = self._runtime.clock.wall()
        parts = [folder.trouble for folder in self._folders if folder.trouble]
        for name, desk in self._assembly.desks.items():
            paused = [pause.text for pause in await desk.pauses() if pause.holds(now)]
            parts += [f"{name} is paused: {text}" for text in paused]
        for name, desk in self._assembly.desks.items():
            counts = await self._assembly.store.read(self._open_counts.of_account, desk.id)
            waiting = counts.get(State.QUEUED, 0)
            open_jobs = sum(counts.values()) - waiting
            parts.append(f"{name}: {waiting} queued, {open_jobs} in flight")
        return "; ".join(parts) or "no account is configured"

    def _heard(self) -> None:
        """Another process wrote to the database: a `retry` of a file never read, a backfill."""
        self._unread_wanted.set()
        self._requests.heard.set()
        for folder in self._folders:
            folder.look_again()
        self._look_at_disks()

    def _hear_of_mount(self) -> None:
        """Called from another thread."""
        self._loop.call_soon_threadsafe(self._look_at_disks)

    def _look_at_disks(self, folder: str = "") -> None:
        """Those of one folder, by default of all."""
        for name, disk in self._disks.items():
            if folder in ("", name):
                disk.heard.set()

    def _look_at_folder(self, name: str) -> None:
        """Something of this folder could not be read: its walk finds out, and tells."""
        for folder in self._folders:
            if folder.name == name:
                folder.walk_now()

    async def _walk_for_other_accounts(self) -> None:
        """Look again where a login turned out to be another account, or a person said retry.

        The bell rings for both.
        """
        bell = self._assembly.bell.listener()
        while not self._ended.is_set():
            bell.clear()
            if self._unread_wanted.is_set():
                self._unread_wanted.clear()
                await self._assembly.resight_unread(Lane.LIVE)
            for desk in self._assembly.desks.values():
                if desk.rebound.is_set():
                    desk.rebound.clear()
                    for folder in self._folders:
                        folder.walk_now()
                    self._requests.walk_again()
            await self._runtime.clock.wait(bell, LONGEST_NAP_SECONDS)
