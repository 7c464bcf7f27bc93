"""Who a login belongs to: the account's owner, or somebody else."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from uploadd.sandbox.options import Credentials


@dataclass(frozen=True)
class User:
    """A person as Flickr names one."""

    nsid: str
    username: str
    fullname: str


def user_named(name: str, owner: Credentials) -> User:
    """The owner, for no name or the owner's own; else a person whose id follows from the name."""
    if name in ("", owner.username):
        return User(owner.nsid, owner.username, owner.fullname)
    number = zlib.crc32(name.encode("utf-8", "replace")) % 10**8
    return User(f"{number:08d}@N01", name, name.title())
