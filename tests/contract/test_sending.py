"""What every service promises of `send` (`services.base`), against its sandbox."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from contract.conftest import parcel_of
from contract.stand import JPEG, Stand
from uploadd.model.errors import FileChangedError, FileUnreadableError
from uploadd.model.pauses import PauseCause
from uploadd.model.photo import FLAG_KEYS, NOTHING_SET, PhotoTable, Privacy, photo_of
from uploadd.model.verdicts import Kept, Pause, Reschedule, Ticketed, Uncertain
from uploadd.services.base import Parcel


async def test_a_photo_arrives_as_it_was_sent(stand: Stand, parcel: Parcel) -> None:
    """Every byte and every word."""
    assert isinstance(await stand.service().send(parcel), Ticketed)
    photo = stand.photo()
    assert photo.sha256 == parcel.sha256
    assert photo.filename == "Été %221%22.jpg"
    assert (photo.content_type, photo.title) == ("image/jpeg", parcel.title)
    assert photo.description == parcel.description
    own_tags = [] if stand.looks_at_content else [f"checksum:sha256={parcel.sha256}"]
    assert photo.tags == [*own_tags, *parcel.tags]
    assert (photo.is_public, photo.is_friend, photo.is_family) == (0, 1, 0)
    assert photo.safety_level == 1
    told = (2, 2) if stand.has_photo_fields else (1, 1)
    assert (photo.content_kind, photo.hidden) == told


async def test_a_bare_photo_is_private(stand: Stand, parcel: Parcel) -> None:
    """It takes its file's name, and nothing is shown that nobody asked to be shown."""
    bare = Parcel(parcel.stem, parcel.extension, parcel.media_type, parcel.sha256, parcel.body)
    await stand.service().send(bare)
    assert stand.sandbox.options.default_is_public == 1
    photo = stand.photo()
    assert photo.title == "Été %221%22"
    assert (photo.is_public, photo.is_friend, photo.is_family) == (0, 0, 0)


@pytest.mark.parametrize("word", Privacy)
async def test_each_privacy_arrives(stand: Stand, parcel: Parcel, word: Privacy) -> None:
    """All three numbers are sent, or none: then the site's own default decides."""
    told = photo_of(PhotoTable(privacy=word), NOTHING_SET)
    flags = (told.is_public, told.is_friend, told.is_family)
    sent = dict(zip(FLAG_KEYS, flags, strict=True))
    await stand.service().send(replace(parcel, **sent))
    photo = stand.photo()
    default = (stand.sandbox.options.default_is_public, 0, 0)
    arrived = (photo.is_public, photo.is_friend, photo.is_family)
    assert arrived == (default if word is Privacy.ACCOUNT else flags)


@pytest.mark.parametrize("tag", ["a,b", 'quo"ted', "  blanks  ", "ns:pred=a,b", "☃", ",", ""])
async def test_an_odd_tag_never_becomes_two(stand: Stand, parcel: Parcel, tag: str) -> None:
    """What separates tags here is not told; what a tag cannot hold is left out."""
    await stand.service().send(replace(parcel, tags=("before", tag, "after")))
    tags = [one for one in stand.photo().tags if not one.startswith("checksum:")]
    assert (tags[0], tags[-1]) == ("before", "after")
    assert len(tags) <= 3
    assert len(tags) == 3 or tag in (",", "")


async def test_one_send_is_one_request_without_asking_for_leave(
    stand: Stand, parcel: Parcel
) -> None:
    """Its caller has been granted it before the state was committed."""
    await stand.service().send(parcel)
    assert len(stand.sandbox.journal) == 1
    assert stand.granted == []


async def test_the_length_is_told_before_the_body(stand: Stand, parcel: Parcel) -> None:
    """A service may refuse a body without it (wire.md, A1: 411)."""
    seen: list[httpx.Headers] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return stand.ticket_reply("1-2")

    await stand.answering(note).send(parcel)
    (headers,) = seen
    assert int(headers["content-length"]) > parcel.body.size
    assert "transfer-encoding" not in headers


TICKETS = ["67099213-72157629966030528", "12345445-98829", "007", "1234567890123456789", "0-0"]


@pytest.mark.parametrize("ticket_id", TICKETS)
async def test_a_ticket_is_a_text(stand: Stand, parcel: Parcel, ticket_id: str) -> None:
    """Whatever it looks like, it stays as it came."""
    assert await stand.answering(stand.ticket_reply(ticket_id)).send(parcel) == Ticketed(ticket_id)


@pytest.mark.parametrize("photo_id", ["7301022570", "10100895983", "007"])
async def test_a_reply_that_is_no_ticket_may_be_the_photo(
    stand: Stand, parcel: Parcel, photo_id: str
) -> None:
    """A service that was asked for a ticket may be done at once."""
    assert await stand.answering(stand.photo_reply(photo_id)).send(parcel) == Kept(photo_id)


@pytest.mark.parametrize("kind", ["lose-reply", "garbage", "empty", "html", "bomb"])
async def test_a_reply_that_cannot_be_trusted_leaves_it_uncertain(
    stand: Stand, parcel: Parcel, kind: str
) -> None:
    """The photo was kept, and nobody said so."""
    stand.script(kind)
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Uncertain)
    assert verdict.reason.code in ("garbage", "network")
    assert stand.kept() == [parcel.sha256]
    assert len(stand.sandbox.journal) == 1


BAD_REPLIES = {
    "an id that is none": lambda stand: stand.ticket_reply("no id at all"),
    "an empty ticket": lambda stand: stand.ticket_reply(""),
    "an answer to something else": lambda stand: stand.wrapped({"echo": {"a": "1"}}),
    "a list": lambda _: httpx.Response(200, text="[1, 2]"),
    "a word": lambda _: httpx.Response(200, text='"ok"'),
    "XML of somebody else": lambda _: httpx.Response(200, text="<html><body/></html>"),
    "bytes that are no text": lambda _: httpx.Response(200, content=b"\xff\xfe\x00{"),
    "more than a reply is": lambda _: httpx.Response(200, content=b"x" * 2_000_000),
    "204": lambda _: httpx.Response(204),
}


