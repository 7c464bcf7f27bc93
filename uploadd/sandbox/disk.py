"""Where the sandbox writes: a file that is hashed while it is received, and a log of records."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from uploadd.sandbox.directory import OWN_FILE, RECORDS, DirectoryRefusedError, claim
from uploadd.sandbox.media import HEAD_BYTES

BLOCK_BYTES = 2**20
_INLINE_BYTES = 2**16
_RECEIVED = re.compile(r"received-\d{8}")


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
            # Exclusively: what lies there, and what a link there leads to, is not ours.
            made = _private(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)
            self._file = os.fdopen(made, "wb", buffering=0)
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
        with open(self._path, "ab", opener=_private) as file:
            file.write(json.dumps({"kind": kind, **fields}).encode() + b"\n")

    def read(self) -> Iterator[dict[str, Any]]:
        """Every whole record, oldest first; a torn last line is cut off.

        Raises DirectoryRefusedError for any other that cannot be read.
        """
        if self._path is None or not self._path.exists():
            return
        with self._path.open("r+b") as file:
            whole = 0
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(whole)
                    return
                whole += len(line)
                try:
                    yield json.loads(line)
                except ValueError:
                    text = f"a line of {self._path} is no record of the sandbox's: {line[:40]!r}"
                    raise DirectoryRefusedError(text, "name another directory") from None


class Disk:
    """The sandbox's directory: `photos/`, `incoming/` and `records.jsonl`.

    Without a directory of its own it makes a temporary one, keeps no records, and removes it
    when `owner` goes. `left_alone`: what lies in `incoming/` and was not put there by a sandbox.
    Raises DirectoryRefusedError.
    """

    def __init__(self, directory: Path | None, owner: object) -> None:
        self.root = claim(directory or Path(tempfile.mkdtemp(prefix="uploadd-sandbox-")))
        if directory is None:
            weakref.finalize(owner, shutil.rmtree, self.root, ignore_errors=True)
        self.photos = self.root / "photos"
        self.incoming = self.root / "incoming"
        self.left_alone = _clear(self.incoming)
        self.records = Records(self.root / RECORDS if directory else None)
        self._received = 0

    def receiver(self, *, use_threads: bool) -> Callable[[str, str], ReceivedFile]:
        """A maker of files in `incoming/`, given a part's filename and content type."""

        def receive(filename: str, content_type: str) -> ReceivedFile:
            path = self._next_path()
            return ReceivedFile(path, filename, content_type, use_threads=use_threads)

        return receive

    def _next_path(self) -> Path:
        while True:
            self._received += 1
            path = self.incoming / f"received-{self._received:08d}"
            if not os.path.lexists(path):
                return path


def _clear(incoming: Path) -> list[Path]:
    """Remove what a killed sandbox was receiving, which was never kept; return what else is there.

    Only regular files whose names have the form that `Disk` gives them go.
    """
    left = []
    for path in sorted(incoming.iterdir()):
        if _RECEIVED.fullmatch(path.name) and stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
        else:
            left.append(path)
    return left


def _private(path: str | Path, flags: int) -> int:
    """Open a file that nobody else may read, and follow no link to it."""
    return os.open(path, flags | os.O_NOFOLLOW, OWN_FILE)
