"""Where the sandbox writes: a file that is hashed while it is received, and a log of records."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from uploadd.sandbox.media import HEAD_BYTES

BLOCK_BYTES = 2**20
_INLINE_BYTES = 2**16


class ReceivedFile:
    """One file part: its bytes go to `path` in blocks, and are hashed on the way."""

    def __init__(self, path: Path, filename: str, content_type: str, *, use_threads: bool) -> None:
        self.path = path
        self.filename = filename
        self.content_type = content_type
        self.size_bytes = 0
        self.head = b""
        self._use_threads = use_threads
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._blocks: list[bytes] = []
        self._waiting_bytes = 0
        self._file: BinaryIO | None = None
        self._is_discarded = False

    @property
    def md5(self) -> str:
        """The MD5 of what was received, in hex."""
        return self._md5.hexdigest()

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was received, in hex."""
        return self._sha256.hexdigest()

    def take(self, block: bytes) -> None:
        """Accept bytes; they wait in memory until `relieve` or `finish`."""
        self._blocks.append(block)
        self._waiting_bytes += len(block)
        self.size_bytes += len(block)
        if len(self.head) < HEAD_BYTES:
            self.head += block[: HEAD_BYTES - len(self.head)]

    async def relieve(self) -> None:
        """Write what waits, once that is a block's worth."""
        if self._waiting_bytes >= BLOCK_BYTES:
            await self._drain(last=False)

    async def finish(self) -> None:
        """Write what is left and close the file."""
        await self._drain(last=True)

    def discard(self) -> None:
        """Forget the file, if it was not moved away."""
        self._is_discarded = True
        if self._file is not None:
            self._file.close()
            self._file = None
        self.path.unlink(missing_ok=True)

    async def _drain(self, *, last: bool) -> None:
        block = b"".join(self._blocks)
        self._blocks.clear()
        self._waiting_bytes = 0
        # A small write costs less than a hop to a thread and back.
        if self._use_threads and len(block) > _INLINE_BYTES:
            await asyncio.to_thread(self._write, block, last=last)
        else:
            self._write(block, last=last)

    def _write(self, block: bytes, *, last: bool) -> None:
        # A write that was queued for a thread may come after its upload was given up.
        if self._is_discarded:
            return
        if self._file is None:
            self._file = self.path.open("wb", buffering=0)
        self._file.write(block)
        self._md5.update(block)
        self._sha256.update(block)
        if last:
            self._file.close()
            self._file = None


class Records:
    """An append-only file of JSON lines, from which the account is read again after a restart.

    Not synced to the disk: it survives the end of the sandbox, not a power cut.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def append(self, kind: str, fields: dict[str, Any]) -> None:
        """Add a record. It has reached the operating system when this returns."""
        if self._path is None:
            return
        # Opened each time: no file is left open where a test lets a sandbox go.
        with self._path.open("ab") as file:
            file.write(json.dumps({"kind": kind, **fields}).encode() + b"\n")

    def read(self) -> Iterator[dict[str, Any]]:
        """Every whole record, oldest first; a torn last line is cut off."""
        if self._path is None or not self._path.exists():
            return
        with self._path.open("r+b") as file:
            whole = 0
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(whole)
                    return
                whole += len(line)
                yield json.loads(line)


class Disk:
    """The sandbox's directory: `photos/`, `incoming/` and `records.jsonl`.

    Without a directory of its own it makes a temporary one, keeps no records, and removes it
    when `owner` goes.
    """

    def __init__(self, directory: Path | None, owner: object) -> None:
        self.root = directory or Path(tempfile.mkdtemp(prefix="uploadd-sandbox-"))
        if directory is None:
            weakref.finalize(owner, shutil.rmtree, self.root, ignore_errors=True)
        self.photos = self.root / "photos"
        self.incoming = self.root / "incoming"
        # What a killed sandbox was receiving was never kept.
        shutil.rmtree(self.incoming, ignore_errors=True)
        for path in (self.photos, self.incoming):
            path.mkdir(parents=True, exist_ok=True)
        self.records = Records(directory / "records.jsonl" if directory else None)
        self._received = 0

    def receiver(self, *, use_threads: bool) -> Callable[[str, str], ReceivedFile]:
        """A maker of files in `incoming/`, given a part's filename and content type."""

        def receive(filename: str, content_type: str) -> ReceivedFile:
            self._received += 1
            path = self.incoming / f"{self._received:08d}"
            return ReceivedFile(path, filename, content_type, use_threads=use_threads)

        return receive
