"""ipernity as a `Service`: what delivery asks for, in ipernity's calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceError, ServiceFaultError, ServiceRefusedError
from uploadd.model.limits import Quota
from uploadd.model.ports import Runtime
from uploadd.model.tickets import TicketReply, TicketState
from uploadd.model.verdicts import Reason, Verdict
from uploadd.services.asking import MOST_LIST_BYTES, Asking
from uploadd.services.base import Grant, Listing, Login, Parcel, Reply
from uploadd.services.error_tables import GARBAGE, Rows
from uploadd.services.form_fields import file_name
from uploadd.services.ipernity import answers, errors
from uploadd.services.ipernity.calls import Calls, host_of
from uploadd.services.ipernity.fields import replace_fields, upload_fields
from uploadd.services.judging import Judge
from uploadd.services.multipart import Fields, FilePart
from uploadd.services.requests import check_text
from uploadd.services.wire import Handed, Wire

NOT_FOUND = "1"

_NOT_SAID = "ipernity did not say whose account this is"
_NO_MD5 = Reason("no-md5", "ipernity knows a file by its MD5, and that of this one is not known")
_NO_LISTING = Reason(
    "no-listing",
    "an ipernity account needs no adoption",
    "nothing to do: before each send ipernity is asked for just that content (doc.checkMD5)",
)


class Ipernity:
    """One account on ipernity. Keeps the contract of `services.base.Service`."""

    tickets_per_call = 50  # upload.checkTickets
    finds_per_call = 20  # doc.checkMD5
    can_look_up = True
    looks_at_content = True
    compares_on_send = False
    names_ticket_waits = True

    def __init__(
        self,
        account: Account,
        runtime: Runtime,
        grant: Grant,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._account = account
        self._wire = Wire(account.parallel_uploads, transport)
        self._calls = Calls(account, runtime, self._wire)
        self._judge = Judge(errors.TABLES, account.name)
        self._asking = Asking(runtime, grant, self._judge, self._calls.call)

    @property
    def host(self) -> str:
        """`ipernity.com`, or the host and port of `base_url`."""
        return host_of(self._account.base_url)

    async def log_in(self) -> Login:
        """auth.checkToken: whose account this is. Raises `ServiceError`."""
        login = answers.login(await self._read("auth.checkToken", [], Purpose.PROBE))
        if login is None:
            raise ServiceFaultError(Reason(GARBAGE, _NOT_SAID))
        return login

    async def probe(self) -> None:
        """auth.checkToken, once. Raises `ServiceError`."""
        await self._asking.read_once("auth.checkToken", [], Purpose.PROBE)

    async def may_upload(self) -> bool | None:
        """auth.checkToken: `write` or more is needed for documents. Raises `ServiceError`."""
        return answers.may_upload(await self._read("auth.checkToken", [], Purpose.PROBE))

    async def send(self, parcel: Parcel) -> Verdict:
        """upload.file with `async=1`. Raises only what its body raises."""
        return await self._upload("upload.file", parcel, upload_fields(parcel), errors.UPLOAD)

    async def replace(self, parcel: Parcel, photo_id: str) -> Verdict:
        """upload.replace with `async=1`. Raises only what its body raises.

        Which document it became is seen by whoever asks for the ticket: one client found that
        ipernity may make another of it.
        """
        fields = replace_fields(photo_id)
        return await self._upload("upload.replace", parcel, fields, errors.REPLACE)

    async def mark_content(self, photo_id: str, sha256: str) -> None:
        """Nothing: ipernity looks at the content itself."""

    async def check_tickets(self, ticket_ids: Sequence[str]) -> dict[str, TicketReply]:
        """upload.checkTickets for all of them. Raises `ServiceError`.

        Where ipernity only says that it does not know some of them, they are asked for in halves,
        so that one forgotten ticket does not hold up the others.
        """
        if not ticket_ids:
            return {}
        fields = [("tickets", ",".join(ticket_ids))]
        try:
            found = await self._read("upload.checkTickets", fields, Purpose.TICKETS)
        except ServiceRefusedError as error:
            if error.reason.code != NOT_FOUND:
                raise
            return await self._check_halves(ticket_ids)
        asked = set(ticket_ids)
        return {name: reply for name, reply in answers.tickets(found).items() if name in asked}

    async def look_up(
        self,
        content: Content,
        since: float,  # noqa: ARG002 - the contract's; a content is there or not, whenever it came
    ) -> str | None:
        """doc.checkMD5: the document with just this content. Raises `ServiceError`."""
        if not content.md5:
            raise ServiceRefusedError(_NO_MD5)
        found = await self._documents([content.md5])
        return found.get(content.md5)

    async def find(self, contents: Sequence[Content], /) -> dict[str, str]:
        """doc.checkMD5 for all of them; what has no MD5 is not asked for. Raises `ServiceError`."""
        known = [content for content in contents if content.md5]
        if not known:
            return {}
        found = await self._documents([content.md5 for content in known])
        return {content.sha256: found[content.md5] for content in known if content.md5 in found}

    async def has_photo(self, photo_id: str, since: float | None = None) -> bool:
        """doc.get. Raises `ServiceError`."""
        try:
            told = await self._read("doc.get", [("doc_id", photo_id)], Purpose.LOOK_UP)
        except ServiceRefusedError as error:
            if error.reason.code != NOT_FOUND:
                raise
            return False
        came_at = answers.came_at(told)
        return since is None or came_at is None or came_at >= since

    async def photos_between(
        self,
        since: float,  # noqa: ARG002 - these three are the contract's
        until: float | None,  # noqa: ARG002
        page: int = 1,  # noqa: ARG002
    ) -> Listing:
        """Refused: an account is not listed where each content can be asked for."""
        raise ServiceRefusedError(_NO_LISTING)

    async def quota(self) -> Quota:
        """account.getQuota. Raises `ServiceError`."""
        return answers.quota(await self._read("account.getQuota", [], Purpose.CALL))

    async def with_private_left(self, quota: Quota) -> Quota:
        """As it is: no limit of items that are not public is known of."""
        return quota

    async def call(
        self,
        method: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        is_signed: bool = True,
        as_xml: bool = False,
    ) -> Reply:
        """Any API method, once. Raises `ServiceError`, and `UsageError` for what is no text."""
        check_text([*fields, ("method", method)])
        make = self._calls.call_as_xml if as_xml else self._calls.call
        return await self._asking.named(
            method, lambda: make(method, fields, MOST_LIST_BYTES, is_signed=is_signed)
        )

    def edit_url(self, photo_ids: Sequence[str]) -> str | None:
        """None: no page of ipernity's takes ids alone."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def _upload(self, method: str, parcel: Parcel, fields: Fields, table: Rows) -> Verdict:
        handed = Handed()
        part = FilePart("file", file_name(parcel), parcel.media_type, parcel.body)
        reply = await self._calls.post_file(method, fields, part, handed)
        return self._judge.send_verdict(reply, was_sent=handed.last_chunk, table=table)

    async def _check_halves(self, ticket_ids: Sequence[str]) -> dict[str, TicketReply]:
        if len(ticket_ids) == 1:
            return {ticket_ids[0]: TicketReply(TicketState.UNKNOWN)}
        middle = len(ticket_ids) // 2
        first = await self.check_tickets(ticket_ids[:middle])
        try:
            return {**first, **await self.check_tickets(ticket_ids[middle:])}
        except ServiceError:
            if not first:
                raise
            return first  # what was told of done tickets is told once

    async def _documents(self, md5s: Sequence[str]) -> dict[str, str]:
        """The documents with these contents, by MD5. Raises `ServiceError`."""
        asked = [*dict.fromkeys(md5s)]
        try:
            told = await self._read("doc.checkMD5", [("md5", ",".join(asked))], Purpose.LOOK_UP)
        except ServiceRefusedError as error:
            if error.reason.code != NOT_FOUND:
                raise
            return {}
        found = answers.documents(told, asked)
        nameless = [md5 for md5, doc_id in found.items() if doc_id is None]
        if nameless:  # to take it for absent would double it
            text = f"doc.checkMD5: {nameless[0]} is there, but not said as which document"
            raise ServiceFaultError(Reason(GARBAGE, text))
        return {md5: doc_id for md5, doc_id in found.items() if doc_id is not None}

    async def _read(self, method: str, fields: Fields, purpose: Purpose) -> Mapping[str, Any]:
        return await self._asking.read(method, fields, purpose)
