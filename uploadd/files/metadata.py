"""When a photo was taken and by which camera, for the words of a template. Never an error."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from uploadd.files.reaching import Route
from uploadd.model.errors import FileTrouble
from uploadd.model.signs import blanked

MOST_BYTES = 4 << 20
"""How much of a file may be read in the search for its metadata."""
MOST_READS = 20_000

_DATE_TAGS = ("EXIF DateTimeOriginal", "EXIF DateTimeDigitized", "Image DateTime")
_DATE_FORMAT = "%Y:%m:%d %H:%M:%S"
_MOST_CAMERA_LETTERS = 100
# Metadata that is not as it should be is no news to anybody.
logging.getLogger("exifread").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """`taken`: by the clock of the camera, without a time zone. `camera`: "" where unknown."""

    taken: datetime
    camera: str


def read_photo_facts(route: Route, mtime_ns: int) -> PhotoFacts:
    """What the picture says of itself, or else its mtime in local time and no camera. Blocks.

    Reads at most `MOST_BYTES`, and raises for nothing that may be in the file.
    """
    tags = _tags(route)
    taken = next(filter(None, (_date(tags.get(name)) for name in _DATE_TAGS)), None)
    camera = _camera(_text(tags.get("Image Make")), _text(tags.get("Image Model")))
    return PhotoFacts(taken or _local_time(mtime_ns), camera)


def _tags(route: Route) -> Mapping[str, Any]:
    import exifread  # noqa: PLC0415 - 30 ms that only a template with these words should cost

    try:
        with _Bounded(route.open()) as file:
            tags: Mapping[str, Any] = exifread.process_file(
                cast("BinaryIO", file), details=False, extract_thumbnail=False
            )
    except FileTrouble:
        return {}
    except Exception:  # noqa: BLE001 - a parser of foreign bytes raises whatever it stumbles on
        return {}
    return tags


class _Bounded(io.RawIOBase):
    """A file that ends the search when it has been read too often or too much."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._bytes_left = MOST_BYTES
        self._reads_left = MOST_READS

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads_left -= 1
        if self._bytes_left <= 0 or self._reads_left <= 0:
            raise OSError("the metadata is too large")
        wanted = self._bytes_left if size is None or size < 0 else min(size, self._bytes_left)
        chunk = os.read(self._descriptor, wanted)
        self._bytes_left -= len(chunk)
        return chunk

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _text(tag: object) -> str:
    """A tag's text on one line, without the NULs and blanks that cameras pad it with."""
    text = "" if tag is None else str(tag)
    return " ".join(blanked(text).split())[:_MOST_CAMERA_LETTERS]


def _date(tag: object) -> datetime | None:
    try:
        taken = datetime.strptime(_text(tag)[:19], _DATE_FORMAT)  # noqa: DTZ007 - a camera's clock has no zone
    except ValueError:
        return None
    return taken


def _camera(make: str, model: str) -> str:
    """The model, with its maker in front unless it says so itself ("NIKON D90")."""
    if not make or model.lower().startswith(make.split(maxsplit=1)[0].lower()):
        return model
    return f"{make} {model}".strip()


def _local_time(mtime_ns: int) -> datetime:
    try:
        moment = datetime.fromtimestamp(mtime_ns // 10**9, UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.replace(tzinfo=None)
