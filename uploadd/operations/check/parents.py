"""The directories above the folders: who could put something else in their place."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator

from uploadd.files.opening import printable
from uploadd.files.ownership import look_at_directory, us
from uploadd.files.parents import exchangeable_above
from uploadd.files.standing import group_name, user_name
from uploadd.model.configuration import Folder
from uploadd.model.roots import Above, SeenRoot, trusted_users
from uploadd.operations.check.findings import Finding, warning


def exchangeable(folder: Folder) -> Iterator[Finding]:
    """Directories above it in which somebody else can put another one in its place."""
    try:
        seen = look_at_directory(folder.root)
    except OSError:
        return
    found = exchangeable_above(seen)
    if found:
        owner = user_name(seen.owner)
        who = "; ".join(_who(above, seen) for above in found)
        text = f"others can put another directory in the place of {printable(folder.root)}: {who}"
        commands = ", ".join(f"`{_command(above, seen, owner)}`" for above in found)
        remedy = f"{commands}; or keep the photos below directories of root or of {owner} alone"
        yield warning(f"folders.{folder.name}", text, remedy)


def _who(above: Above, seen: SeenRoot) -> str:
    where, standing = printable(above.path), above.standing
    if _is_foreign(above, seen):
        return f"{where} belongs to user {user_name(standing.owner)}"
    if standing.mode & stat.S_IWOTH:
        return f"everybody may write in {where}"
    whom = "its access list (getfacl)" if standing.has_acl else group_name(standing.group)
    return f"whoever is in {whom} may write in {where}"


def _command(above: Above, seen: SeenRoot, owner: str) -> str:
    where = shlex.quote(printable(above.path))
    return f"chown {owner} {where}" if _is_foreign(above, seen) else f"chmod go-w {where}"


def _is_foreign(above: Above, seen: SeenRoot) -> bool:
    return above.standing.owner not in trusted_users(seen.owner, us())
