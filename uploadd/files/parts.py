"""Where the parts of a picture or film begin and end, told while it is read chunk by chunk.

Three questions are answered without a second read, and in the memory of a few chunks: whether a
JPEG comes as far as its first picture data, how many pixels it has, and whether a file ends where
its last part does.
Services show the beginning of what was cut off later, so that is only told, and waited for as
long as more of it may come. Everything that is odd and can be read by a lenient program counts as
whole.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque

from uploadd.files.pixels import FRAME_BYTES, FRAMES, of_frame
from uploadd.model.numbers import counted
from uploadd.model.pixels import Pixels

# At most so many parts are followed; a file with more counts as whole.
_MOST_PARTS = 20_000
_END_BYTES = 1 << 19


class Parts(ABC):
    """Follows a file from part to part. `feed` it every chunk from the beginning of the file."""

    has_sizes = True
    """Whether each part says where the next one begins, so that one may `jump` there."""

    def __init__(self, first: int) -> None:
        """`first`: where the first part begins."""
        self._place = first
        self._rest = b""
        self._left = _MOST_PARTS
        self.is_over = False
        """Whether nothing that follows changes the answers."""
        self.pixels: Pixels | None = None
        """Of a JPEG, once its frame was seen."""

    def feed(self, chunk: bytes) -> None:
        """Follow the file through its next bytes."""
        if self.is_over:
            return
        buffer = self._rest + chunk if self._rest else chunk
        while self._place < len(buffer) and not self.is_over and self._step(buffer):
            self._left -= 1
            if self._left == 0:
                self.is_over = True
        kept = min(self._place, len(buffer))
        self._rest = buffer[kept:]
        self._place -= kept

    def jump(self, most: int) -> int:
        """How many of the next bytes, at most `most`, tell nothing and are not to be fed."""
        step = min(self._place, most)
        self._place -= step
        return step

    @property
    def has_begun(self) -> bool:
        """Whether there is anything of the picture itself, as far as the chunks show."""
        return True

    @abstractmethod
    def missing(self) -> str:
        """What the end of the file lacks, in words; empty where it is whole."""

    @abstractmethod
    def _step(self, buffer: bytes) -> bool:
        """Move `_place` behind the part that begins there; False where the part needs more bytes.

        Sets `is_over` where the last part was seen.
        """


class JpegParts(Parts):
    """A JPEG's segments up to its first scan, then its end mark.

    Zeros and fill bytes between two segments are passed over. What follows anything else that is
    no segment is taken for a picture: a service may make more of it than we do.

    The end mark is looked for in the last `_END_BYTES` only, because a search through everything
    takes longer than its hash. It is not the last thing in each file: a picture or a film may
    follow (MPF, motion photos). These are compressed, so that the mark's two bytes are in them as
    well, while there is none in a scan that was cut off.
    """

    has_sizes = False
    _GAP = re.compile(rb"[\x00\xff]*")
    _ALONE = frozenset((0x01, *range(0xD0, 0xDA)))  # TEM, RST0 to RST7, SOI, EOI: of no length
    _SCAN = 0xDA
    _END = b"\xff\xd9"

    def __init__(self) -> None:
        super().__init__(first=2)
        self._is_in_scan = False
        self._last = deque[bytes]()
        self._last_bytes = 0

    @property
    def has_begun(self) -> bool:
        """Whether at least a byte of the first scan is there."""
        return self.is_over or bool(self._last)

    def missing(self) -> str:
        """Its end mark, or nothing."""
        has_end = self.is_over or self._END in b"".join(self._last)
        return "" if has_end else "its JPEG has no end mark"

    def _step(self, buffer: bytes) -> bool:
        return self._keep_end(buffer) if self._is_in_scan else self._pass_segment(buffer)

    def _pass_segment(self, buffer: bytes) -> bool:
        gap = self._GAP.match(buffer, self._place)
        assert gap is not None  # noqa: S101 - nothing is a gap, too
        mark = gap.end()
        if mark == len(buffer):
            self._place = _end_of(buffer)
            return False
        code, after = buffer[mark], mark + 1
        if buffer[mark - 1] != 0xFF:
            self._is_in_scan = True
            return True
        if code in self._ALONE:
            self._place = after
            return True
        if after + 2 > len(buffer):
            self._place = mark - 1
            return False
        if code in FRAMES and self.pixels is None:
            if after + FRAME_BYTES > len(buffer):
                self._place = mark - 1
                return False
            self.pixels = of_frame(buffer[after : after + FRAME_BYTES])
        self._place = after + max(2, int.from_bytes(buffer[after : after + 2], "big"))
        self._is_in_scan = code == self._SCAN
        return True

    def _keep_end(self, buffer: bytes) -> bool:
        self._last.append(buffer[self._place :])
        self._last_bytes += len(self._last[-1])
        while self._last_bytes - len(self._last[0]) >= _END_BYTES:
            self._last_bytes -= len(self._last.popleft())
        self._place = len(buffer)
        return False


class PngParts(Parts):
    """A PNG's chunks up to `IEND`."""

    def __init__(self) -> None:
        super().__init__(first=8)

    def missing(self) -> str:
        """Its last chunk, or nothing."""
        return "" if self.is_over else "its PNG has no last chunk (IEND)"

    def _step(self, buffer: bytes) -> bool:
        if self._place + 8 > len(buffer):
            return False
        length = int.from_bytes(buffer[self._place : self._place + 4], "big")
        self.is_over = buffer[self._place + 4 : self._place + 8] == b"IEND"
        self._place += 12 + length
        return True


