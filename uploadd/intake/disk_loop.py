"""Looks at a folder's disks when the kernel tells of a mount, and often while one is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from uploadd.files.directories import real_path
from uploadd.files.folder_root import identity_of
from uploadd.files.mounts import mounts_seen
from uploadd.intake.presence import Presence
from uploadd.model.configuration import Folder
from uploadd.model.ports import Runtime
from uploadd.model.presence import Identity

LOOK_SECONDS = 3.0
"""A mount in another namespace, or in userland, may not be told of."""


class _Sight(NamedTuple):
    """What a look sees: another one, if a disk has come or gone."""

    root: Identity | None
    mounts: frozenset[bytes]
    is_back: bool = False


class DiskLoop:
    """Has one folder walked when its disks are not what they were at the last look.

    Each folder has its own, because a look at a disk that hangs does not end.
    """

    def __init__(
        self, folder: Folder, presence: Presence, runtime: Runtime, walk_now: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._presence = presence
        self._runtime = runtime
        self._walk_now = walk_now
        self.heard = asyncio.Event()
        """Set it where something was mounted or unmounted, or forgotten by a person."""

    async def run(self) -> None:
        """Until it is cancelled: a disk may not answer."""
        before = await self._look()
        while True:
            self.heard.clear()
            is_away = bool(self._presence.told(self._folder.name))
            await self._runtime.clock.wait(self.heard, LOOK_SECONDS if is_away else None)
            now = await self._look()
            if now != before:
                self._walk_now()
            before = now

    async def _look(self) -> _Sight:
        await self._presence.tell(self._folder.name)
        root, mounts = await self._runtime.disk.run(_sight_of, self._folder.root)
        return _Sight(root, mounts, await self._presence.is_back(self._folder.name))


def _sight_of(root: bytes) -> tuple[Identity | None, frozenset[bytes]]:
    return identity_of(root), mounts_seen(real_path(root))
