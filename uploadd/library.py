"""The clients of both services for other Python programs: docs/library.md.

What they send is sent once, and nothing is remembered: the queue and its promises are the
daemon's. Each client counts its own calls, in memory.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import TracebackType
from typing import Any, ClassVar, Self

import structlog

from uploadd.delivery.body import FileBody
from uploadd.delivery.throttle import Throttle
from uploadd.files.fingerprint import Fingerprint
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account, ServiceName
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceError, UsageError
from uploadd.model.jobs import Lane
from uploadd.model.limits import Quota
from uploadd.model.methods import check_call, error_of_call
from uploadd.model.ports import Runtime
from uploadd.model.tickets import (
    IDLE_SECONDS,
    TicketReply,
    TicketState,
    named_wait,
    poll_delay,
)
from uploadd.model.verdicts import Verdict
from uploadd.operations.library.own_account import check_account
from uploadd.operations.library.own_budget import OwnBudget
from uploadd.operations.library.sending import Outlet, Pack, Send, Upload, choose_privacy, photo_of
from uploadd.runtime import real_runtime
from uploadd.services.base import Login, Parcel, Reply
from uploadd.services.registry import open_service

FilePath = str | bytes | os.PathLike[str]
Value = str | int | float | bool | None
"""A parameter's value: True and False are sent as 1 and 0; None is not sent."""


