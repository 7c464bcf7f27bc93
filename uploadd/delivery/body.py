"""The bytes of one file on their way out: read off the loop, hashed, paced, and cut at a drain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from uploadd.delivery.throttle import Throttle
from uploadd.files.reading import SteadyReader
from uploadd.model.errors import FileTrouble
from uploadd.model.ports import Disk


class SendCutError(FileTrouble):
    """We cut our own send before its last byte: the drain took too long."""


class FileBody:
    """A `services.base.Body` over an open file."""

    def __init__(
        self,
        reader: SteadyReader,
        size: int,
        disk: Disk,
        throttle: Throttle,
        cut: asyncio.Event,
    ) -> None:
        self._reader = reader
        self._size = size
        self._disk = disk
        self._throttle = throttle
        self._cut = cut
        self.sent_bytes = 0
        self.was_sent: Callable[[], None] = _nobody
        """Called when the last byte was handed over."""

    @property
    def size(self) -> int:
        """How many bytes the service is promised."""
        return self._size

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes in order. Raises `FileTrouble` where the file changed or the drain cut in."""
        while self.sent_bytes < self._size:
            if self._cut.is_set():
                raise SendCutError("the send was cut because uploadd is stopping")
            chunk = await self._disk.run(self._reader.read_chunk)
            await self._throttle.spend(len(chunk))
            self.sent_bytes += len(chunk)
            yield chunk
        self.was_sent()


def _nobody() -> None:
    """Nobody wants to know."""
