"""Reading a file for a send: exactly the bytes that were fingerprinted, or a clear refusal."""

from __future__ import annotations

import hashlib
import os
from types import TracebackType
from typing import Self

from uploadd.files.fingerprint import Stat, stat_file, stat_of
from uploadd.files.opening import CHUNK_BYTES, printable, trouble
from uploadd.files.reaching import Route
from uploadd.model.errors import FileChangedError, FileTrouble


class SteadyReader:
    """Gives `expected.size` bytes of the file, never more, and hashes what it gives.

    Opening raises `FileVanishedError`, `FileUnreadableError`, or `FileChangedError` where the
    file is not what `expected` says (size, mtime_ns, inode). Every call blocks; one thread at a
    time. Close it, or use it as a context manager.
    """

    def __init__(self, route: Route, expected: Stat, sha256: str) -> None:
        self.route = route
        """How the file is reached."""
        self._expected = expected
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        self._given = 0
        self._descriptor: int | None = route.open()
        try:
            self._check_still_expected()
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """How many bytes there are to give in all."""
        return self._expected.size

    @property
    def given(self) -> int:
        """How many bytes have been given so far."""
        return self._given

    @property
    def sent_sha256(self) -> str:
        """The SHA-256, in hex, of the bytes given so far."""
        return self._digest.hexdigest()

    @property
    def is_torn(self) -> bool:
        """Whether the bytes given are not those that were fingerprinted.

        Only the hash decides: a file that was touched, or written behind what was read, has
        still been sent as it was fingerprinted.
        """
        return self.sent_sha256 != self._sha256

    def read_chunk(self) -> bytes:
        """The next bytes, at most 256 KiB; empty after the last.

        Raises `FileChangedError` where the file has become shorter.
        """
        wanted = min(CHUNK_BYTES, self._expected.size - self._given)
        if wanted == 0:
            return b""
        try:
            chunk = os.read(self._open_descriptor(), wanted)
        except OSError as error:
            raise trouble(error, self.route.path) from None
        if not chunk:
            raise FileChangedError(f"{printable(self.route.path)} became shorter while it was sent")
        self._digest.update(chunk)
        self._given += len(chunk)
        return chunk

    def has_changed(self) -> bool:
        """Whether the open file looks other than when it was fingerprinted."""
        try:
            now = stat_of(os.fstat(self._open_descriptor()))
        except OSError as error:
            raise trouble(error, self.route.path) from None
        return not now.same_content_as(self._expected)

    def is_outdated(self) -> bool:
        """Whether the open file, or the file at its path, has other content by now.

        False where nothing is at the path: then there is nothing more to send.
        """
        try:
            at_path = stat_file(self.route)
            return self.has_changed() or not at_path.same_content_as(self._expected)
        except FileTrouble:
            return False

    def finish(self) -> bool:
        """Close the file; return whether what was given is torn (see `is_torn`)."""
        self.close()
        return self.is_torn

    def close(self) -> None:
        """Close the file. May be called again.

        What was sent whole leaves the page cache: a backfill must not push everything else out.
        (Measured: 0.1 ms a photo. The fingerprint's read leaves it in, for the send.)
        """
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        if self._given == self._expected.size:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _check_still_expected(self) -> None:
        if self.has_changed():
            name = printable(self.route.path)
            raise FileChangedError(f"{name} changed since it was fingerprinted")

    def _open_descriptor(self) -> int:
        if self._descriptor is None:
            raise ValueError("the reader is closed")
        return self._descriptor
