"""Which folders are read: the directory at a folder's path has to be of whom it was before.

What is read first is remembered before it is read, so that a restart asks the same. Whoever dies
before that commit has read nothing; the next one looks anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import structlog

from uploadd.files.accepted import Look, look_at_root, refused_error
from uploadd.files.membership import Folders
from uploadd.files.standing import us
from uploadd.model.configuration import Folder
from uploadd.model.errors import RootRefusedError
from uploadd.model.ports import Runtime
from uploadd.model.roots import (
    AcceptedRoot,
    Refusal,
    SeenRoot,
    WhyRefused,
    accept,
    renew,
    why_refused,
)
from uploadd.store import roots
from uploadd.store.roots import RootRow
from uploadd.store.store import Store

log = structlog.get_logger()


class Admission:
    """Looks at the folders' directories before they are read, and lets `Folders.accepted` know."""

    def __init__(self, folders: Folders, store: Store, runtime: Runtime) -> None:
        self._all = folders
        self._folders = {folder.name: folder for folder in folders.configured}
        self._accepted = folders.accepted
        self._store = store
        self._runtime = runtime
        self._told: dict[str, str] = {}
        self.on_refused: Callable[[str], None] = _nobody
        """Called with the name of a folder of which something could not be read just now."""

    async def learn(self) -> None:
        """What was accepted by now, by whomever."""
        rows = await self._store.read(roots.every)
        self._accepted.learn(accepted_of(self._folders.values(), rows))

    async def admit(self, name: str) -> RootRefusedError | None:
        """Why the folder called `name` is not read now; None where it may be, or is not there.

        A folder that is not configured is none of its business.
        """
        folder = self._folders.get(name)
        if folder is None:
            return None
        while True:
            before = await self._store.read(roots.row_of, name, folder.root)
            try:
                look = await self._runtime.disk.run(look_at_root, folder.root)
            except OSError:
                return None
            after, refused = await self._runtime.disk.run(judged, before, look, self._all)
            if after == before or await self._store.write(roots.put, before, after):
                await self.learn()
                self._tell(folder, refused)
                return refused

    async def admit_again(self, name: str) -> RootRefusedError | None:
        """The same, for who could not read something of that folder just now."""
        refused = await self.admit(name)
        if refused is not None:
            self.on_refused(name)
        return refused

    def _tell(self, folder: Folder, refused: RootRefusedError | None) -> None:
        """Log a refusal, once."""
        text = refused.text if refused is not None else ""
        is_new = text != self._told.get(folder.name, "")
        self._told[folder.name] = text
        if refused is not None and is_new:
            log.warning("folder.refused", folder=folder.name, text=text, remedy=refused.remedy)


def accepted_of(
    folders: Iterable[Folder], rows: Mapping[tuple[str, bytes], RootRow]
) -> dict[bytes, AcceptedRoot]:
    """What was accepted for each folder, by its path."""
    found = ((folder.root, rows.get((folder.name, folder.root))) for folder in folders)
    return {path: row.accepted for path, row in found if row is not None and row.accepted}


def judged(
    before: RootRow, look: Look, folders: Folders
) -> tuple[RootRow, RootRefusedError | None]:
    """What is to be remembered of a folder after a look, and why it is not read; None: it is.

    Blocks. The first look at an empty directory is not remembered: nothing of it was read, and a
    disk may come there.
    """
    refusal = why_refused(look.seen, before.accepted, us())
    refusal = refusal or _why_swapped(look.seen, before.accepted, folders)
    if refusal is not None:
        error = refused_error(refusal, before.path, look, before.folder)
        told = replace(before, refused=error.text, remedy=error.remedy)
        return replace(told, needs_person=error.needs_person), error
    return RootRow(before.folder, before.path, _remembered(before.accepted, look)), None


def _why_swapped(seen: SeenRoot, accepted: AcceptedRoot | None, folders: Folders) -> Refusal | None:
    """Once the new directory is remembered, the former one is a part of the folder around it."""
    if accepted is None or not accepted.is_replaced_by(seen) or not folders.is_swappable(seen):
        return None
    return Refusal(WhyRefused.SWAPPED, seen, accepted)


def _remembered(before: AcceptedRoot | None, look: Look) -> AcceptedRoot | None:
    if before is None:
        return None if look.is_empty else accept(look.seen, us())
    is_disk_away = look.is_empty and not before.is_replaced_by(look.seen)
    return before if is_disk_away or before.is_of(look.seen) else renew(before, look.seen)


def _nobody(_folder: str) -> None:
    """Where nobody walks folders."""
