"""A sandbox in-process on a clock that tests own, and a caller that signs with oauthlib."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from oauthlib.oauth1 import Client

from uploadd.sandbox import Credentials, Sandbox, SandboxOptions, build_app
from uploadd.sandbox.inprocess import InProcessTransport

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
BASE = "http://sandbox.test"


class Clock:
    """Seconds since 1970 that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Caller:
    """Speaks to one sandbox as an account's owner would."""

    def __init__(self, options: SandboxOptions) -> None:
        options.use_threads = False
        self.clock = Clock()
        self.app = build_app(options, now=self.clock, sleep=self.clock.sleep)
        self.sandbox: Sandbox = self.app.state.sandbox
        self.http = httpx.AsyncClient(transport=InProcessTransport(self.app), base_url=BASE)
        self.known = Credentials()
        self._nonces = itertools.count(1)

    def header(self, method: str, url: str, fields: dict[str, str], **changes: Any) -> str:
        """An Authorization header over `fields`; `changes` go to oauthlib's client."""
        how = {
            "client_secret": self.known.api_secret,
            "resource_owner_key": self.known.token,
            "resource_owner_secret": self.known.token_secret,
            "nonce": f"nonce{next(self._nonces)}",
            "timestamp": str(int(self.clock())),
        } | changes
        signer = Client(how.pop("client_key", self.known.api_key), **how)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        is_post = method == "POST"
        _, headers, _ = signer.sign(
            url, method, body=fields if is_post else None, headers=form if is_post else None
        )
        return str(headers["Authorization"])

    async def post_file(
        self,
        path: str,
        content: bytes | None,
        filename: str,
        fields: dict[str, str],
        **changes: Any,
    ) -> httpx.Response:
        header = self.header("POST", BASE + path, fields, **changes)
        files: Any = {"photo": (filename, content)} if content is not None else {"x": (None, "")}
        return await self.http.post(
            path, data=fields, files=files, headers={"Authorization": header}
        )

    async def upload(
        self,
        content: bytes | None = JPEG,
        filename: str = "a.jpg",
        changes: dict[str, Any] | None = None,
        **fields: str,
    ) -> httpx.Response:
        return await self.post_file(
            "/services/upload/", content, filename, fields, **(changes or {})
        )

    async def ask(
        self, name: str, changes: dict[str, Any] | None = None, **arguments: str
    ) -> httpx.Response:
        fields = {"method": name, **arguments}
        header = self.header("POST", f"{BASE}/services/rest/", fields, **(changes or {}))
        return await self.http.post(
            "/services/rest/", data=fields, headers={"Authorization": header}
        )

    async def call(self, name: str, **arguments: str) -> Any:
        reply = await self.ask(name, **arguments, format="json", nojsoncallback="1")
        assert reply.status_code == 200, reply.text
        return reply.json()


@pytest.fixture
async def sandbox_caller() -> AsyncIterator[Callable[..., Awaitable[Caller]]]:
    """Makes callers, each with a sandbox of its own, from keyword options."""
    made: list[Caller] = []

    async def make(**options: Any) -> Caller:
        made.append(Caller(SandboxOptions(**options)))
        return made[-1]

    yield make
    for caller in made:
        await caller.http.aclose()


@pytest.fixture
async def caller(sandbox_caller: Callable[..., Awaitable[Caller]]) -> Caller:
    """A caller of a sandbox without faults."""
    return await sandbox_caller()


@pytest.fixture
def rsp() -> Callable[[httpx.Response], ET.Element]:
    """Reads a reply's XML."""
    return lambda reply: ET.fromstring(reply.text)


@pytest.fixture
def error_of() -> Callable[[httpx.Response], str]:
    """The error code of a refusal in XML."""

    def code(reply: httpx.Response) -> str:
        err = ET.fromstring(reply.text).find("err")
        assert err is not None, reply.text
        return err.attrib["code"]

    return code
