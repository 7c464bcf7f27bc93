"""What intake found out about one file, on its way to becoming jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from uploadd.model.configuration import OnChange
from uploadd.model.jobs import Lane
from uploadd.model.pixels import Pixels
from uploadd.model.states import State
from uploadd.model.verdicts import Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """The file is not for upload: it becomes `skipped` or `failed` at once."""

    state: State
    reason: Reason


@dataclass(frozen=True, slots=True)
class Finding:
    """One settled file with its fingerprint, and the accounts it goes to.

    `sha256` is empty where the file could not be read, `md5` also where no account needs it;
    `pixels` are None where they are not known.
    `refusal`: why the file is for no account. `flaw`: what a person should know of a file that is
    sent all the same. `on_change`: what the folder says of new content under a known path.
    `is_folder_named`: a person named the folder. `is_proven`: it is known that nobody wrote the
    file when it was read; else it had only rested. `birth_ns`: when the file was made (unix
    nanoseconds); 0: not known.
    """

    directory: bytes
    name: bytes
    device: int
    inode: int
    size: int
    mtime_ns: int
    sha256: str
    media_type: str
    folder: str
    root: bytes
    lane: Lane
    account_ids: tuple[int, ...]
    refusal: Refusal | None = None
    on_change: OnChange = OnChange.NEW
    md5: str = ""
    pixels: Pixels | None = None
    flaw: str = ""
    is_folder_named: bool = False
    is_proven: bool = True
    birth_ns: int = 0


class KnownFile(NamedTuple):
    """What the store remembers of a file, in the order of its columns.

    `covers`: the accounts that have a job for it, as `covers_of` writes them.
    """

    size: int
    mtime_ns: int
    inode: int
    device: int
    covers: str


def covers_of(account_ids: tuple[int, ...] | set[int]) -> str:
    """How the store names a set of accounts: `1 3`."""
    return " ".join(str(account_id) for account_id in sorted(account_ids))