class Client:
    """One account on one service. Use it with `async with`, or close it with `aclose`.

    Raises `ConfigurationError` for an account that cannot be used here. `runtime`: the clock and
    the threads, for tests.
    """

    service: ClassVar[ServiceName]

    def __init__(self, account: Account, *, runtime: Runtime | None = None) -> None:
        check_account(account, self.service)
        _log_like_a_library()
        runtime = runtime or real_runtime()
        self._account = account
        self._clock = runtime.clock
        self._budget = OwnBudget(account.calls_per_hour, runtime.clock)
        throttle = Throttle(account.bytes_per_second, runtime.clock)
        self._outlet = Outlet(runtime.disk, throttle, with_md5=account.needs_md5)
        self._places = asyncio.Semaphore(account.parallel_uploads)
        self._service = open_service(account, runtime, self._budget.grant)

    async def call(
        self, method: str, fields: Mapping[str, Value] | None = None, /, **parameters: Value
    ) -> dict[str, Any]:
        """Call any API method by its own name, once; return the fields of its reply.

        Parameters are spelled as in the API; `fields` takes those whose names Python keeps for
        itself. Signed where the account has a token, else with the key alone. Raises
        `OutcomeUnknownError` where the call may have done its work, other `ServiceError`s, and
        `UsageError` for a call that cannot be made.
        """
        reply = await self._call(method, fields, parameters, as_xml=False)
        return {} if isinstance(reply, str) else dict(reply)

    async def call_xml(
        self, method: str, fields: Mapping[str, Value] | None = None, /, **parameters: Value
    ) -> str:
        """As `call`, and return the text of the XML reply as it came."""
        return str(await self._call(method, fields, parameters, as_xml=True))

    async def upload(
        self,
        path: FilePath,
        *,
        title: str | None = None,
        description: str | None = None,
        tags: Iterable[str] = (),
        privacy: str | None = None,
        is_public: int | None = None,
        is_friend: int | None = None,
        is_family: int | None = None,
        safety_level: int | None = None,
        content_type: int | None = None,
        hidden: int | None = None,
    ) -> Upload:
        """Send one photo or video, once. `title` None: the file's name without its extension.

        Who sees it is said by `privacy` (a word of the configuration) or by `is_…`, of which None
        is 0; it is private where neither is given. What else is None is left to the account's
        defaults. Raises `FileTrouble`, and `ServiceError`: `OutcomeUnknownError` where the photo
        may have arrived.
        """
        if isinstance(tags, str):
            raise UsageError("tags is one text", "give a list, such as ['blue sky', 'sea']")
        name, told = _stem(path), tuple(tags)
        seen = choose_privacy(privacy, is_public, is_friend, is_family)

        def pack(known: Fingerprint, body: FileBody) -> Parcel:
            return Parcel(
                stem=name,
                extension=known.extension,
                media_type=known.media_type,
                sha256=known.sha256,
                body=body,
                title=name if title is None else title,
                description=description,
                tags=told,
                is_public=seen.is_public,
                is_friend=seen.is_friend,
                is_family=seen.is_family,
                safety_level=safety_level,
                content_type=content_type,
                hidden=hidden,
                md5=known.md5,
            )

        return await self._send(path, pack, self._service.send)

    async def replace(self, path: FilePath, photo_id: str) -> Upload:
        """Give a photo another content; its id and what is told about it stay. Else as `upload`."""
        name = _stem(path)

        def pack(known: Fingerprint, body: FileBody) -> Parcel:
            return Parcel(
                stem=name,
                extension=known.extension,
                media_type=known.media_type,
                sha256=known.sha256,
                body=body,
                md5=known.md5,
            )

        return await self._send(path, pack, lambda parcel: self._service.replace(parcel, photo_id))

    async def wait_for(self, ticket: str) -> str:
        """Ask for a ticket, ever more rarely, until it is done; return the photo's id.

        Raises `ServiceRefusedError` where the service could make no photo of it,
        `OutcomeUnknownError` where it knows no such ticket, and other `ServiceError`s, after which
        it can be waited for again.
        """
        polls, wait = 0, IDLE_SECONDS
        while True:
            await self._clock.sleep(wait)
            polls += 1
            reply = (await self.check_tickets([ticket])).get(ticket)
            if reply is not None and reply.state is not TicketState.PENDING:
                return photo_of(ticket, reply)
            named = named_wait(reply.eta_seconds if reply else None)
            wait = max(poll_delay(Lane.LIVE, polls), named)

    async def check_tickets(self, tickets: Iterable[str]) -> dict[str, TicketReply]:
        """What the service says of these tickets; it may leave some out. Raises `ServiceError`."""
        asked, size = list(dict.fromkeys(tickets)), self._service.tickets_per_call
        known: dict[str, TicketReply] = {}
        for start in range(0, len(asked), size):
            known |= await self._service.check_tickets(asked[start : start + size])
        return known

    async def content_of(self, path: FilePath) -> Content:
        """The hashes of a file, for `look_up`. Raises `FileTrouble`."""
        return (await self._outlet.fingerprint(os.fsencode(path))).content

    async def look_up(self, content: Content, *, since: float = 0.0) -> str | None:
        """The id of the account's photo with this content, or None.

        Flickr finds what carries the tag `checksum:sha256=…`, which `upload` gives, and what its
        search does not show yet among the photos that came after `since` (unix seconds). None is
        no proof that it is not there. Raises `ServiceError`: `ServiceRefusedError` with the code
        `unknown-outcome` where a photo has the tag and it proves nothing, because there are
        several such tags, or because the photo's pixels are not those of the file.
        """
        if self._account.needs_md5 and not content.md5:
            raise UsageError("ipernity knows contents by their MD5", "`content_of` gives it")
        return await self._service.look_up(content, since)

    async def mark_content(self, photo_id: str, content: Content) -> None:
        """Let `look_up` find this photo by this content alone, after `replace` for example.

        Nothing to do on ipernity, which looks at the content itself. Raises `ServiceError`.
        """
        await self._service.mark_content(photo_id, content.sha256)

    async def quota(self) -> Quota:
        """What the account may still take. Raises `ServiceError`."""
        return await self._service.quota()

    async def log_in(self) -> Login:
        """Ask whose account this is. Raises `ServiceError`."""
        return await self._service.log_in()

    def edit_url(self, photo_ids: Iterable[str]) -> str | None:
        """Where a person edits these photos, where the service has such a page."""
        return self._service.edit_url(list(photo_ids))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._service.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _call(
        self,
        method: str,
        fields: Mapping[str, Value] | None,
        parameters: Mapping[str, Value],
        *,
        as_xml: bool,
    ) -> Reply:
        pairs = [*(fields or {}).items(), *parameters.items()]
        check_call(self.service, method, [name for name, _ in pairs])
        spelled = [(name, _spelled(name, value)) for name, value in pairs if value is not None]
        is_signed = bool(self._account.token)
        try:
            return await self._service.call(method, spelled, is_signed=is_signed, as_xml=as_xml)
        except ServiceError as error:
            raise error_of_call(error, self._account, method, is_signed=is_signed) from None

    async def _send(self, path: FilePath, pack: Pack, send: Send) -> Upload:
        async def granted(parcel: Parcel) -> Verdict:
            await self._budget.grant(Purpose.LIVE)
            return await send(parcel)

        async with self._places:
            return await self._outlet.send(os.fsencode(path), pack, granted)


class Flickr(Client):
    """One account on Flickr."""

    service = ServiceName.FLICKR


class Ipernity(Client):
    """One account on ipernity."""

    service = ServiceName.IPERNITY


def _spelled(name: str, value: str | float | bool) -> str:
    match value:
        case bool():
            return "1" if value else "0"
        case str():
            return value
        case int() | float():
            return format(Decimal(str(value)), "f")  # no API reads 1e-07
    raise UsageError(f"{name} is no text and no number", "write a list as its API method asks for")


def _stem(path: FilePath) -> str:
    return os.path.splitext(os.path.basename(os.fsdecode(path)))[0]


def _log_like_a_library() -> None:
    """Log through the standard library; structlog's own default prints to standard output.

    A program that has configured structlog is left alone.
    """
    if structlog.is_configured():
        return
    logging.getLogger("uploadd").addHandler(logging.NullHandler())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
