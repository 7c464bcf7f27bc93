"""What a file is by its content: told while it is read, from its beginning and its parts."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from uploadd.files.beginnings import describe
from uploadd.files.media import (
    HEAD_BYTES,
    UNKNOWN_MEDIA_TYPE,
    content_type,
    is_named_as_media,
)
from uploadd.files.opening import trouble
from uploadd.files.parts import Parts, parts_of
from uploadd.files.pixels import of_head
from uploadd.files.reaching import Route
from uploadd.model.pixels import Pixels

_NO_PICTURE_DATA = "its JPEG ends before its first picture data"
_PART_HEAD_BYTES = 16
_MOST_JUMPS = 64


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a content, and what is wrong with it.

    `media_type` is `UNKNOWN_MEDIA_TYPE` where it is nothing that we know. `damage`: why there is
    no picture or film in a file that has the name of one. `flaw`: what its end lacks, where it has
    a beginning. Both are clauses for people, and mostly empty.
    """

    media_type: str
    damage: str = ""
    flaw: str = ""

    @property
    def lacking(self) -> str:
        """What of its end may still come, where it has only begun to be written; mostly empty."""
        return self.damage if self.damage == _NO_PICTURE_DATA else self.flaw


class KindReader:
    """Finds out the kind of a file from its chunks. `name`: the file's last name."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._head = b""
        self._media_type = UNKNOWN_MEDIA_TYPE
        self._parts: Parts | None = None
        self._has_started = False

    def feed(self, chunk: bytes) -> None:
        """The next bytes; the first chunk has `HEAD_BYTES` or more, or is the whole file."""
        if not self._has_started:
            self._has_started = True
            self._head = chunk[:HEAD_BYTES]
            self._media_type = content_type(self._head, self._name)
            self._parts = parts_of(self._media_type)
        if self._parts is not None:
            self._parts.feed(chunk)

    @property
    def has_begun(self) -> bool:
        """Whether the type and the damage are known, whatever follows."""
        return self._has_started and (self._parts is None or self._parts.has_begun)

    @property
    def pixels(self) -> Pixels | None:
        """Of a picture of a type that services keep as it comes; None where it does not tell."""
        in_parts = self._parts.pixels if self._parts is not None else None
        return in_parts or of_head(self._head, self._media_type)

    def kind(self) -> Kind:
        """What the file is, if this was all of it."""
        if self._parts is not None and not self._parts.has_begun:
            return Kind(UNKNOWN_MEDIA_TYPE, _NO_PICTURE_DATA)
        if self._media_type == UNKNOWN_MEDIA_TYPE and is_named_as_media(self._name):
            return Kind(UNKNOWN_MEDIA_TYPE, describe(self._head))
        return Kind(self._media_type, flaw=self._parts.missing() if self._parts else "")


def lacking_by_sizes(descriptor: int, name: bytes, size: int) -> str:
    """What the end of a large film lacks, by the heads of a few parts. Blocks. Raises `OSError`.

    Empty where that takes more than a few looks: then only the whole file tells.
    """
    chunk = os.pread(descriptor, HEAD_BYTES, 0)
    parts, place = parts_of(content_type(chunk, name)), 0
    if parts is None or not parts.has_sizes:
        return ""
    for _ in range(_MOST_JUMPS):
        parts.feed(chunk)
        place += len(chunk)
        place += parts.jump(size - place)
        chunk = os.pread(descriptor, _PART_HEAD_BYTES, place)
        if parts.is_over or not chunk:
            return parts.missing()
    return ""


def read_kind(route: Route) -> Kind:
    """The kind of a file from no more of it than shows the type and the damage. Blocks.

    What its end lacks is not told. Raises `FileTrouble`.
    """
    reader = KindReader(route.name)
    descriptor = route.open()
    try:
        while not reader.has_begun and (chunk := os.read(descriptor, HEAD_BYTES)):
            reader.feed(chunk)
    except OSError as error:
        raise trouble(error, route.path) from None
    finally:
        os.close(descriptor)
    return replace(reader.kind(), flaw="")
