"""Backs the database up: at the start where the newest copy is older than a day, then daily."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from uploadd.model.errors import StoreError
from uploadd.model.ports import Runtime
from uploadd.store import backups, older
from uploadd.store.connection import DATABASE_NAME
from uploadd.store.store import Store

log = structlog.get_logger()

# The time of day may jump while nothing else happens: it is looked at now and then.
LOOK_SECONDS = 3600.0


class BackupLoop:
    """The daily backup of one state directory. Never ends anything: a failure is one line."""

    def __init__(self, state_dir: Path, store: Store, runtime: Runtime) -> None:
        self._state_dir = state_dir
        self._store = store
        self._runtime = runtime
        self._last_failure = ""

    async def run(self, ended: asyncio.Event) -> None:
        """Back up whenever it is due, until `ended` is set."""
        while not ended.is_set():
            await self._back_up_if_due(ended)
            await self._runtime.clock.wait(ended, LOOK_SECONDS)

    async def _back_up_if_due(self, ended: asyncio.Event) -> None:
        now = self._runtime.clock.wall()
        known = await self._runtime.disk.run(backups.listed, self._state_dir)
        if not backups.is_due(known[0] if known else None, now):
            return
        if await self._store.read(older.sends_begun) == 0:
            return  # a walk finds all that is in it
        try:
            made = await self._runtime.disk.run(
                backups.make,
                self._state_dir,
                self._state_dir / DATABASE_NAME,
                now,
                lambda: not ended.is_set(),
            )
        except backups.StoppedError:
            return
        except StoreError as error:
            self._tell_failure(error)
            return
        except Exception:  # a bug here must not stop a single upload
            log.exception("backup.crashed")
            return
        self._last_failure = ""
        log.info("backup.made", path=str(made.path))

    def _tell_failure(self, error: StoreError) -> None:
        """Warn on the first occurrence; log repeats at debug."""
        is_news = error.text != self._last_failure
        self._last_failure = error.text
        write = log.warning if is_news else log.debug
        write("backup.failed", text=error.text, remedy=error.remedy)