class BoxParts(Parts):
    """The outermost boxes of an MP4, a QuickTime film, a HEIC picture and their kin.

    A film cannot be shown without its index (`moov`, or `moof` of each piece), which many
    programs write last.
    """

    _INDEXES = (b"moov", b"moof")
    _KINDS = frozenset(
        b"ftyp styp moov moof mfra mdat idat meta free skip wide uuid pdin pnot sidx udta".split()
    )

    def __init__(self, *, is_film: bool = False) -> None:
        super().__init__(first=0)
        self._lacks_index = is_film

    def missing(self) -> str:
        """The rest of its last box, its index, or nothing."""
        if self._place and not self.is_over:
            return _cut_off(self._place)
        return "its film has no index (moov)" if self._lacks_index and self._left else ""

    def _step(self, buffer: bytes) -> bool:
        if self._place + 16 > len(buffer):
            return False
        size = int.from_bytes(buffer[self._place : self._place + 4], "big")
        if size == 1:
            size = int.from_bytes(buffer[self._place + 8 : self._place + 16], "big")
        # Size 0: it goes to the end. Other programs' additions at the end are no boxes.
        kind = buffer[self._place + 4 : self._place + 8]
        is_odd = 0 < size < 8 or kind not in self._KINDS
        self.is_over = is_odd or size == 0
        if is_odd or kind in self._INDEXES:
            self._lacks_index = False
        self._place += size
        return True


class RiffParts(Parts):
    """An AVI film or a WebP picture: one chunk, or, of a film beyond a gigabyte, several."""

    def __init__(self) -> None:
        super().__init__(first=0)

    def missing(self) -> str:
        """The rest of its last chunk, or nothing."""
        return _cut_off(self._place) if self._place and not self.is_over else ""

    def _step(self, buffer: bytes) -> bool:
        if self._place + 8 > len(buffer):
            return False
        size = int.from_bytes(buffer[self._place + 4 : self._place + 8], "little")
        # 0 and the largest number: written as it came, by a program that could not go back.
        is_open = size in (0, 0xFFFFFFFF)
        self.is_over = is_open or buffer[self._place : self._place + 4] != b"RIFF"
        self._place += 8 + size
        return True


def _cut_off(missing_bytes: int) -> str:
    return f"it ends {counted(missing_bytes, 'byte')} before its last part does"


def _end_of(buffer: bytes) -> int:
    """The place behind `buffer`, or of its last byte if that may begin a marker."""
    return len(buffer) - buffer.endswith(b"\xff")


def parts_of(media_type: str) -> Parts | None:
    """What follows a file of this type; None for types whose parts are not looked at."""
    if media_type == "image/jpeg":
        return JpegParts()
    if media_type == "image/png":
        return PngParts()
    if media_type in _IN_RIFF:
        return RiffParts()
    is_film = media_type.startswith("video/")
    return BoxParts(is_film=is_film) if media_type in _IN_BOXES else None


_IN_RIFF = frozenset({"video/x-msvideo", "image/webp"})
_IN_BOXES = frozenset(
    {
        *("image/heic", "image/heif", "video/mp4", "video/quicktime"),
        *("video/x-m4v", "video/3gpp", "video/3gpp2"),
    }
)
