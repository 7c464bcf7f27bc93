"""The head of a reply has an end, however often the reply is only announced (`100 Continue`).

httpcore (1.0.9) reads over what announces a reply for as long as it comes, 64 KiB at a time: some
thousands of heads, while nobody else gets a turn. So little is read at a time before the head has
come, and not much in all. Its streams are told of by its `trace`, and are changed in place.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

# h11 gives up one head at 100 KiB. In heads of 17 bytes so much takes a third of a second.
MOST_HEAD_BYTES = 128 * 1024
_PIECE_BYTES = 4096


class EndlessHeadError(Exception):
    """Something announces a reply again and again, and gives none."""


class _Stream(Protocol):
    async def read(self, max_bytes: int, **limits: float | None) -> bytes: ...
    async def write(self, buffer: bytes, **limits: float | None) -> None: ...


class _Head:
    """Counts what one connection reads between what it wrote last and the head of the reply."""

    def __init__(self, stream: _Stream) -> None:
        self._read, self._write = stream.read, stream.write
        self._left = MOST_HEAD_BYTES
        self.has_come = False

    async def read(self, max_bytes: int, **limits: float | None) -> bytes:
        """As the stream does. Raises `EndlessHeadError` too."""
        if self.has_come:
            return await self._read(max_bytes, **limits)
        if self._left <= 0:
            raise EndlessHeadError
        if self._left < MOST_HEAD_BYTES:
            await asyncio.sleep(0)  # TLS gives what it has without a turn for anybody else
        piece = await self._read(min(max_bytes, _PIECE_BYTES), **limits)
        self._left -= len(piece)
        return piece

    async def write(self, buffer: bytes, **limits: float | None) -> None:
        """As the stream does; a head is awaited again."""
        self.has_come, self._left = False, MOST_HEAD_BYTES
        await self._write(buffer, **limits)


def limit_heads(stream: _Stream) -> None:
    """Give the heads that this new stream reads an end."""
    head = _Head(stream)
    vars(stream).update(read=head.read, write=head.write)


def head_came(stream: _Stream | None) -> None:
    """What it reads now, until it writes again, is the body."""
    head = getattr(getattr(stream, "read", None), "__self__", None)
    if isinstance(head, _Head):
        head.has_come = True
