"""Whether a command may use the state directory at all."""

from __future__ import annotations

import os
from pathlib import Path

from uploadd.files import premises
from uploadd.files.mounts import file_system_of, is_network
from uploadd.files.standing import user_name
from uploadd.model.configuration import Configuration
from uploadd.model.errors import StoreError, UsageError
from uploadd.model.ownership import as_sudo_takes


def check_state_dir(configuration: Configuration, arguments: str = "…") -> None:
    """Stop a command whose user does not own the state directory, and name the one that works.

    Nor does it go on where somebody else may have written what lies there.

    `arguments`: what follows `uploadd` on the command line. Raises `UsageError`, or `StoreError`
    for a directory that may not be looked at, and for a network file system (its locks do not
    hold).
    """
    path = configuration.state_dir
    owner = _owner_of(path)
    if owner is not None and owner != os.geteuid():
        name = user_name(owner)
        raise UsageError(
            f"the state directory {path} belongs to {name}",
            f"run it as that user: sudo -u {as_sudo_takes(name)} uploadd {arguments}",
        )
    for place, objection in premises.distrusted(path):
        raise UsageError(f"{place} {objection.text}", objection.remedy)
    existing = next(parent for parent in (path, *path.parents) if os.path.exists(parent))
    kind = file_system_of(os.fsencode(existing))
    if is_network(kind):
        raise StoreError(
            f"the state directory {path} is on a network file system ({kind})",
            "set state_dir to a local disk; locks do not hold over the network",
        )


def _owner_of(path: Path) -> int | None:
    try:
        return os.stat(path).st_uid
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(
            f"the state directory {path} cannot be looked at: {error.strerror}",
            "run it as the user that uploadd runs as, or set state_dir to another place",
        ) from None
