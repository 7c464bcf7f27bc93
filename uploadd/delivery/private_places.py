"""Says how many more files are private than a free account has places for.

Nothing is held back for it, and no photo's privacy is changed: the service's numbers were never
tried on the live service, and only a person knows what may be seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from uploadd.delivery.desk import Desk
from uploadd.delivery.shelter import sheltered
from uploadd.model.configuration import Account, Configuration, photo_fields
from uploadd.model.limits import PRIVATE_REMEDY, Quota, private_beyond, too_many_private
from uploadd.model.pauses import Stops
from uploadd.model.ports import Clock
from uploadd.model.waits import Awaited
from uploadd.store import queue

log = structlog.get_logger()

LOOK_SECONDS = 0.2
LONGEST_NAP_SECONDS = 60.0


class PrivatePlaces:
    """Warns of each account as soon as it is sure, and again at the end if it has become more.

    The places are counted once, before anything is sent: what is sent since is known here.
    """

    def __init__(
        self, configuration: Configuration, desks: Iterable[Desk], is_all_queued: Callable[[], bool]
    ) -> None:
        self._configuration = configuration
        self._desks = list(desks)
        self._is_all_queued = is_all_queued
        self._counted: dict[str, Quota] = {}
        self._told: dict[str, int] = {}

    async def run(self, bell: asyncio.Event, clock: Clock) -> None:
        """Look whenever `bell` rings, until there is nothing more to tell."""
        left = [desk for desk in self._desks if self._may_be_private(desk.account)]
        while left:
            bell.clear()
            is_last = self._is_all_queued()
            left = [desk for desk in left if not await self._is_done_with(desk, is_last)]
            await clock.wait(bell, LONGEST_NAP_SECONDS)
            await clock.sleep(LOOK_SECONDS)

    def _may_be_private(self, account: Account) -> bool:
        folders = (None, *self._configuration.folders.values())
        return any(photo_fields(folder, account).is_public == 0 for folder in folders)

    async def _is_done_with(self, desk: Desk, is_last: bool) -> bool:
        """Look at one account, and no more at one whose numbers bring out a mistake of ours."""
        look = partial(self._is_told, desk, is_last)
        return await sheltered(desk, "private-places", look, crashed=True)

    async def _is_told(self, desk: Desk, is_last: bool) -> bool:
        """Look at one account; whether there is nothing more to tell of it."""
        if not desk.room.was_asked or Stops.CALLS in await desk.stopped():
            return False
        if desk.room.quota.private_most is None:
            return True
        name = desk.account.name
        if name in self._told and not is_last:
            return False
        if name not in self._counted:
            with desk.waits.on(Awaited.LIMITS):
                self._counted[name] = await desk.service.with_private_left(desk.room.quota)
        private = desk.private_kept + await self._to_be_sent(desk)
        beyond = private_beyond(self._counted[name], private)
        if beyond > self._told.get(name, 0) and (is_last or name not in self._told):
            self._told[name] = beyond
            text = too_many_private(self._counted[name], private)
            log.warning("account.private_places", account=name, text=text, remedy=PRIVATE_REMEDY)
        return is_last

    async def _to_be_sent(self, desk: Desk) -> int:
        """How many files that are being sent, or wait for it, are not to be public."""
        waiting = await desk.store.read(queue.to_be_sent_by_folder, desk.id)
        folders = self._configuration.folders
        return sum(
            files
            for name, files in waiting.items()
            if photo_fields(folders.get(name), desk.account).is_public == 0
        )
