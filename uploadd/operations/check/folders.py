"""The folders: whether each can be read and watched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from uploadd.files.directories import SILENT_DISK, how_to_let_in, trouble_with_directory
from uploadd.files.folder_root import LOOK_SECONDS, Identity
from uploadd.files.membership import Folders
from uploadd.files.mounts import file_system_of, is_network
from uploadd.files.opening import printable
from uploadd.files.patience import within
from uploadd.intake.selection import Selection
from uploadd.intake.walk import Scope, walk
from uploadd.model.configuration import Folder, WatchMode
from uploadd.model.errors import ConfigurationError
from uploadd.model.numbers import counted, number
from uploadd.model.places import Spot
from uploadd.model.roots import AcceptedRoot
from uploadd.operations.check.findings import Concern, Finding, error, ok, warning
from uploadd.operations.check.parents import above_folder
from uploadd.operations.choosing import wrong_folders

MOST_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
# Other programs of the same user watch directories too.
SHARE_OF_WATCHES = 0.9
MOST_NAMED = 3


class FolderChecks:
    """Looks at each folder; adds up how many directories are to be watched."""

    def __init__(
        self,
        folders: Iterable[Folder],
        most_watches: int | None,
        state_dir: bytes = b"",
        accepted: Mapping[bytes, AcceptedRoot] | None = None,
    ) -> None:
        """`accepted`: the directories that may be read, by the paths of their folders."""
        self._folders = list(folders)
        self._places = Folders(self._folders, state_dir, accepted)
        self._most_watches = most_watches
        self._borders: frozenset[Identity] = frozenset()
        self._watched = 0
        self.files: dict[str, int] = {}
        """How many files each folder has, as far as it could be walked."""

    def run(self) -> Iterator[Finding]:
        """One finding for each folder at least, then the watches of all together."""
        for text, remedy in wrong_folders(self._places, self._folders):
            yield error("folders", text, remedy, Concern.CONFIGURATION)
        self._borders = self._places.borders()
        for folder in self._folders:
            yield from self._folder(folder)
        most = self._most_watches
        if most is not None and self._watched > most * SHARE_OF_WATCHES:
            watched = counted(self._watched, "directory is", "directories are")
            text = f"{watched} to be watched; the kernel allows {number(most)}"
            wanted = max(1048576, self._watched * 2)
            remedy = f"allow more: sysctl fs.inotify.max_user_watches={wanted}"
            yield warning("folders", text, remedy)

    def _folder(self, folder: Folder) -> Iterator[Finding]:
        subject, root = f"folders.{folder.name}", folder.root
        try:
            selection = Selection(folder.include, folder.exclude, root)
        except ConfigurationError as refusal:
            yield error(subject, refusal.text, refusal.remedy, Concern.CONFIGURATION)
            return
        try:
            trouble = within(LOOK_SECONDS, lambda: trouble_with_directory(root))
        except TimeoutError:
            trouble = SILENT_DISK
        if trouble is not None:
            yield error(subject, *trouble)
            return
        why = self._places.accepted.why_not(root)
        if why is not None:
            yield error(subject, f"it is not read: {why.text}", why.remedy)
            return
        yield from self._tree(folder, selection, root)
        yield from above_folder(folder)
        yield from _after_upload(folder)

    def _tree(self, folder: Folder, selection: Selection, root: bytes) -> Iterator[Finding]:
        subject = f"folders.{folder.name}"
        directories, files, closed = 0, 0, list[bytes]()
        for listing in walk(self._places.roots, Spot(root, b""), Scope(selection, self._borders)):
            directories += listing.is_first
            files += len(listing.entries)
            if listing.error is not None:
                closed.append(listing.directory)
        self.files[folder.name] = files
        if closed:
            yield warning(subject, *_closed(closed, root))
        found = f"{printable(root)}: {counted(files, 'file')} in {_directories(directories)}"
        yield from self._watch(folder, root, directories, found)

    def _watch(
        self, folder: Folder, root: bytes, directories: int, found: str
    ) -> Iterator[Finding]:
        subject, kind = f"folders.{folder.name}", file_system_of(root)
        mode = folder.watch
        if mode is WatchMode.AUTO:
            mode = WatchMode.POLL if is_network(kind) else WatchMode.INOTIFY
        if mode is WatchMode.INOTIFY:
            self._watched += directories
        if mode is WatchMode.INOTIFY and is_network(kind):
            text = f"{found}; inotify does not see what other machines write there ({kind})"
            yield warning(subject, text, f'set folders.{folder.name}.watch = "poll"')
        else:
            yield ok(subject, f"{found}, {_how(folder, mode)}")


def _closed(directories: list[bytes], root: bytes) -> tuple[str, str]:
    """The text and the remedy."""
    are_all_named = len(directories) <= MOST_NAMED
    named = ", ".join(map(printable, directories[:MOST_NAMED])) + ("" if are_all_named else ", …")
    remedy = how_to_let_in(directories if are_all_named else [root])
    return f"{_directories(len(directories))} cannot be read: {named}", f"{remedy}; or exclude it"


def _directories(count: int) -> str:
    return counted(count, "directory", "directories")


def most_watches() -> int | None:
    """How many directories the kernel lets one user watch; None where it does not say."""
    try:
        return int(MOST_WATCHES.read_text())
    except (OSError, ValueError):
        return None


def _how(folder: Folder, mode: WatchMode) -> str:
    again = f"walked every {folder.rescan_seconds:,g} s"
    rescan = again if folder.rescan_seconds else "walked at the start only"
    if mode is WatchMode.INOTIFY:
        return f"watched by inotify, {rescan}"
    if mode is WatchMode.POLL:
        return f"walked every {folder.poll_seconds:,g} s"
    return f"not watched, {rescan}"


def _after_upload(folder: Folder) -> Iterator[Finding]:
    """Moving needs the right to write, both where a file is and where it goes."""
    kind, _, target = folder.after_upload.partition(":")
    if kind != "move":
        return
    place = Path(folder.path, target)
    existing = next(parent for parent in (place, *place.parents) if os.path.exists(parent))
    for needed in (folder.path, existing):
        if not os.access(needed, os.W_OK | os.X_OK):
            text = f'after_upload = "{folder.after_upload}" needs to write in {needed}'
            remedy = "let the user that uploadd runs as write there"
            yield error(f"folders.{folder.name}", text, remedy)
