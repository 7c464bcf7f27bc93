"""How far one request is, how long its next step may take, and whose error it was.

A body that is being sent has no total time, because a line may be slow; everything else has one: a
connection (with TLS, and with what a proxy says first), and a reply from its first byte to its
last, counted from the moment when the request was sent whole. A server that gives a byte a second
ends by that, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds that each step may take."""

    connect_seconds: float = 30.0
    stall_seconds: float = 60.0
    """For one piece of a body to be written."""
    reply_seconds: float = 60.0
    """For a whole reply to a call, after the request was sent."""
    upload_reply_seconds: float = 300.0
    """For a whole reply to an upload, after its last byte."""


LIMITS = TimeLimits()


class Step(StrEnum):
    """What a request waits for."""

    BEGINNING = "beginning"  # a free connection
    CONNECTING = "connecting"
    SENDING = "sending"
    ANSWERING = "answering"


class Exchange:
    """One request, which gives its body chunk by chunk. Belongs to the task that made it.

    Used as the iterator of the body: what `content` raises is kept in `trouble`.
    """

    def __init__(
        self,
        content: AsyncIterator[bytes] | None,
        limits: TimeLimits,
        reply_seconds: float,
        limit: asyncio.Timeout,
    ) -> None:
        """`limit`: the time-out of the whole, which is moved on with each step."""
        self.step = Step.BEGINNING
        self.trouble: Exception | None = None
        self.limits = limits
        self._content = content
        self._reply_seconds = reply_seconds
        self._limit = limit

    @property
    def body(self) -> Exchange | None:
        """What gives the body; None where there is none."""
        return None if self._content is None else self

    @property
    def has_begun(self) -> bool:
        """Whether a connection stands, as far as anything told."""
        return self.step in (Step.SENDING, Step.ANSWERING)

    def start(self) -> None:
        """The time-out runs. Without a body it holds from here, in case that nothing tells more."""
        if self._content is None:
            self._end_in(self.limits.connect_seconds + self._reply_seconds)

    def connect(self) -> None:
        """A connection is being made."""
        self.step = Step.CONNECTING
        self._end_in(self.limits.connect_seconds)

    def begin(self) -> None:
        """The connection stands."""
        self.step = Step.SENDING
        if self._content is None:
            self.await_reply()
        else:
            self._limit.reschedule(None)

    def await_reply(self) -> None:
        """The request was sent whole, or its other side takes no more of it."""
        if self.step is not Step.ANSWERING:
            self.step = Step.ANSWERING
            self._end_in(self._reply_seconds)

    def __aiter__(self) -> Exchange:
        return self

    async def __anext__(self) -> bytes:
        if self._content is None:
            raise StopAsyncIteration
        if self.step is not Step.SENDING:
            self.begin()
        try:
            return await anext(self._content)
        except StopAsyncIteration:
            self.await_reply()
            raise
        except Exception as error:
            self.trouble = error
            raise

    def overtime(self) -> str:
        """What did not come in time, in one line."""
        if self.step is Step.ANSWERING:
            return f"no whole reply within {self._reply_seconds:g} s"
        if self.step is Step.CONNECTING:
            return f"no connection within {self.limits.connect_seconds:g} s"
        return "no connection and no reply in time"

    def _end_in(self, seconds: float) -> None:
        self._limit.reschedule(asyncio.get_running_loop().time() + seconds)


async def once(content: bytes) -> AsyncIterator[bytes]:
    """A small body, as one chunk."""
    yield content
