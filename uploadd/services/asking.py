"""Calls of one account: each is granted and judged; those that may be made twice are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from uploadd.model.budget import Purpose
from uploadd.model.delays import growing
from uploadd.model.ports import Runtime
from uploadd.services.base import Grant, Reply
from uploadd.services.judging import Judge, is_worth_a_retry
from uploadd.services.multipart import Fields
from uploadd.services.replies import Answer, CallReply, Document, XmlReply
from uploadd.services.wire import MOST_REPLY_BYTES, Unanswered

TRIES = 3
FIRST_RETRY_SECONDS = 0.5
MOST_RETRY_SECONDS = 4.0
# What a list or any other method may answer with.
MOST_LIST_BYTES = 8 * MOST_REPLY_BYTES

Read = Callable[[str, Fields, int], Awaitable[CallReply | Unanswered]]
"""Makes one signed call, once: the method, its fields, and how much of a reply is read."""


class Asking:
    """What a service's client asks with."""

    def __init__(self, runtime: Runtime, grant: Grant, judge: Judge, read: Read) -> None:
        self._runtime = runtime
        self._grant = grant
        self._judge = judge
        self._read = read

    async def read(
        self, method: str, fields: Fields, purpose: Purpose, most_bytes: int = MOST_REPLY_BYTES
    ) -> Mapping[str, Any]:
        """A call that may be made twice, tried again for some seconds where that may help."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=self._retry_seconds,
            sleep=self._runtime.clock.sleep,
            retry=retry_if_exception(is_worth_a_retry),
            reraise=True,
        )
        return await retrying(self.read_once, method, fields, purpose, most_bytes)

    async def read_once(
        self, method: str, fields: Fields, purpose: Purpose, most_bytes: int = MOST_REPLY_BYTES
    ) -> Mapping[str, Any]:
        """The same without another try. Raises `ServiceError`."""
        await self._grant(purpose)
        reply = await self._read(method, fields, most_bytes)
        if isinstance(reply, Answer):
            return reply.fields
        raise self._judge.call_error(reply, method)

    async def named(
        self, method: str, make: Callable[[], Awaitable[CallReply | XmlReply | Unanswered]]
    ) -> Reply:
        """One call whose method a person named; never made twice. Raises `ServiceError`."""
        await self._grant(Purpose.CALL)
        match await make():
            case Answer(fields):
                return fields
            case Document(text):
                return text
            case reply:
                raise self._judge.named_call_error(reply, method)

    def _retry_seconds(self, state: RetryCallState) -> float:
        longest = growing(FIRST_RETRY_SECONDS, MOST_RETRY_SECONDS, state.attempt_number)
        return self._runtime.random.uniform(longest / 2, longest)
