"""The address that a browser comes back to, asked as browsers and others ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from uploadd.operations.auth.callback import (
    MOST_CONNECTIONS,
    MOST_REQUEST_BYTES,
    Callback,
    awaited,
)


def code_in(query: str) -> str | None:
    """As a service's: the login that was asked for is `t`."""
    fields = parse_qs(query)
    return fields.get("oauth_verifier", [""])[0] if fields.get("oauth_token") == ["t"] else None


@asynccontextmanager
async def asked(request_seconds: float = 10.0) -> AsyncIterator[Callback]:
    """A callback that knows what was asked for."""
    async with awaited(request_seconds) as callback:
        callback.code_in = code_in
        yield callback


async def test_the_code_comes_back() -> None:
    """And the person is told to go on in the terminal."""
    async with asked() as callback, httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(f"{callback.url}?oauth_token=t&oauth_verifier=v-1")
        assert (page.status_code, callback.code) == (200, "v-1")
        assert "terminal" in page.text
        assert callback.came.is_set()


async def test_a_no_comes_back_without_a_code() -> None:
    """That is an answer, too."""
    async with asked() as callback, httpx.AsyncClient(trust_env=False) as browser:
        await browser.get(f"{callback.url}?oauth_token=t")
        assert callback.came.is_set()
        assert callback.code == ""


async def test_the_first_answer_counts() -> None:
    """A page that is loaded again changes nothing."""
    async with asked() as callback, httpx.AsyncClient(trust_env=False) as browser:
        for code in ("first", "second"):
            await browser.get(f"{callback.url}?oauth_token=t&oauth_verifier={code}")
        assert callback.code == "first"


@pytest.mark.parametrize(
    "path", ["/", "/favicon.ico", "/guess?oauth_token=t&oauth_verifier=v", "{}x", "{}/x"]
)
async def test_nothing_else_is_there(path: str) -> None:
    """What is not the address itself."""
    async with asked() as callback, httpx.AsyncClient(trust_env=False) as browser:
        parts = urlsplit(callback.url)
        page = await browser.get(f"{parts.scheme}://{parts.netloc}{path.format(parts.path)}")
        assert page.status_code == 404
        assert not callback.came.is_set()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"POST {path}?oauth_token=t&oauth_verifier=v HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"HEAD {path}?oauth_token=t&oauth_verifier=v HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"GET {path}?oauth_token=t&oauth_verifier=v HTTP/1.1\r\n\r\n",
        b"GET {path}?oauth_token=t&oauth_verifier=v HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET {path}?oauth_token=t&oauth_verifier=v HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET {path}?oauth_token=t HTTP/1.1\r\nHost: {host}\r\nhost: evil.example\r\n\r\n",
        b"GET {path}?oauth_token=t&oauth_verifier=v",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"\xff\xfe \x00 \xff\r\n\r\n",
        b"GET /" + b"a" * 2 * MOST_REQUEST_BYTES,
    ],
)
async def test_what_is_no_request_changes_nothing(raw: bytes) -> None:
    """The connection is closed, and the next one is served."""
    async with asked() as callback:
        parts = urlsplit(callback.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        raw = raw.replace(b"{host}", parts.netloc.encode())
        writer.write(raw.replace(b"{path}", parts.path.encode()))
        writer.write_eof()
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                await reader.read()
        writer.close()
        assert not callback.came.is_set()
        async with httpx.AsyncClient(trust_env=False) as browser:
            await browser.get(f"{callback.url}?oauth_token=t&oauth_verifier=v")
        assert callback.code == "v"


@pytest.mark.parametrize(
    "query",
    [
        "?oauth_token=another&oauth_verifier=theirs",
        "?oauth_token=another&oauth_token=t&oauth_verifier=theirs",
        "?oauth_verifier=theirs",
        "?oauth_token=&oauth_verifier=theirs",
        "?oauth_token=another",
        "",
    ],
)
async def test_another_login_is_not_taken(query: str) -> None:
    """It is answered, and the right one is waited for."""
    async with asked() as callback, httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(f"{callback.url}{query}")
        assert page.status_code == 404
        assert not callback.came.is_set()
        await browser.get(f"{callback.url}?oauth_token=t&oauth_verifier=ours")
        assert callback.code == "ours"


async def test_nothing_is_taken_before_it_was_asked_for() -> None:
    """The port listens before the service has given a token."""
    async with awaited() as callback, httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(f"{callback.url}?oauth_token=t&oauth_verifier=v")
        assert (page.status_code, callback.came.is_set()) == (404, False)


async def test_slow_clients_hold_nobody_up() -> None:
    """More connections than are kept, none of which says what it wants."""
    async with asked() as callback, httpx.AsyncClient(trust_env=False) as browser:
        parts = urlsplit(callback.url)
        slow = []
        for _ in range(MOST_CONNECTIONS + 8):
            slow.append(await asyncio.open_connection(parts.hostname, parts.port))
            slow[-1][1].write(b"G")
        await browser.get(f"{callback.url}?oauth_token=t&oauth_verifier=v")
        assert callback.code == "v"
        async with asyncio.timeout(5):
            for reader, _ in slow[:8]:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
    for _, writer in slow:
        writer.close()


async def test_a_slow_client_is_dropped() -> None:
    """Also one that goes on saying something."""
    async with asked(request_seconds=0.05) as callback:
        parts = urlsplit(callback.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                writer.write(b"GET ")
                assert await reader.read() == b""
        writer.close()


async def test_it_listens_here_only_and_not_any_longer() -> None:
    """On loopback, below a path that nobody guesses; each time another one."""
    urls = []
    for _ in range(2):
        async with asked() as callback:
            urls.append(urlsplit(callback.url))
            assert urls[-1].hostname == "127.0.0.1"
            assert len(urls[-1].path) > 30
        with pytest.raises(OSError, match="onnect"):
            await asyncio.open_connection(urls[-1].hostname, urls[-1].port)
    assert urls[0].path != urls[1].path
