"""The address that a browser comes back to, asked as browsers and others ask."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from uploadd.operations.auth.callback import MOST_REQUEST_BYTES, awaited


async def test_the_code_comes_back() -> None:
    """And the person is told to go on in the terminal."""
    async with awaited() as callback, httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(f"{callback.url}?oauth_token=t&oauth_verifier=v-1")
        assert (page.status_code, callback.code) == (200, "v-1")
        assert "terminal" in page.text
        assert callback.came.is_set()


async def test_a_no_comes_back_without_a_code() -> None:
    """That is an answer, too."""
    async with awaited() as callback, httpx.AsyncClient(trust_env=False) as browser:
        await browser.get(f"{callback.url}?oauth_token=t")
        assert callback.came.is_set()
        assert callback.code == ""


async def test_the_first_answer_counts() -> None:
    """A page that is loaded again changes nothing."""
    async with awaited() as callback, httpx.AsyncClient(trust_env=False) as browser:
        for code in ("first", "second"):
            await browser.get(f"{callback.url}?oauth_verifier={code}")
        assert callback.code == "first"


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/guess?oauth_verifier=v", "{}x", "{}/x"])
async def test_nothing_else_is_there(path: str) -> None:
    """What is not the address itself."""
    async with awaited() as callback, httpx.AsyncClient(trust_env=False) as browser:
        parts = urlsplit(callback.url)
        page = await browser.get(f"{parts.scheme}://{parts.netloc}{path.format(parts.path)}")
        assert page.status_code == 404
        assert not callback.came.is_set()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"POST {path}?oauth_verifier=v HTTP/1.1\r\n\r\n",
        b"GET {path}?oauth_verifier=v",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"\xff\xfe \x00 \xff\r\n\r\n",
        b"GET /" + b"a" * 2 * MOST_REQUEST_BYTES,
    ],
)
async def test_what_is_no_request_changes_nothing(raw: bytes) -> None:
    """The connection is closed, and the next one is served."""
    async with awaited() as callback:
        parts = urlsplit(callback.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(raw.replace(b"{path}", parts.path.encode()))
        writer.write_eof()
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                await reader.read()
        writer.close()
        assert not callback.came.is_set()
        async with httpx.AsyncClient(trust_env=False) as browser:
            await browser.get(f"{callback.url}?oauth_verifier=v")
        assert callback.code == "v"


async def test_it_listens_here_only_and_not_any_longer() -> None:
    """On loopback, below a path that nobody guesses; each time another one."""
    urls = []
    for _ in range(2):
        async with awaited() as callback:
            urls.append(urlsplit(callback.url))
            assert urls[-1].hostname == "127.0.0.1"
            assert len(urls[-1].path) > 30
        with pytest.raises(OSError, match="onnect"):
            await asyncio.open_connection(urls[-1].hostname, urls[-1].port)
    assert urls[0].path != urls[1].path
