"""Runs the user's `notify` command when a person must act, at most once a day for each cause."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from uploadd.delivery.desk import Desk
from uploadd.model.pauses import DAY, ActivePause
from uploadd.store import overview
from uploadd.store.store import Store

log = structlog.get_logger()

MOST_SECONDS = 60.0


class Notices:
    """Looks after the pauses of every account, and tells a person of those that need one."""

    def __init__(self, command: Sequence[str], store: Store) -> None:
        self._command = list(command)
        self._store = store

    async def look(self, desk: Desk) -> None:
        """Tell of each pause of this account that needs a person and was not told today."""
        if not self._command:
            return
        now = desk.runtime.clock.wall()
        for pause in await desk.pauses():
            if pause.rule.needs_person and pause.holds(now):
                await self._tell(desk, pause, now)

    async def _tell(self, desk: Desk, pause: ActivePause, now: float) -> None:
        fact = f"notified:{desk.row.identity}:{pause.cause}"
        told = await self._store.read(overview.fact, fact)
        if told is not None and now - float(told) < DAY:
            return
        await self._store.write(overview.set_fact, fact, str(now))
        remedy = f" {pause.remedy}" if pause.remedy else ""
        await self._run(f"uploadd: account {desk.account.name} is paused: {pause.text}.{remedy}")

    async def _run(self, text: str) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, text, stdin=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            log.warning("notice.failed", command=self._command[0], text=str(error))
            return
        try:
            async with asyncio.timeout(MOST_SECONDS):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            code = await process.wait()
        if code != 0:
            log.warning("notice.failed", command=self._command[0], exit_code=code)
