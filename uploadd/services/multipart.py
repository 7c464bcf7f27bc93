"""A streamed `multipart/form-data` body (RFC 7578) whose length is known before it is read.

httpx has one of its own, but it reads the disk on the event loop (measured: 608 ms of blocking at
50 ms a read). This one awaits the body's chunks, which are read elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from random import Random

from uploadd.model.errors import FileChangedError
from uploadd.services.base import Body
from uploadd.services.cleaning import sendable
from uploadd.services.wire import Handed

# One write must fit into the stall time-out on a slow line: 128 KiB in 60 s is 2.2 kB/s.
PIECE_BYTES = 128 * 1024

Fields = Sequence[tuple[str, str]]

# As browsers escape names (HTML, "multipart/form-data encoding algorithm").
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


@dataclass(frozen=True, slots=True)
class FilePart:
    """The part that holds the file."""

    name: str
    file_name: str
    media_type: str
    body: Body


class Multipart:
    """The fields first, the file last."""

    def __init__(self, fields: Fields, part: FilePart, random: Random) -> None:
        self._boundary = f"uploadd-{random.getrandbits(128):032x}"
        self._part = part
        self._head = b"".join(self._field(*pair) for pair in fields) + self._file_head()
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def headers(self) -> dict[str, str]:
        """What the request must say about this body."""
        return {
            "Content-Type": f"multipart/form-data; boundary={self._boundary}",
            "Content-Length": str(len(self._head) + self._part.body.size + len(self._tail)),
        }

    async def chunks(self, handed: Handed) -> AsyncGenerator[bytes, None]:
        """The body. Sets `handed.last_chunk` just before its last chunk, the closing boundary.

        Raises what `Body.chunks` raises, and `FileChangedError` where it does not give exactly
        `size` bytes: the closing boundary is not sent then, so nothing can be kept.
        """
        yield self._head
        async with aclosing(_pieces(self._part.body)) as pieces:
            async for piece in pieces:
                yield piece
        handed.last_chunk = True
        yield self._tail

    def _field(self, name: str, value: str) -> bytes:
        head = f'--{self._boundary}\r\nContent-Disposition: form-data; name="{_escaped(name)}"'
        return f"{head}\r\n\r\n{value}\r\n".encode()

    def _file_head(self) -> bytes:
        name, file_name = _escaped(self._part.name), _escaped(self._part.file_name)
        return (
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
            f"Content-Type: {self._part.media_type}\r\n\r\n"
        ).encode()


async def _pieces(body: Body) -> AsyncGenerator[bytes, None]:
    left = body.size
    async with aclosing(_closable(body.chunks())) as chunks:
        async for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                raise _changed("has grown")
            for start in range(0, len(chunk), PIECE_BYTES):
                yield chunk[start : start + PIECE_BYTES]
    if left > 0:
        raise _changed("has shrunk")


async def _closable(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


def _changed(what: str) -> FileChangedError:
    return FileChangedError(f"the file {what} while it was sent", "it is looked at again")


def _escaped(name: str) -> str:
    return sendable(name.translate(_ESCAPES))
