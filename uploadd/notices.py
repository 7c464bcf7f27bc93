"""Tells a person, by the user's `notify` command, that he must act: once a day for each cause."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import structlog

from uploadd.children import start
from uploadd.delivery.desk import Desk
from uploadd.model.configuration import Folder
from uploadd.model.numbers import counted, number
from uploadd.model.pauses import DAY, ActivePause
from uploadd.model.ports import Clock
from uploadd.model.roots import FOREIGN_ROOT
from uploadd.model.signs import escaped
from uploadd.store import overview, roots
from uploadd.store.store import Store

log = structlog.get_logger()

LOOK_SECONDS = 5.0
MOST_SECONDS = 60.0
# A process that hangs in the kernel dies when it can: it is not waited for.
KILLED_SECONDS = 2.0
# Failures come in flocks: one message for all of them.
GATHER_SECONDS = 600.0

# No path: every user of the machine can read a command line.
NOT_READ = (
    "its directory, or a link on the way to it, is somebody else's. `uploadd status` says more;"
    " `uploadd forget {0}` accepts what is there"
)

Tell = Callable[[str], Awaitable[None]]


class Notices:
    """Looks after the pauses and the failures of every account. Kept over restarts."""

    def __init__(self, tell: Tell, store: Store, folders: Iterable[Folder] = ()) -> None:
        self._tell = tell
        self._store = store
        self._folders = {folder.name: folder.root for folder in folders}

    async def run(self, desks: Iterable[Desk], clock: Clock, ended: asyncio.Event) -> None:
        """Look until `ended` is set. A task of its own: telling may take its time."""
        every = list(desks)
        while not await clock.wait(ended, LOOK_SECONDS):
            for desk in every:
                await self.look(desk)
            await self.look_at_folders(clock.wall())

    async def look_at_folders(self, now: float) -> None:
        """Tell of each folder that is not read until a person accepts what is there."""
        rows = await self._store.read(roots.every)
        for (name, path), row in rows.items():
            if self._folders.get(name) == path and row.refused and row.needs_person:
                fact = f"notified:folder:{name}:{FOREIGN_ROOT}"
                if await self._was_told(fact, now) is None:
                    text = f"uploadd: folder {name} is not read: {NOT_READ.format(name)}"
                    await self._say(fact, text, now)

    async def look(self, desk: Desk) -> None:
        """Tell of what needs a person at this account and was not told within a day.

        Nothing is said before the account's pauses were tried: many are over by then.
        """
        if not desk.was_probed:
            return
        now = desk.runtime.clock.wall()
        for pause in await desk.pauses():
            if pause.rule.needs_person and pause.holds(now):
                await self._tell_pause(desk, pause, now)
        await self._tell_failures(desk, now)

    async def _tell_pause(self, desk: Desk, pause: ActivePause, now: float) -> None:
        if await self._was_told(_fact(desk, pause.cause), now) is None:
            remedy = f" {pause.remedy}" if pause.remedy else ""
            text = f"uploadd: account {desk.account.name} is paused: {pause.text}.{remedy}"
            await self._say(_fact(desk, pause.cause), text, now)

    async def _tell_failures(self, desk: Desk, now: float) -> None:
        if await self._was_told(_fact(desk, "failed"), now) is not None:
            return
        told = await self._store.read(overview.fact, _fact(desk, "failed"))
        since = min(float(told), now) if told else 0.0
        failures = await self._store.read(overview.failures_since, desk.id, since)
        if failures.count and now - failures.first >= GATHER_SECONDS * desk.patience:
            what = counted(failures.count, "file")
            text = (
                f"uploadd: {what} could not be uploaded to account {desk.account.name}."
                " `uploadd jobs --state failed` says why, and what to do"
            )
            await self._say(_fact(desk, "failed"), text, now)

    async def _was_told(self, fact: str, now: float) -> float | None:
        """When it was told, where that is less than a day ago."""
        told = await self._store.read(overview.fact, fact)
        # A time to come is one of a clock that was set back since.
        return float(told) if told is not None and 0 <= now - float(told) < DAY else None

    async def _say(self, fact: str, text: str, now: float) -> None:
        """Written down before it is said: who dies in between is silent for a day, not loud."""
        await self._store.write(overview.set_fact, fact, str(now))
        await self._tell(text)


def _fact(desk: Desk, cause: str) -> str:
    return f"notified:{desk.row.identity}:{cause}"


class NoticeCommand:
    """The user's command, run with a text as its last argument. Trouble with it is one warning."""

    def __init__(
        self, command: Sequence[str], ended: asyncio.Event, most_seconds: float = MOST_SECONDS
    ) -> None:
        """`ended`: once this is set, the command is not waited for any longer."""
        self._command = list(command)
        self._ended = ended
        self._most_seconds = most_seconds

    async def __call__(self, text: str) -> None:
        """Run it, for at most a minute. What a terminal would obey is written out."""
        try:
            process = await start(*self._command, escaped(text, "\n"))
        except (OSError, ValueError) as error:
            self._warn(text=str(error))
            return
        code = await self._ending_of(process)
        if code is None and self._ended.is_set():
            return  # the daemon ends: that is no fault of the command
        if code is None:
            self._warn(
                text=f"it was still running after {number(self._most_seconds)} s, and was stopped"
            )
        elif code != 0:
            self._warn(text=f"it ended with {code}")

    async def _ending_of(self, process: asyncio.subprocess.Process) -> int | None:
        """The exit code, or None where it had to be killed, with everything that it started."""
        exiting = asyncio.ensure_future(process.wait())
        ending = asyncio.ensure_future(self._ended.wait())
        both = {exiting, ending}
        try:
            await asyncio.wait(
                both, timeout=self._most_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if exiting.done():
                return exiting.result()
            _kill(process)
            await asyncio.wait({exiting}, timeout=KILLED_SECONDS)
            return None
        finally:
            for waiting in both:
                waiting.cancel()

    def _warn(self, text: str) -> None:
        log.warning("notice.failed", command=self._command[0], text=text)


def _kill(process: asyncio.subprocess.Process) -> None:
    """End a command and everything that it started: it leads a process group of its own."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
