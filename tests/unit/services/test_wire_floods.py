"""Announcements without end, on real sockets: the request ends, and others have their turns."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from unit.services.test_wire import OK, Peer, Script, peer, replying
from unit.services.test_wire import send as upload
from uploadd.services.heads import MOST_HEAD_BYTES
from uploadd.services.wire import Received, Stage, Unanswered, Wire

ANNOUNCED = b"HTTP/1.1 100 \r\n\r\n"


def flooding(_: Peer) -> Script:
    """Announces a reply for ever, as fast as it is read."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while not writer.is_closing():
            writer.write(ANNOUNCED * 4000)
            await writer.drain()

    return serve


def announcing(seen: Peer) -> Script:
    """Announces each reply some times, as a proxy may."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            seen.read += await reader.readexactly(1)
            writer.write(ANNOUNCED * 500 + OK)

    return serve


async def turns_beside(request: Coroutine[Any, Any, Any]) -> int:
    """How often somebody else has a turn before the request ends."""
    task, turns = asyncio.create_task(request), 0
    while not task.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def test_announcements_without_end_leave_an_upload_unknown() -> None:
    """Soon, and not after five minutes: the body was handed over."""
    async with peer(flooding) as server:
        outcome = await asyncio.wait_for(upload(server.url), 60)
    text = "a reply was announced again and again, and did not come"
    assert outcome == Unanswered(Stage.UNKNOWN, text)


async def test_another_request_goes_on_meanwhile() -> None:
    """Though all that is announced was there at once: nobody waits for more than a small part."""
    async with peer(flooding) as server, peer(replying(OK)) as other:
        answered = asyncio.create_task(upload(other.url))
        turns = await asyncio.wait_for(turns_beside(upload(server.url)), 60)
        assert answered.done()
        assert (await answered).status == 200
    assert turns > MOST_HEAD_BYTES / 5000


async def test_a_reply_that_is_announced_comes() -> None:
    """Each request counts for itself, on one connection."""
    async with peer(announcing) as server:
        line = Wire(1)
        replies = [await line.call(server.url, {}, b"x") for _ in range(20)]
        await line.aclose()
    assert {reply.body for reply in replies if isinstance(reply, Received)} == {b"ok"}
    assert len(server.read) == len(replies)


async def test_a_body_is_no_head() -> None:
    """It has its own end, which is further."""
    body = b"x" * (4 * MOST_HEAD_BYTES)
    async with peer(replying(b"HTTP/1.1 200 OK\r\n\r\n" + body)) as server:
        outcome = await upload(server.url)
    assert (outcome.body, outcome.cut) == (body, "")


async def test_others_go_on_while_a_reply_in_small_pieces_is_read() -> None:
    """Though ten thousand of them are read at once."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with peer(replying(head + b"1\r\n,\r\n" * 100_000)) as server:
        turns = await turns_beside(upload(server.url))
    assert turns > 50
