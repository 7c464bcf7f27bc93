"""The directories above a path of the settings: who could put something else in its place."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from uploadd.files.opening import printable
from uploadd.files.parents import exchangeable_above
from uploadd.files.standing import names_of, us, user_name
from uploadd.files.way import follow, look_at_directory
from uploadd.model.configuration import Configuration, Folder
from uploadd.model.ownership import command_to_close, writers
from uploadd.model.roots import Above, trusted_users
from uploadd.operations.check.findings import Finding, warning

_CONFIGURATION = os.O_RDONLY | os.O_NONBLOCK


def above_folder(folder: Folder) -> Iterator[Finding]:
    """Directories above it in which somebody else can put another one in its place."""
    try:
        seen = look_at_directory(folder.root)
    except OSError:
        return
    found = exchangeable_above(seen.path, seen.links, seen.owner)
    if found:
        told = f"others can put another directory in the place of {printable(folder.root)}"
        owner = user_name(seen.owner)
        text, remedy = _described(found, seen.owner)
        remedy = f"{remedy}; or keep the photos below directories of root or of {owner} alone"
        yield warning(f"folders.{folder.name}", f"{told}: {text}", remedy)


def above_our_own(configuration: Configuration) -> Iterator[Finding]:
    """Directories in which somebody else can take our state directory or configuration away.

    What he puts there is refused where it is his. But he may exchange two of ours.
    """
    yield from _above_ours("state_dir", configuration.state_dir, None)
    if configuration.source is not None:
        yield from _above_ours("configuration", configuration.source, _CONFIGURATION)


def _above_ours(subject: str, path: Path, flags: int | None) -> Iterator[Finding]:
    """`flags`: with which it is opened; None for a directory, which may not be there yet."""
    path = Path(os.path.abspath(path))
    there = next(place for place in (path, *path.parents) if place.exists())
    try:
        reached = follow(os.fsencode(there), flags)
    except OSError:
        return
    os.close(reached.descriptor)
    real_path = os.path.normpath(os.path.join(reached.path, os.fsencode(path.relative_to(there))))
    user = us().user
    found = exchangeable_above(real_path, reached.links, user)
    if found:
        text, remedy = _described(found, user)
        yield warning(subject, f"others can take {path} away: {text}", remedy)


def _described(found: list[Above], owner: int) -> tuple[str, str]:
    """Who may exchange something of `owner`'s, and the commands that end it."""
    text = "; ".join(f"{printable(above.path)} {_who(above, owner)}" for above in found)
    return text, "run: " + " && ".join(_command(above, owner) for above in found)


def _who(above: Above, owner: int) -> str:
    names = names_of(above.standing)
    if _is_foreign(above, owner):
        return f"belongs to user {names.of_owner}"
    return f"can be written by {writers(above.standing, names)}"


def _command(above: Above, owner: int) -> str:
    path, user = printable(above.path), us().user
    if _is_foreign(above, owner):
        sudo = "sudo " if user else ""
        return f"{sudo}chown {user_name(owner)} {shlex.quote(path)}"
    return command_to_close(path, above.standing, user)


def _is_foreign(above: Above, owner: int) -> bool:
    return above.standing.owner not in trusted_users(owner, us())
