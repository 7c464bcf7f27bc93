"""What the kernel tells of watched directories, as far as decisions need it."""

from __future__ import annotations

from enum import Enum, auto


class Sign(Enum):
    """What happened in a watched directory."""

    BORN = auto()  # a file or directory was made
    CLOSED = auto()  # a file that was open for writing was closed
    ARRIVED = auto()  # moved in, or to this name
    LEFT = auto()  # removed, or moved away. Without a name: the watched directory was moved itself
    ENDED = auto()  # the watch is no more: unwatched, or its directory was removed or unmounted
    OVERFLOW = auto()  # events of any watch were lost, ENDED among them
