"""What a file is: where it lies, how it looks from outside, and the hash of its content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.filesize import decimal

from uploadd.files.birth import birth_of
from uploadd.files.kind import Kind, KindReader
from uploadd.files.media import EXTENSIONS
from uploadd.files.opening import CHUNK_BYTES, printable, trouble
from uploadd.files.reaching import Route
from uploadd.model.contents import Content
from uploadd.model.errors import FileChangedError, FileTooLargeError, FileUnreadableError
from uploadd.model.numbers import counted, number
from uploadd.model.pixels import Pixels

LARGEST_BYTES = 10 * 10**9
"""Ten times the largest video that a service takes. To read more than that costs time for nothing,
and a sparse file, which costs whoever makes it nothing, can be thousands of times as large."""


OnRead = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Stat:
    """A regular file from outside. Times in nanoseconds, size in bytes.

    `links`: how many names it has. A walk, for which nobody asks that, says 1.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    links: int = field(default=1, compare=False)

    def same_content_as(self, other: Stat) -> bool:
        """Whether the content can be taken to be the same: size, mtime_ns and inode (design 2).

        The device is left out because its number may be another after each mount, ctime because
        a rename or a chmod sets it too.
        """
        return (self.size, self.mtime_ns, self.inode) == (other.size, other.mtime_ns, other.inode)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file's identity and its kind.

    `md5` is empty where nobody asked for it, `pixels` None where the file does not tell them.
    `birth_ns`: see `birth_of`.
    """

    stat: Stat
    sha256: str
    kind: Kind
    md5: str = ""
    pixels: Pixels | None = None
    birth_ns: int = 0

    @property
    def content(self) -> Content:
        """What it holds, by all that services may be asked for."""
        return Content(self.sha256, self.md5, self.pixels)

    @property
    def media_type(self) -> str:
        """The type of its content."""
        return self.kind.media_type

    @property
    def extension(self) -> str:
        """What a file of this type is sent as, with its dot; empty where it is no photo or film."""
        return EXTENSIONS.get(self.kind.media_type, "")


def stat_of(result: os.stat_result) -> Stat:
    """The part of `result` that matters here, each number in the 64 bits of a database."""
    return Stat(
        in_64_bits(result.st_dev),
        in_64_bits(result.st_ino),
        result.st_size,
        in_64_bits(result.st_mtime_ns),
        in_64_bits(result.st_ctime_ns),
        result.st_nlink,
    )


def in_64_bits(number: int) -> int:
    """An inode may use the 64th bit, and a time of the year 2300 in nanoseconds needs more."""
    return (number + 2**63) % 2**64 - 2**63


def stat_file(route: Route) -> Stat:
    """Look at a regular file, following no symbolic link. Blocks.

    Raises `FileVanishedError` where there is none, `FileUnreadableError` where that cannot be
    told.
    """
    return stat_of(route.look())


def _nobody(_bytes: int) -> None:
    """Where nobody looks on."""


def fingerprint_file(route: Route, *, with_md5: bool = False) -> Fingerprint:
    """Read the whole file once: its SHA-256 and its kind. Blocks.

    `with_md5`: its MD5 too, in the same read, for services that know contents by that alone.

    Raises `FileVanishedError`, `FileUnreadableError` (also where its size is not what it gives),
    `FileTooLargeError` beyond `LARGEST_BYTES`, or `FileChangedError` where the file was written, or
    so much as touched, while it was read.
    """
    descriptor = route.open()
    try:
        return fingerprint_open(descriptor, route.path, with_md5=with_md5)
    finally:
        os.close(descriptor)


def fingerprint_open(
    descriptor: int, path: bytes, *, with_md5: bool = False, on_read: OnRead = _nobody
) -> Fingerprint:
    """The same of an open file. `on_read` is told how many bytes each read gave, and may raise."""
    kind_reader = KindReader(os.path.basename(path))
    try:
        before = stat_of(os.fstat(descriptor))
        _check_size(before.size, path)
        size, digests = _read_through(descriptor, kind_reader, on_read, with_md5=with_md5)
        after = stat_of(os.fstat(descriptor))
    except OSError as error:
        raise trouble(error, path) from None
    if before != after:
        raise FileChangedError(f"{printable(path)} changed while it was read")
    if size != after.size:  # some FUSE file systems guess, and /sys pretends
        said = counted(after.size, "byte")
        text = f"{printable(path)} is said to have {said} and gives {number(size)}"
        raise FileUnreadableError(text, "copy it to another disk, and upload the copy")
    kind, pixels = kind_reader.kind(), kind_reader.pixels
    return Fingerprint(after, digests.sha256, kind, digests.md5, pixels, birth_of(descriptor))


def _check_size(size: int, path: bytes) -> None:
    if size > LARGEST_BYTES:
        text = f"{printable(path)} is not read: {decimal(size)} are more than any service takes"
        raise FileTooLargeError(text, "make it smaller, or leave it out (`exclude`)")


def _read_through(
    descriptor: int, kind_reader: KindReader, on_read: OnRead, *, with_md5: bool
) -> tuple[int, Content]:
    """The number of bytes, and the hashes of all of them.

    The pages stay in the cache (no POSIX_FADV_DONTNEED): the send that follows reads them again.
    """
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    digest = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None
    chunk = os.read(descriptor, CHUNK_BYTES)
    size = 0
    while chunk and size <= LARGEST_BYTES:  # it may grow as fast as it is read
        size += len(chunk)
        on_read(len(chunk))
        kind_reader.feed(chunk)
        digest.update(chunk)
        if md5 is not None:
            md5.update(chunk)
        chunk = os.read(descriptor, CHUNK_BYTES)
    return size, Content(digest.hexdigest(), md5.hexdigest() if md5 is not None else "")
