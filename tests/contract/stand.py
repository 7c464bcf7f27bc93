"""What the stands of all services share: the client on one side, its sandbox on the other.

Whatever a test does, its stand sees to the promises that hold for every call (`services.base`): a
request goes out only by leave, a body once, and no secret is told to anybody.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any, ClassVar

import httpx

from contract.surroundings import Clock, Counted, InlineDisk, Witness
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.pauses import PauseCause
from uploadd.model.ports import Runtime
from uploadd.model.secret import Secret
from uploadd.model.tickets import TicketState
from uploadd.model.verdicts import Verdict
from uploadd.sandbox import Fault, Sandbox, SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport
from uploadd.sandbox.logins import AccessToken
from uploadd.services.authorising import Authoriser
from uploadd.services.base import Service
from uploadd.services.error_tables import ErrorTables
from uploadd.services.registry import open_authoriser, open_service

JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
DAY = 86400.0

Outcome = type[Verdict] | PauseCause
"""What an error comes to: a kind of verdict, or the cause of a pause."""

Replies = Callable[[httpx.Request], httpx.Response]
Opens = Callable[..., Service | Authoriser]


@dataclass(frozen=True)
class Told:
    """What a service is to tell of one ticket."""

    ticket_id: str | int
    state: TicketState
    photo_id: str | int | None = None
    eta_seconds: int | None = None


class Stand(ABC):
    """One service's client against its sandbox, in one process and on one clock.

    What services differ in are the attributes below, written down by hand from `wire.md` and the
    specifications, and never taken from the tables that are under test.
    """

    name: ClassVar[str]
    tables: ClassVar[ErrorTables]
    send_outcomes: ClassVar[Mapping[str, Outcome]]
    """Every code that an upload may be answered with, after its whole body was sent."""
    replace_outcomes: ClassVar[Mapping[str, Outcome]]
    call_outcomes: ClassVar[Mapping[str, PauseCause | str]]
    """Every code of any read call: the pause, `fault` (passing), or `refused` (a plain no)."""
    unknown_code = "4711"
    failed_ticket: ClassVar[TicketState]
    looks_at_content: ClassVar[bool]
    compares_on_send: ClassVar[bool]
    finds_per_call: ClassVar[int]
    has_listing: ClassVar[bool]
    has_photo_fields: ClassVar[bool]
    edit_page: ClassVar[str | None]
    no_pro_code: ClassVar[str]
    other_kind_code: ClassVar[str]
    own_login_method: ClassVar[str]
    echo_method: ClassVar[str]
    photo_method: ClassVar[tuple[str, str]]
    no_such_photo_code: ClassVar[str]
    unknown_method_code: ClassVar[str]
    misused_codes: ClassVar[tuple[int, ...]]
    unsigned_code: ClassVar[str]
    login_steps: ClassVar[tuple[str, str, str]]
    """How the journal calls the requests of a login: to begin, to trade the consent, to check."""
    quota_cases: ClassVar[Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]]
    """A name, what each method answers, and the quota that it comes to."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.granted: list[Purpose] = []
        self.no_leave: Exception | None = None
        self.asked = self.bodies = self.sends = 0
        self.told: list[str] = []
        self.expected_violations: list[str] = []
        self._secrets: set[str] = set()
        self._runtime = Runtime(self.clock, Random(5), InlineDisk())
        self._opened: list[tuple[Service | Authoriser, Counted]] = []

    @cached_property
    def _app(self) -> Any:
        """The sandbox, built where a test asks for it: many make up each reply by themselves."""
        options = SandboxOptions(use_threads=False)
        return build_app(options, now=self.clock.wall, sleep=self.clock.sleep)

    @cached_property
    def _transport(self) -> httpx.AsyncBaseTransport:
        return InProcessTransport(self._app)

    @property
    def sandbox(self) -> Sandbox:
        """This service's account in the sandbox."""
        return self.accounts_of(self._app)[0]

    @property
    def other(self) -> Sandbox:
        """The other service's."""
        return self.accounts_of(self._app)[1]

    @staticmethod
    @abstractmethod
    def accounts_of(app: Any) -> tuple[Sandbox, Sandbox]:
        """This service's account in the sandbox, and the other service's."""

    @abstractmethod
    def account(self) -> Account:
        """The settings of the sandbox's account."""

    @abstractmethod
    def ticket_reply(self, ticket_id: str | int) -> httpx.Response:
        """An upload was taken, and has a ticket."""

    @abstractmethod
    def photo_reply(self, photo_id: str | int) -> httpx.Response:
        """An upload was kept at once."""

    @abstractmethod
    def tickets_reply(
        self, told: Sequence[Told], *, as_text: bool = False, alone: bool = False
    ) -> httpx.Response:
        """What is told of tickets; `as_text`: each number as a text; `alone`: one, in no list."""

    @abstractmethod
    def odd_tickets(self) -> Sequence[tuple[Mapping[str, Any], TicketState | None]]:
        """Odd things that may be told of the ticket `1-2`, with what they come to."""

    @abstractmethod
    def failures(self, code: str, message: str) -> Sequence[httpx.Response]:
        """One error in every form in which it may come."""

    @abstractmethod
    def clock_refusal(self, ahead_seconds: float) -> httpx.Response:
        """Our time is refused; the reply tells that this computer's clock is so far ahead."""

    @abstractmethod
    def token_reply(self, permission: str | None) -> httpx.Response:
        """What may be done with the token; None: it does not say."""

    @abstractmethod
    def method_of(self, request: httpx.Request) -> str:
        """The name of the method that a request calls."""

    @abstractmethod
    def wrapped(self, body: Mapping[str, Any]) -> httpx.Response:
        """A good answer to a call."""

    def service(self, transport: httpx.AsyncBaseTransport | None = None, **changes: Any) -> Any:
        """A client of the sandbox's account; `changes` are settings of the account."""
        return self._open(open_service, transport, changes)

    def authoriser(self, transport: httpx.AsyncBaseTransport | None = None, **changes: Any) -> Any:
        """One login to the sandbox's account; `changes` as for a client."""
        return self._open(open_authoriser, transport, changes)

    def _open(
        self, opens: Opens, transport: httpx.AsyncBaseTransport | None, changes: dict[str, Any]
    ) -> Witness:
        account = replace(self.account(), **changes)
        for value in (getattr(account, name) for name in Account.__slots__):
            if isinstance(value, Secret) and value:
                self._secrets.add(value.reveal())
        counted = Counted(transport or self._transport, self)
        opened = opens(account, self._runtime, self._grant, transport=counted)
        self._opened.append((opened, counted))
        return Witness(opened, self)

    async def visit(self, address: str) -> httpx.Response:
        """Open a page of the sandbox in a browser."""
        async with httpx.AsyncClient(transport=self._transport) as browser:
            return await browser.get(address)

    def answering(self, *replies: httpx.Response | Replies, **changes: Any) -> Any:
        """A client whose requests get these replies in turn; the last one again and again."""
        left = list(replies)

        def reply(request: httpx.Request) -> httpx.Response:
            found = left.pop(0) if len(left) > 1 else left[0]
            if not isinstance(found, httpx.Response):
                return found(request)
            return httpx.Response(found.status_code, headers=found.headers, content=found.content)

        return self.service(httpx.MockTransport(reply), **changes)

    def script(self, kind: Any, code: int = 0, where: str = "upload", **more: Any) -> None:
        """Let such calls go wrong in this way from now on: every one, or the `first` ones."""
        more.setdefault("rate", 0.0 if "first" in more else 1.0)
        self.sandbox.faults.add(Fault(kind, code=code, where=where, **more))

    def admit(self, perms: str) -> dict[str, Secret]:
        """The settings for a new token with another permission."""
        secret = self.account().token_secret.reveal() and f"secret-to-{perms}"
        self.sandbox.logins.admit(AccessToken(f"a-token-to-{perms}", secret, perms))
        return {"token": Secret(f"a-token-to-{perms}"), "token_secret": Secret(secret)}

    def kept(self) -> list[str]:
        """The contents that the service has, as SHA-256."""
        return [photo.sha256 for photo in self.sandbox.photos if photo.is_on_account]

    def photo(self) -> Any:
        """The account's only photo, with its id."""
        (photo,) = self.sandbox.photos
        self.sandbox.name(photo)
        return photo

    async def aclose(self) -> None:
        """Close every client, and see that none of them broke a rule."""
        for service, counted in self._opened:
            self.told.append(repr(service))
            await service.aclose()
            assert counted.is_closed, "aclose left its connections open"
        if "_app" in vars(self):
            broken = [entry.violation for entry in self.sandbox.journal.violations()]
            assert broken == self.expected_violations, broken
            assert len(self.other.journal) == 0, "another service was asked"
        assert self.asked == len(self.granted), "leave was taken and not used"
        assert self.bodies <= self.sends
        self._assert_discreet()

    def _assert_discreet(self) -> None:
        for said in self.told:
            for secret in self._secrets:
                assert secret not in said, "a secret was told"

    async def _grant(self, purpose: Purpose) -> None:
        if self.no_leave:
            raise self.no_leave
        self.granted.append(purpose)


def as_json(body: Mapping[str, Any], status: int = 200) -> httpx.Response:
    """A reply in JSON."""
    return httpx.Response(status, text=json.dumps(body), headers={"Content-Type": "text/json"})


def as_xml(text: str, status: int = 200) -> httpx.Response:
    """A reply in XML."""
    head = {"Content-Type": "text/xml; charset=utf-8"}
    return httpx.Response(
        status, text=f'<?xml version="1.0" encoding="utf-8" ?>{text}', headers=head
    )


def assert_outcome(verdict: Verdict, expected: Outcome) -> None:
    """See that a verdict is of the kind that its code calls for."""
    if isinstance(expected, PauseCause):
        assert getattr(verdict, "cause", verdict) is expected
    else:
        assert isinstance(verdict, expected), verdict
