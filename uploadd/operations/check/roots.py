"""The directories of the folders: whether they may be read, and who could exchange them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence

from uploadd.files.accepted import AcceptedRoots
from uploadd.files.opening import printable
from uploadd.files.ownership import look_at_directory, user_name
from uploadd.files.parents import exchanges
from uploadd.model.configuration import Folder
from uploadd.model.roots import Exchange
from uploadd.operations.check.findings import Finding, error, warning

_WHO = {"g": "its group", "o": "everybody", "go": "everybody"}


def refused(folder: Folder, accepted: AcceptedRoots) -> Iterator[Finding]:
    """A directory that is not read: the folder waits."""
    why = accepted.why_not(folder.root)
    if why is not None:
        yield error(f"folders.{folder.name}", f"it is not read: {why.text}", why.remedy)


def exchangeable(folder: Folder) -> Iterator[Finding]:
    """Directories above it in which somebody else can put another one in its place."""
    try:
        seen = look_at_directory(folder.root)
    except OSError:
        return
    found = exchanges(seen)
    if found:
        who = "; ".join(map(_who, found))
        text = f"{printable(folder.root)} can be exchanged for another directory by others: {who}"
        yield warning(f"folders.{folder.name}", text, _remedy(found, user_name(seen.owner)))


def _who(one: Exchange) -> str:
    where = printable(one.above.path)
    if not one.bits:
        return f"{where} belongs to user {user_name(one.above.owner)}"
    access = " (as its permissions or its access list say)" if one.bits == "g" else ""
    return f"{_WHO[one.bits]} may write in {where}{access}"


def _remedy(found: Sequence[Exchange], owner: str) -> str:
    commands = [f"`{_command(one, owner)}`" for one in found]
    return f"{', '.join(commands)}; or keep the photos below directories of root or of {owner}"


def _command(one: Exchange, owner: str) -> str:
    where = shlex.quote(os.fsdecode(one.above.path))
    return f"chmod {one.bits}-w {where}" if one.bits else f"chown {owner} {where}"
