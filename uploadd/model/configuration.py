"""What a user can set, as plain values (design section 6). `uploadd.settings` fills them."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from uploadd.model.photo import NOTHING_SET, PhotoFields, PhotoTable, photo_of
from uploadd.model.secret import Secret

NO_SECRET = Secret("")
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
# Less would take a process that is merely slow for one that is gone.
LEAST_HAND_OVER_PATIENCE = 0.1


class ServiceName(StrEnum):
    """The services that an account can be on."""

    FLICKR = "flickr"
    IPERNITY = "ipernity"


class WatchMode(StrEnum):
    """How a folder is watched between walks."""

    AUTO = "auto"  # inotify where it works, else poll
    INOTIFY = "inotify"
    POLL = "poll"
    OFF = "off"  # walks at start and every rescan_seconds only


class OnChange(StrEnum):
    """What a changed file does."""

    NEW = "new"
    REPLACE = "replace"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Account:
    """One login on one service."""

    name: str
    service: ServiceName = ServiceName.FLICKR
    api_key: Secret = NO_SECRET
    api_secret: Secret = NO_SECRET
    token: Secret = NO_SECRET
    token_secret: Secret = NO_SECRET
    parallel_uploads: int = 4
    calls_per_hour: int = 3600
    bytes_per_second: int = 0
    dedup_check: int = 1
    content_tag: bool = True
    base_url: str | None = None
    photo: PhotoTable = NOTHING_SET
    """What holds where a folder's own table says nothing."""

    @property
    def needs_md5(self) -> bool:
        """Whether its service knows contents by their MD5 (ipernity, `doc.checkMD5`)."""
        return self.service is ServiceName.IPERNITY

    @property
    def missing_credentials(self) -> list[str]:
        """The names of the secrets that this service needs and that are not set."""
        needed = ["api_key", "api_secret", "token"]
        if self.service is ServiceName.FLICKR:
            needed.append("token_secret")
        return [name for name in needed if not getattr(self, name)]

    @property
    def login_remedy(self) -> str:
        """What a person does about credentials that are missing."""
        if self.api_key and self.api_secret:
            return f"`uploadd auth {self.name}` logs in"
        return (
            "set the key and the secret of your app in the configuration, the environment, or as"
            f" systemd credentials; then `uploadd auth {self.name}` logs in"
        )


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory tree and the accounts it goes to."""

    name: str
    path: Path
    accounts: tuple[str, ...]
    watch: WatchMode = WatchMode.AUTO
    settle_seconds: float = 5.0
    settle_unproven_seconds: float = 30.0
    settle_unfinished_seconds: float = 600.0
    poll_seconds: float = 30.0
    rescan_seconds: float = 3600.0
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    on_change: OnChange = OnChange.NEW
    after_upload: str = "keep"
    photo: PhotoTable = NOTHING_SET

    @property
    def root(self) -> bytes:
        """The path as the file system spells it, without a slash at its end."""
        return os.fsencode(os.path.normpath(self.path))


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that a user has set. `source`: the file it was read from, where there was one."""

    state_dir: Path
    source: Path | None = None
    patience: float = 1.0
    settle_limit_seconds: float = 900.0
    parallel_reads: int = 2
    notify: tuple[str, ...] = ()
    drain_seconds: float = 60.0
    accounts: dict[str, Account] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)

    @property
    def hand_over_patience(self) -> float:
        """Multiplies the delays that wait for another process or a disk: a slow one is not gone."""
        return max(self.patience, LEAST_HAND_OVER_PATIENCE)

    def settings_digest(self) -> str:
        """Names all that is set for folders and accounts, but no secret of it.

        Two processes with one digest treat each file the same.
        """
        everything: list[Account | Folder] = [*self.accounts.values(), *self.folders.values()]
        known = [_without_secrets(one) for one in everything]
        return hashlib.sha256(json.dumps(known, default=str).encode()).hexdigest()


def _without_secrets(settings: Account | Folder) -> dict[str, Any]:
    return {key: value for key, value in asdict(settings).items() if not isinstance(value, Secret)}


def photo_fields(folder: Folder | None, account: Account) -> PhotoFields:
    """What an account is told about the photos of a folder; None: of a file that lies in none."""
    return photo_of(folder.photo if folder is not None else None, account.photo)
