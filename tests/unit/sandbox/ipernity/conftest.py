"""The ipernity account in-process on a clock that tests own, and a caller that signs by itself."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from uploadd.sandbox import IpernityAccount, IpernityOptions, SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
KEY, SECRET = "sandbox-ipernity-key", "sandbox-ipernity-secret"
TOKEN = "sandbox-ipernity-token"


class Clock:
    """Seconds since 1970 that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Caller:
    """Speaks to the ipernity account of one sandbox as its owner would."""

    def __init__(self, common: SandboxOptions, options: IpernityOptions | None) -> None:
        self.clock = Clock()
        self.app = build_app(common, ipernity=options, now=self.clock, sleep=self.clock.sleep)
        self.account: IpernityAccount = self.app.state.ipernity
        self.http = httpx.AsyncClient(
            transport=InProcessTransport(self.app), base_url="http://sandbox.test"
        )

    def signed(self, method: str, fields: dict[str, str], **changes: str | None) -> dict[str, str]:
        """The fields with key, token and signature; `changes` of None are left out."""
        whole = {"api_key": KEY, "auth_token": TOKEN} | fields
        whole |= {name: value for name, value in changes.items() if value is not None}
        for name in (name for name, value in changes.items() if value is None):
            whole.pop(name, None)
        if "api_sig" in changes:
            return whole
        text = "".join(name + whole[name] for name in sorted(whole)) + method + SECRET
        return whole | {"api_sig": hashlib.md5(text.encode()).hexdigest()}

    async def ask(
        self, method: str, changes: dict[str, Any] | None = None, form: str = "", **fields: str
    ) -> httpx.Response:
        """POST one call; `form` is `/json`, `/xml` or nothing."""
        return await self.http.post(
            f"/api/{method}{form}", data=self.signed(method, fields, **(changes or {}))
        )

    async def read(self, method: str, **fields: str) -> httpx.Response:
        """GET one call."""
        return await self.http.get(f"/api/{method}", params=self.signed(method, fields))

    async def call(self, method: str, **fields: str) -> Any:
        reply = await self.ask(method, **fields)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def error(self, method: str, **fields: str) -> int:
        """The code of a call that is refused."""
        told = (await self.call(method, **fields))["api"]
        assert told["status"] == "error", told
        return int(told["code"])

    async def send(
        self,
        content: bytes | None = JPEG,
        filename: str = "a.jpg",
        method: str = "upload.file",
        changes: dict[str, Any] | None = None,
        **fields: str,
    ) -> httpx.Response:
        """upload.file, or upload.replace."""
        whole = self.signed(method, fields, **(changes or {}))
        parts: Any = {name: (None, value) for name, value in whole.items()}
        if content is not None:
            parts["file"] = (filename, content)
        return await self.http.post(f"/api/{method}", files=parts)

    async def kept(self, content: bytes = JPEG, filename: str = "a.jpg", **fields: str) -> str:
        """The id of a document that is sent and converted."""
        reply = await self.send(content, filename, **fields)
        ticket = self.account.tickets[reply.json()["ticket"]]
        doc_id = self.account.photos[ticket.photo_key].id
        assert doc_id is not None
        return doc_id


@pytest.fixture
async def make_caller() -> AsyncIterator[Callable[..., Awaitable[Caller]]]:
    """Makes callers, each with a sandbox of its own, from keyword options."""
    made: list[Caller] = []

    async def make(common: SandboxOptions | None = None, **options: Any) -> Caller:
        if common is not None:
            common.use_threads = False
            made.append(Caller(common, None))
        else:
            own = IpernityOptions(use_threads=False, **options)
            made.append(Caller(SandboxOptions(use_threads=False), own))
        return made[-1]

    yield make
    for caller in made:
        await caller.http.aclose()


@pytest.fixture
async def caller(make_caller: Callable[..., Awaitable[Caller]]) -> Caller:
    """A caller of an account without faults, whose error codes are numbers."""
    return await make_caller()
