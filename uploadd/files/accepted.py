"""Opening the directory that a path leads to, where it may be read (`model/roots.py`)."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from uploadd.files.opening import printable
from uploadd.files.standing import us, user_name
from uploadd.files.way import look_at_directory, open_directory
from uploadd.model.errors import RootRefusedError
from uploadd.model.roots import (
    AcceptedRoot,
    Refusal,
    SeenRoot,
    WhyRefused,
    has_foreign_link,
    why_refused,
)


class Whereabouts(NamedTuple):
    """Which directory a path leads to now. `identity`: its device and inode; None: there is none.

    `is_foreign`: by a link of somebody who may not decide that, so that it counts for nothing.
    """

    identity: tuple[int, int] | None
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What is at a path now. `is_empty`: nothing is in it that could be read."""

    seen: SeenRoot
    is_empty: bool


class AcceptedRoots:
    """The directories that were accepted, by the paths of their folders.

    `names`: the folders' names by their paths. Of any other path nothing is remembered: the links
    on the way to it are judged alone. Its methods may be called from any thread.
    """

    def __init__(self, names: Mapping[bytes, str]) -> None:
        self._names = names
        self._accepted: Mapping[bytes, AcceptedRoot] = {}

    def learn(self, accepted: Mapping[bytes, AcceptedRoot]) -> None:
        """From now on these are the accepted ones, by the paths of their folders."""
        self._accepted = accepted

    def at(self, path: bytes) -> AcceptedRoot | None:
        """What was accepted for the folder with this path."""
        return self._accepted.get(path)

    def open(self, path: bytes) -> int:
        """A descriptor of the directory at `path`, to be closed by the caller. Blocks.

        Raises `RootRefusedError` where it may not be read, and `OSError` as `os.open` does.
        """
        return self._open(path)[0]

    def real_path(self, path: bytes) -> bytes:
        """The real path of the directory at `path`, as it was judged. Blocks, raises as `open`."""
        descriptor, seen = self._open(path)
        os.close(descriptor)
        return seen.path

    def _open(self, path: bytes) -> tuple[int, SeenRoot]:
        descriptor, seen = open_directory(path)
        try:
            self._check(path, descriptor, seen)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor, seen

    def whereabouts(self, path: bytes) -> Whereabouts:
        """Which directory is at `path`, be it read or not. Blocks."""
        try:
            seen = look_at_directory(path)
        except OSError:
            return Whereabouts(None)
        is_foreign = has_foreign_link(seen, self._accepted.get(path), us())
        return Whereabouts((seen.device, seen.inode), is_foreign)

    def why_not(self, path: bytes) -> RootRefusedError | None:
        """Why what is at `path` may not be read; None where it may, or is not there. Blocks."""
        try:
            os.close(self.open(path))
        except RootRefusedError as refused:
            return refused
        except OSError:
            return None
        return None

    def _check(self, path: bytes, descriptor: int, seen: SeenRoot) -> None:
        refusal = why_refused(seen, self._accepted.get(path), us())
        if refusal is not None:
            look = Look(seen, is_empty(descriptor))
            raise refused_error(refusal, path, look, self._names.get(path, ""))


def look_at_root(path: bytes) -> Look:
    """What is at a path. Blocks. Raises `OSError`."""
    descriptor, seen = open_directory(path)
    try:
        return Look(seen, is_empty(descriptor))
    finally:
        os.close(descriptor)


def is_empty(directory: int) -> bool:
    """Whether nothing is in an open directory; False where it cannot be listed."""
    try:
        with os.scandir(directory) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def refused_error(refusal: Refusal, path: bytes, look: Look, folder: str) -> RootRefusedError:
    """The refusal in words. `folder`: the name of the folder with this path; empty: none has it."""
    text = _text(refusal, path)
    is_away = refusal.why is WhyRefused.OWNER and look.is_empty
    if is_away:
        text = f"{text}; it is empty, so its disk may only be away"
    return RootRefusedError(text, _remedy(look, folder, is_away), folder, needs_person=not is_away)


def _text(refusal: Refusal, path: bytes) -> str:
    seen, owner = refusal.seen, user_name(refusal.seen.owner)
    where = printable(path)
    if seen.links:
        where = f"{where}, which leads to {printable(seen.path)},"
    if refusal.link is not None:
        link = refusal.link
        through = f"by the link {printable(link.path)} of user {user_name(link.owner)}"
        return f"{printable(path)} leads to {printable(seen.path)} of user {owner}, {through}"
    if refusal.why is WhyRefused.SWAPPED:
        return (
            f"{where} is another directory than the one that was read there, which others could"
            " rename: wherever that is now, no other folder reads it"
        )
    was = user_name(refusal.accepted.owner) if refusal.accepted is not None else "nobody"
    return f"{where} belongs to user {owner} now; what was read there belonged to user {was}"


def _remedy(look: Look, folder: str, is_away: bool) -> str:
    if not folder:
        real = shlex.quote(printable(look.seen.path))
        return f"if that is the one you mean, name it by its own path: {real}"
    if is_away:
        return f"mount the disk again; if it will not come back: `uploadd forget {folder}`"
    return f"if that is right, `uploadd forget {folder}` accepts it; else put the former one back"
