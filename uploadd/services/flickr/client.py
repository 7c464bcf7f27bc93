"""Flickr as a `Service`: what delivery asks for, in Flickr's calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.contents import Content
from uploadd.model.errors import ServiceFaultError, ServiceRefusedError
from uploadd.model.limits import Quota
from uploadd.model.ports import Runtime
from uploadd.model.tickets import TICKETS_PER_CALL, TicketReply
from uploadd.model.verdicts import Reason, Verdict
from uploadd.services.asking import MOST_LIST_BYTES, Asking
from uploadd.services.base import Grant, Listing, Login, Parcel, Reply
from uploadd.services.error_tables import GARBAGE
from uploadd.services.flickr import answers, errors
from uploadd.services.flickr.answers import LOOK_EXTRAS, Looked
from uploadd.services.flickr.calls import (
    EDIT_PATH,
    REPLACE_PATH,
    UPLOAD_PATH,
    Calls,
    host_of,
    url_of,
)
from uploadd.services.flickr.fields import content_tag, replace_fields, upload_fields
from uploadd.services.flickr.marking import mark_content
from uploadd.services.flickr.quotas import Quotas
from uploadd.services.form_fields import file_name
from uploadd.services.judging import Judge
from uploadd.services.multipart import Fields, FilePart
from uploadd.services.requests import check_text
from uploadd.services.wire import Handed, Wire

NO_SUCH_PHOTO = "1"
# 500 photos with 75 machine tags each do not fit into what other replies may hold.
PHOTOS_PER_PAGE = 500
# Newest first, so the photo of a recent send is on the first; Flickr gives 4,000 at most.
MOST_PAGES = 8
# Flickr's clock against ours: a photo may seem to be older than its send. Not by more than the
# five minutes after which our signatures would be refused, and every page costs a call.
CLOCK_SLACK_SECONDS = 15 * 60


class Flickr:
    """One account on Flickr. Keeps the contract of `services.base.Service`."""

    tickets_per_call = TICKETS_PER_CALL
    names_ticket_waits = False

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
        self._asking = Asking(runtime, grant, self._judge, self._calls.rest)
        self._quotas = Quotas(self._asking)

    @property
    def host(self) -> str:
        """`flickr.com`, or the host and port of `base_url`."""
        return host_of(self._account.base_url)

    @property
    def can_look_up(self) -> bool:
        """Only a content tag makes a photo findable here."""
        return self._account.content_tag

    @property
    def compares_on_send(self) -> bool:
        """By `dedup_check`, and error 9 names the photo."""
        return self._account.dedup_check != 0

    finds_per_call = 0
    looks_at_content = False

    async def log_in(self) -> Login:
        """flickr.test.login: whose account this is. Raises `ServiceError`."""
        login = answers.login(await self._asking.read("flickr.test.login", [], Purpose.PROBE))
        if login is None:
            reason = Reason(GARBAGE, "Flickr did not say whose account this is")
            raise ServiceFaultError(reason)
        return login

    async def probe(self) -> None:
        """flickr.test.login, once. Raises `ServiceError`."""
        await self._asking.read_once("flickr.test.login", [], Purpose.PROBE)

    async def may_upload(self) -> bool | None:
        """flickr.auth.oauth.checkToken: `write` or more is needed. Raises `ServiceError`."""
        found = await self._asking.read("flickr.auth.oauth.checkToken", [], Purpose.PROBE)
        return answers.may_upload(found)

    async def send(self, parcel: Parcel) -> Verdict:
        """POST one photo with `async=1`. Raises only what its body raises."""
        handed = Handed()
        part = FilePart("photo", file_name(parcel), parcel.media_type, parcel.body)
        fields = upload_fields(parcel, self._account)
        reply = await self._calls.post_file(UPLOAD_PATH, fields, part, handed)
        return self._judge.send_verdict(reply, was_sent=handed.last_chunk)

    async def replace(self, parcel: Parcel, photo_id: str) -> Verdict:
        """POST new content for a photo, with `async=1`. Raises only what its body raises."""
        handed = Handed()
        part = FilePart("photo", file_name(parcel), parcel.media_type, parcel.body)
        fields = replace_fields(photo_id)
        reply = await self._calls.post_file(REPLACE_PATH, fields, part, handed)
        return self._judge.send_verdict(reply, was_sent=handed.last_chunk, table=errors.REPLACE)

    async def mark_content(self, photo_id: str, sha256: str) -> None:
        """The right content tag is added first, then others are removed. Raises `ServiceError`."""
        if not self.can_look_up:
            return
        await mark_content(self._ask, photo_id, sha256)

    async def check_tickets(self, ticket_ids: Sequence[str]) -> dict[str, TicketReply]:
        """flickr.photos.upload.checkTickets for all of them. Raises `ServiceError`."""
        if not ticket_ids:
            return {}
        fields = [("tickets", ",".join(ticket_ids))]
        found = await self._asking.read(
            "flickr.photos.upload.checkTickets", fields, Purpose.TICKETS
        )
        asked = set(ticket_ids)
        return {name: reply for name, reply in answers.tickets(found).items() if name in asked}

    async def look_up(self, content: Content, since: float) -> str | None:
        """The photo with this content tag: by search, and where that lags, in the newest photos."""
        if not self.can_look_up:
            return None
        found = await self._search(content)
        if found.photo_id is None:
            newest = await self._among_newest(content, since)
            found = newest if newest.photo_id or newest.doubt else found
        if found.doubt:
            raise ServiceRefusedError(Reason("unknown-outcome", found.doubt))
        return found.photo_id

    async def find(self, _contents: Sequence[Content]) -> dict[str, str]:
        """Nothing: Flickr compares contents itself, when they are sent."""
        return {}

    async def has_photo(self, photo_id: str, since: float | None = None) -> bool:
        """flickr.photos.getInfo. Raises `ServiceError`."""
        try:
            fields = [("photo_id", photo_id)]
            told = await self._asking.read("flickr.photos.getInfo", fields, Purpose.LOOK_UP)
        except ServiceRefusedError as error:
            if error.reason.code != NO_SUCH_PHOTO:
                raise
            return False
        came_at = answers.came_at(told)
        return since is None or came_at is None or came_at >= since

    async def photos_between(self, since: float, until: float | None, page: int = 1) -> Listing:
        """flickr.people.getPhotos, one page. Raises `ServiceError`."""
        fields = [
            ("user_id", "me"),
            ("extras", f"{LOOK_EXTRAS},date_upload"),
            ("per_page", str(PHOTOS_PER_PAGE)),
            ("page", str(page)),
        ]
        if since >= 1:
            fields.append(("min_upload_date", str(int(since))))
        if until is not None:
            fields.append(("max_upload_date", str(int(until))))
        method = "flickr.people.getPhotos"
        found = await self._asking.read(method, fields, Purpose.BACKFILL, MOST_LIST_BYTES)
        return answers.listing(found, page, PHOTOS_PER_PAGE)

    async def quota(self) -> Quota:
        """flickr.people.getUploadStatus, and once getLimits. Raises `ServiceError`."""
        return await self._quotas.quota()

    async def with_private_left(self, quota: Quota) -> Quota:
        """flickr.people.getPhotos counts the public ones, where the account is a free one."""
        return await self._quotas.with_private_left(quota)

    async def call(
        self,
        method: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        is_signed: bool = True,
        as_xml: bool = False,
    ) -> Reply:
        """Any REST method, once. Raises `ServiceError`, and `UsageError` for what is no text."""
        check_text([*fields, ("method", method)])
        make = self._calls.rest_as_xml if as_xml else self._calls.rest
        return await self._asking.named(
            method, lambda: make(method, fields, MOST_LIST_BYTES, is_signed=is_signed)
        )

    def edit_url(self, photo_ids: Sequence[str]) -> str | None:
        """Flickr's page for the titles and tags of new photos."""
        if not photo_ids:
            return None
        ids = ",".join(quote(photo_id, safe="") for photo_id in photo_ids)
        return f"{url_of(EDIT_PATH, self._account.base_url)}?ids={ids}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def _search(self, content: Content) -> Looked:
        name, _, value = content_tag(content.sha256).partition("=")
        fields = [
            ("user_id", "me"),
            ("machine_tags", f'{name}="{value}"'),
            ("extras", LOOK_EXTRAS),
        ]
        found = await self._asking.read(
            "flickr.photos.search", fields, Purpose.LOOK_UP, MOST_LIST_BYTES
        )
        return answers.photo_with(found, content)

    async def _among_newest(self, content: Content, since: float) -> Looked:
        fields = [
            ("user_id", "me"),
            ("min_upload_date", str(max(0, int(since - CLOCK_SLACK_SECONDS)))),
            ("extras", LOOK_EXTRAS),
            ("per_page", str(PHOTOS_PER_PAGE)),
        ]
        doubt = ""
        for page in range(1, MOST_PAGES + 1):
            paged = [*fields, ("page", str(page))]
            method = "flickr.people.getPhotos"
            found = await self._asking.read(method, paged, Purpose.LOOK_UP, MOST_LIST_BYTES)
            looked = answers.photo_with(found, content)
            doubt = looked.doubt or doubt
            if looked.photo_id:
                return looked
            if page >= answers.page_count(found):
                break
        return Looked(doubt=doubt)

    async def _ask(self, method: str, fields: Fields) -> Mapping[str, Any]:
        return await self._asking.read(method, fields, Purpose.CALL)
