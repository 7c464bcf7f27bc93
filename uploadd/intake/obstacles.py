"""Why a deliverer cannot take in a directory that another process asks for."""

from __future__ import annotations

import os
from dataclasses import dataclass

from uploadd.files.opening import printable
from uploadd.model.configuration import Configuration
from uploadd.model.places import Place
from uploadd.store.backfills import Request

ANOTHER_CONFIGURATION = (
    "restart uploadd run, so that it reads the configuration anew (its environment counts, too), or"
    " stop it while the backfill runs"
)
HIDDEN = (
    "a service sees less of the disk than you do (PrivateTmp, ProtectHome, file permissions):"
    " docs/service.md says how to open a directory to it; or stop it while the backfill runs"
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is in the way, and what a person can do."""

    text: str
    remedy: str


def place_of(directory: bytes) -> str:
    """The directory's device and inode (blocking): the same for all who see the same one.

    Raises `OSError`.
    """
    there = os.stat(directory)
    return f"{there.st_dev}:{there.st_ino}"


def obstacle(request: Request, configuration: Configuration, is_new: bool) -> Obstacle | None:
    """What keeps this process from taking the directory in (blocking); None where nothing does.

    `is_new`: its client has just looked at the directory. Later the number of the device may be
    another one, for the same disk.
    """
    return (
        _other_settings(request, configuration, is_new)
        or _lost_folder(request, configuration)
        or _unseen(request, is_new)
    )


def _other_settings(
    request: Request, configuration: Configuration, is_new: bool
) -> Obstacle | None:
    """Refuse only a new request: a begun one goes by the deliverer's own settings."""
    if not is_new or request.settings == configuration.settings_digest():
        return None
    me = f"the daemon (pid {os.getpid()})"
    text = f"{me} was started with other settings of folders or accounts than the ones you have"
    return Obstacle(text, ANOTHER_CONFIGURATION)


def _lost_folder(request: Request, configuration: Configuration) -> Obstacle | None:
    """By other settings than the ones that a person named, more might be shown than was asked."""
    if not request.is_folder_named or request.folder in configuration.folders:
        return None
    path = printable(request.directory)
    text = f"folder {request.folder}, which was named for {path}, is not configured any more"
    return Obstacle(text, "configure it again; or back up the directory by other settings")


def _unseen(request: Request, is_new: bool) -> Obstacle | None:
    me = f"the daemon (pid {os.getpid()})"
    path = printable(request.directory)
    try:
        os.scandir(request.directory).close()
        seen = place_of(request.directory)
    except OSError as error:
        return Obstacle(f"{me} cannot read {path}: {error.strerror}", HIDDEN)
    _, _, inode = seen.partition(":")
    is_same = seen == request.place if is_new else request.place.endswith(f":{inode}")
    if not is_same:
        return Obstacle(f"{me} sees another directory at {path} than you do", HIDDEN)
    return None


def exchanged(directory: bytes, place: Place) -> Obstacle | None:
    """What is in the way where a link has come to stand on the way since the directory was named.

    Outside of the folders it was named by its real path, so nobody has judged such a link.
    """
    if place.folder is not None or place.path == directory:
        return None
    text = f"{printable(directory)} leads to {printable(place.path)} by now"
    return Obstacle(text, "back that directory up by its own path, if it is meant")