@pytest.mark.parametrize("name", BAD_REPLIES)
async def test_a_good_status_alone_proves_nothing(stand: Stand, parcel: Parcel, name: str) -> None:
    """Without an id nobody knows what became of it."""
    verdict = await stand.answering(BAD_REPLIES[name](stand)).send(parcel)
    assert isinstance(verdict, Uncertain)
    assert verdict.reason.code == "garbage"


@pytest.mark.parametrize("kind", ["http-before", "http-after"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_gateways_error_leaves_it_uncertain(
    stand: Stand, parcel: Parcel, kind: str, status: int
) -> None:
    """Whether it was kept cannot be seen from here; both have been reported."""
    stand.script(kind, status)
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Uncertain)
    assert verdict.reason.code == f"http-{status}"
    assert len(stand.sandbox.journal) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(stand: Stand, parcel: Parcel, status: int) -> None:
    """A body goes out once, and nowhere else."""
    there = httpx.Response(status, headers={"Location": "https://elsewhere.test/services/"})
    verdict = await stand.answering(there).send(parcel)
    assert isinstance(verdict, Uncertain)
    assert (verdict.reason.code, stand.bodies) == (f"http-{status}", 1)


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_a_reset_after_the_last_byte_leaves_it_uncertain(
    stand: Stand, parcel: Parcel, error: type[httpx.TransportError]
) -> None:
    """The whole body was handed over, then the connection died."""

    def die(request: httpx.Request) -> httpx.Response:
        raise error("the connection died", request=request)

    verdict = await stand.answering(die).send(parcel)
    assert isinstance(verdict, Uncertain)
    assert verdict.reason.code == "network"


async def test_a_body_cut_short_is_not_uncertain(stand: Stand, parcel: Parcel) -> None:
    """Before its last chunk nothing can have been kept."""
    stand.script("cut")
    verdict = await stand.service().send(parcel)
    assert isinstance(verdict, Reschedule)
    assert not verdict.was_sent
    assert stand.kept() == []


@pytest.mark.parametrize("trouble", [FileChangedError("changed"), FileUnreadableError("gone")])
async def test_a_file_that_fails_us_keeps_nothing_there(
    stand: Stand, parcel: Parcel, memory_body: Any, trouble: Exception
) -> None:
    """Its trouble passes through `send`, and the service has no photo."""
    body = memory_body(JPEG * 100, trouble)
    with pytest.raises(type(trouble)):
        await stand.service().send(replace(parcel, body=body))
    assert stand.kept() == []
    assert body.is_closed


@pytest.mark.parametrize("size", [-1, 1])
async def test_a_file_of_another_size_is_never_a_whole_body(
    stand: Stand, memory_body: Any, size: int
) -> None:
    """It shrank or grew under the send."""

    class Wrong(memory_body):  # type: ignore[misc]
        size = property(lambda self: len(self.content) + size)

    with pytest.raises(FileChangedError):
        await stand.service().send(parcel_of(JPEG, body=Wrong(JPEG)))
    assert stand.kept() == []


async def test_a_file_that_fails_us_closes_the_connection(
    stand: Stand, parcel: Parcel, memory_body: Any
) -> None:
    """On a real socket: half a body, then the end, so that no other request gets mixed up in it."""
    came: list[bytes] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(-1))
        writer.close()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        real = httpx.AsyncHTTPTransport()
        service = stand.service(real, base_url=f"http://127.0.0.1:{port}")
        trouble = FileChangedError("changed")
        with pytest.raises(FileChangedError):
            await service.send(replace(parcel, body=memory_body(JPEG * 10, trouble)))
        await asyncio.wait_for(ended.wait(), 5)
        await real.aclose()
    (body,) = came
    assert JPEG in body
    assert not body.endswith(b"--\r\n")


async def test_too_many_requests_pause_for_what_the_service_names(
    stand: Stand, parcel: Parcel
) -> None:
    """Retry-After where there is one, else a pause of ours."""
    stand.script("http-before", 429, retry_after_seconds=77)
    named = await stand.service().send(parcel)
    assert isinstance(named, Pause)
    assert (named.cause, named.seconds) == (PauseCause.RATE, 77)
    stand.sandbox.faults.clear()
    stand.script("http-before", 429)
    unnamed = await stand.service().send(parcel)
    assert isinstance(unnamed, Pause)
    assert unnamed.seconds is None


async def test_a_service_that_is_away_pauses(stand: Stand, parcel: Parcel, refusing: Any) -> None:
    """Nothing was sent: it is not an attempt."""
    verdict = await stand.service(refusing).send(parcel)
    assert isinstance(verdict, Pause)
    assert (verdict.cause, verdict.seconds) == (PauseCause.AWAY, None)


async def test_many_photos_at_once_are_all_kept(stand: Stand, parcel: Parcel) -> None:
    """Uploads share one client, and none of them takes another's reply."""
    service = stand.service(parallel_uploads=8)
    parcels = [parcel_of(JPEG + bytes([number]) * 1000) for number in range(20)]
    verdicts = await asyncio.gather(*(service.send(one) for one in parcels))
    replies = await service.check_tickets([verdict.ticket_id for verdict in verdicts])
    by_id = {photo.id: photo.sha256 for photo in stand.sandbox.photos}
    found = [by_id[replies[verdict.ticket_id].photo_id] for verdict in verdicts]
    assert found == [one.sha256 for one in parcels]
