"""The contract between delivery and a service. Every service passes the same test suite.

What a service promises:

- `send` and `replace` end in a verdict, whatever the network, the server or a gateway did. They
  never raise for those; they raise only what `Body.chunks` raises (`FileTrouble`), and then close
  their connection.
- They say `Uncertain` from the moment the last chunk was handed to the socket until a reply
  was read that can be trusted; before that moment a cut is a `Reschedule` with `was_sent=False`.
- They never send a body twice by themselves: no retries and no redirects there.
- Read calls, and `mark_content`, are retried for some seconds (they are idempotent), then raise a
  `ServiceError`.
- Every single HTTP request, each retry included, is granted by `Grant` first. `send` and
  `replace` are the exception: their caller has been granted the call before the state was
  committed.
- No secret is in any verdict, error, log line or `repr`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from uploadd.model.budget import Purpose
from uploadd.model.contents import Content
from uploadd.model.limits import Quota
from uploadd.model.pixels import Pixels
from uploadd.model.tickets import TicketReply
from uploadd.model.verdicts import Verdict

Grant = Callable[[Purpose], Awaitable[None]]
"""Returns when one request may be made for this purpose, having counted it."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whose account it is: `user_id` makes the identity, `user_name` is for people."""

    user_id: str
    user_name: str


Reply = Mapping[str, Any] | str
"""What a service says to a call: its fields, or the text as it came."""


class Body(Protocol):
    """The bytes of one file, exactly `size` of them."""

    @property
    def size(self) -> int:
        """How many bytes `chunks` gives."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes, read off the event loop. Raises `FileTrouble` where the file fails us."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One photo or video with what is told about it. Fields that are None are not sent.

    It is private unless told otherwise; where `is_public`, `is_friend` and `is_family` are None,
    the default decides that is set on the service's own site.

    `stem` is the file's name without extension, `extension` the true one of its content (with
    its dot); together they make the part's file name. `sha256` becomes the content tag, where the
    service has such tags.
    `is_forced`: a person wants it sent although the service knows it, so no dedup is asked for.
    """

    stem: str
    extension: str
    media_type: str
    sha256: str
    body: Body
    title: str = ""
    description: str | None = None
    tags: tuple[str, ...] = ()
    is_public: int | None = 0
    is_friend: int | None = 0
    is_family: int | None = 0
    safety_level: int | None = None
    content_type: int | None = None
    hidden: int | None = None
    is_forced: bool = False
    md5: str = ""


@dataclass(frozen=True, slots=True)
class ListedPhoto:
    """A photo on the account. `sha256`: of its content tag, None where it has none, or several.

    `came_at`: when it was uploaded (unix seconds); None where the service does not say. `pixels`:
    of the file as it was sent; None where that is not known. `doubtful`: what several tags tell,
    of which at most one can be true.
    """

    photo_id: str
    sha256: str | None
    came_at: float | None
    pixels: Pixels | None = None
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the account's photos, the newest first. `has_more`: older ones follow."""

    photos: tuple[ListedPhoto, ...]
    has_more: bool


class Service(Protocol):
    """What delivery needs of a service."""

    @property
    def host(self) -> str:
        """The service's host (and port where it is not 443): part of the account's identity."""

    @property
    def tickets_per_call(self) -> int:
        """How many tickets one `check_tickets` may ask for."""

    @property
    def names_ticket_waits(self) -> bool:
        """Whether it says of a pending ticket how long it does not want to be asked for it again.

        Such a ticket is never asked for along the way, before its time (`TicketReply.eta_seconds`).
        """

    @property
    def can_look_up(self) -> bool:
        """Whether `look_up` can find a content at all (a content tag is sent, or md5 is exact)."""

    @property
    def looks_at_content(self) -> bool:
        """Whether `look_up` compares the content itself, so that what it finds holds just that.

        A tag tells only what somebody wrote: a torn upload has the tag of what it should be.
        """

    @property
    def compares_on_send(self) -> bool:
        """Whether `send` makes the service itself look for the content, and name what it has."""

    @property
    def finds_per_call(self) -> int:
        """How many contents one `find` may ask for; 0: this service is not asked before a send."""

    async def log_in(self) -> Login:
        """Ask whose account this is. Raises `ServiceError`."""

    async def probe(self) -> None:
        """One cheap signed read call, never retried. Raises `ServiceError`."""

    async def may_upload(self) -> bool | None:
        """Whether the token's permission is enough; None where the service does not say.

        Raises `ServiceError`.
        """

    async def send(self, parcel: Parcel) -> Verdict:
        """Send one photo, asynchronously where the service can."""

    async def replace(self, parcel: Parcel, photo_id: str) -> Verdict:
        """Give a photo new content; its id and what is told about it stay. As `send` otherwise.

        Sent twice it does no harm.
        """

    async def mark_content(self, photo_id: str, sha256: str) -> None:
        """Let `look_up` find this photo by this content, and by no other, from now on.

        Raises `ServiceError`. Nothing to do where the service looks at the content itself, or
        where photos are not marked.
        """

    async def check_tickets(self, ticket_ids: Sequence[str]) -> dict[str, TicketReply]:
        """Ask for at most `tickets_per_call` tickets in one call. Raises `ServiceError`.

        A ticket that the service left out of its answer is left out here too.
        """

    async def look_up(self, content: Content, since: float) -> str | None:
        """The id of the photo with this content that came after `since` (unix seconds), or None.

        None is no proof of absence: search lags. Raises `ServiceError`: a `ServiceRefusedError`
        without a pause where a photo is found whose tag proves nothing, because it has several, or
        because its pixels are not the content's.
        """

    async def find(self, contents: Sequence[Content], /) -> dict[str, str]:
        """Which of at most `finds_per_call` contents are there: photo ids by SHA-256.

        One call that asks the service for the contents themselves, before they are sent. Raises
        `ServiceError`.
        """

    async def has_photo(self, photo_id: str, since: float | None = None) -> bool:
        """Whether the account has this photo, whole and converted. Raises `ServiceError`.

        `since`: not where it came earlier than that (unix seconds), as far as the service says.
        """

    async def photos_between(self, since: float, until: float | None, page: int = 1) -> Listing:
        """One page of the photos that came from `since` to `until`, both included, newest first.

        Unix seconds; `until` None: to this day. Photos that come or go meanwhile move the pages:
        go on from the time of the oldest one seen rather than page by page. The newest may be
        missing for a while, as in `look_up`. Raises `ServiceError`.
        """

    async def quota(self) -> Quota:
        """What the account may still take. Raises `ServiceError`."""

    async def with_private_left(self, quota: Quota) -> Quota:
        """The same quota, with `private_left` where the account has such a limit: one call more.

        None where it could not be learned. Raises nothing but what a grant raises.
        """

    async def call(
        self,
        method: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        is_signed: bool = True,
        as_xml: bool = False,
    ) -> Reply:
        """Call any API method by its own name, once, with fields as the API spells them.

        Not signed where `is_signed` is False. `as_xml`: the text of the service's XML reply.
        Raises `ServiceError`: a call whose reply was lost may have done its work.
        """

    def edit_url(self, photo_ids: Sequence[str]) -> str | None:
        """Where a person edits these photos after an upload, where the service has such a page."""

    async def aclose(self) -> None:
        """Close the connections."""
