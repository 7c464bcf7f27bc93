"""The library against both services on a socket, as another program uses it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from uploadd import (
    Account,
    ConfigurationError,
    FileTrouble,
    FileVanishedError,
    Flickr,
    Ipernity,
    OutcomeUnknownError,
    Secret,
    ServiceAwayError,
    ServiceFaultError,
    ServiceName,
    ServiceRefusedError,
    UsageError,
)
from uploadd.library import Client
from uploadd.model.ports import Runtime
from uploadd.runtime import RealClock, ThreadDisk
from uploadd.sandbox import Fault, SandboxOptions
from uploadd.sandbox.server import Running, running_sandbox

JPEG = b"\xff\xd8\xff\xe0\x00\x07JFIF\x00\xff\xda\x00\x02\x00\xff\xd9"


class HastyClock(RealClock):
    """A real clock whose sleeps are short; `slept` tells how long they would have been."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class Desk:
    """A sandbox, a photo, and an account on each service."""

    def __init__(self, running: Running, home: Path) -> None:
        self.sandbox = running.sandbox
        self.clock = HastyClock()
        self.photo = home / "Été.jpg"
        self.photo.write_bytes(JPEG + Random(1).randbytes(300_000))
        self.flickr = Account(
            "me",
            api_key=Secret("sandbox-key"),
            api_secret=Secret("sandbox-secret"),
            token=Secret("sandbox-token"),
            token_secret=Secret("sandbox-token-secret"),
            base_url=running.url,
        )
        self.ipernity = Account(
            "ip",
            service=ServiceName.IPERNITY,
            api_key=Secret("sandbox-ipernity-key"),
            api_secret=Secret("sandbox-ipernity-secret"),
            token=Secret("sandbox-ipernity-token"),
            base_url=running.url,
        )

    def open(self, **changes: Any) -> Client:
        """A client of the account on Flickr, changed in these settings."""
        runtime = Runtime(self.clock, Random(1), ThreadDisk(2))
        return Flickr(replace(self.flickr, **changes), runtime=runtime)

    def kept(self) -> list[str]:
        """The titles of what the account on Flickr has."""
        return [photo.title for photo in self.sandbox.photos if photo.is_on_account]

    def fault(self, kind: Any, where: str = "upload", code: int = 0) -> None:
        """From now on each such call goes wrong."""
        self.sandbox.faults.add(Fault(kind, where=where, code=code, rate=1.0))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose account on Flickr is Pro."""
    with running_sandbox(SandboxOptions(is_pro=True)) as running:
        yield Desk(running, tmp_path)


async def test_a_photo_goes_to_both_services(desk: Desk) -> None:
    """Sent, waited for, found by its content, replaced, found by the new one."""
    hasty = Runtime(desk.clock, Random(1), ThreadDisk(2))
    for client in (
        Flickr(desk.flickr, runtime=hasty),
        Ipernity(replace(desk.ipernity), runtime=hasty),
    ):
        async with client:
            assert (await client.log_in()).user_id
            upload = await client.upload(desk.photo, tags=["blue sky"], is_public=0)
            assert upload.ticket is not None
            photo_id = await client.wait_for(upload.ticket)
            assert await client.look_up(upload.content) == photo_id
            assert await client.content_of(desk.photo) == upload.content
            assert (await client.quota()).photo_max_bytes


async def test_a_duplicate(desk: Desk) -> None:
    """Named, and nothing is added."""
    async with desk.open() as client:
        first = await client.upload(desk.photo)
        photo_id = await client.wait_for(first.ticket or "")
        second = await client.upload(str(desk.photo))
        assert (second.photo_id, second.is_duplicate, second.ticket) == (photo_id, True, None)
    assert desk.kept() == ["Été"]


async def test_a_replacement_is_found_by_its_content(desk: Desk) -> None:
    """After its tag was put right."""
    async with desk.open() as client:
        first = await client.upload(desk.photo)
        photo_id = await client.wait_for(first.ticket or "")
        desk.photo.write_bytes(JPEG + b"other")
        second = await client.replace(desk.photo, photo_id)
        assert await client.wait_for(second.ticket or "") == photo_id
        await client.mark_content(photo_id, second.content)
        assert await client.look_up(second.content) == photo_id
        assert await client.look_up(first.content) is None


async def test_what_is_told_about_a_photo(desk: Desk) -> None:
    """Arrives as the upload API has it."""
    async with desk.open() as client:
        await client.upload(desk.photo, title="a & b", description="<i>", tags=("x y",), hidden=2)
        (photo,) = desk.sandbox.photos
        assert (photo.is_public, photo.is_friend, photo.is_family) == (0, 0, 0)
        desk.photo.write_bytes(JPEG + b"for friends")
        await client.upload(desk.photo, is_friend=True)
        assert [one.is_friend for one in desk.sandbox.photos] == [0, 1]
        desk.photo.write_bytes(JPEG + b"for all")
        await client.upload(desk.photo, privacy="public")
        assert [one.is_public for one in desk.sandbox.photos] == [0, 0, 1]
    assert (photo.title, photo.description, "x y" in photo.tags) == ("a & b", "<i>", True)
    assert desk.sandbox.journal.violations() == []


@pytest.mark.parametrize("kind", ["lose-reply", "garbage", "html"])
async def test_a_lost_reply_to_an_upload(desk: Desk, kind: str) -> None:
    """Nothing is sent again, and the photo can be looked up."""
    desk.fault(kind)
    async with desk.open() as client:
        with pytest.raises(OutcomeUnknownError, match="look for the photo"):
            await client.upload(desk.photo)
        content = await client.content_of(desk.photo)
        assert await client.look_up(content) is not None
    assert desk.kept() == ["Été"]


async def test_a_lost_reply_to_a_call(desk: Desk) -> None:
    """Made once."""
    desk.fault("lose-reply", "rest")
    async with desk.open() as client:
        with pytest.raises(OutcomeUnknownError, match=r"^flickr.test.echo: .* may have done"):
            await client.call("flickr.test.echo")
    assert len(desk.sandbox.journal.of("flickr.test.echo")) == 1


async def test_refusals_of_an_upload(desk: Desk) -> None:
    """By kind: the file, the account, a passing fault."""
    desk.sandbox.options.max_photo_bytes = 10
    async with desk.open() as client:
        with pytest.raises(ServiceRefusedError) as refused:
            await client.upload(desk.photo)
        assert (refused.value.reason.code, refused.value.pause) == ("8", None)
        desk.fault("error", code=6)
        with pytest.raises(ServiceRefusedError) as full:
            await client.upload(desk.photo)
        assert full.value.pause is not None
        assert full.value.pause.cause == "full"
        desk.sandbox.faults.clear()
        desk.fault("error", code=105)
        with pytest.raises(ServiceFaultError, match="send it again later"):
            await client.upload(desk.photo)
    assert desk.kept() == []


async def test_files_that_cannot_be_sent(desk: Desk, tmp_path: Path) -> None:
    """Nothing is asked of the service."""
    text, link = tmp_path / "a.txt", tmp_path / "link.jpg"
    text.write_text("no photo")
    link.symlink_to(desk.photo)
    async with desk.open() as client:
        with pytest.raises(FileTrouble, match="neither a photo nor a video"):
            await client.upload(text)
        for path in (tmp_path / "gone.jpg", tmp_path):
            with pytest.raises(FileVanishedError):
                await client.upload(path)
        with pytest.raises(UsageError, match="tags is one text"):
            await client.upload(desk.photo, tags="blue sky")
        await client.upload(link)  # a path that was named may be a link
    assert desk.kept() == ["link"]


async def test_parameters(desk: Desk) -> None:
    """Numbers, truths, absent ones, and names that are Python's own."""
    async with desk.open() as client:
        words = {"from": "x", "class": 0.0000001}
        echoed = await client.call("flickr.test.echo", words, a=1, b=True, c=False, d=None, e=1.5)
        texts = {name: echoed[name]["_content"] for name in ("from", "class", "a", "b", "c", "e")}
        assert texts == {
            "from": "x",
            "class": "0.0000001",
            "a": "1",
            "b": "1",
            "c": "0",
            "e": "1.5",
        }
        assert "d" not in echoed
        assert '<rsp stat="ok">' in await client.call_xml("flickr.test.login")


@pytest.mark.parametrize(
    ("method", "fields", "told"),
    [
        ("no method", {}, "is no method's name"),
        ("upload", {}, "needs a file"),
        ("flickr.test.echo", {"api_key": "x"}, "is set by uploadd"),
        ("flickr.test.echo", {"": "x"}, "is no parameter's name"),
        ("flickr.test.echo", {"a": ["x"]}, "a is no text and no number"),
        ("flickr.test.echo", {"a": "\ud800"}, "UTF-8"),
    ],
)
async def test_calls_that_cannot_be_made(
    desk: Desk, method: str, fields: dict[str, Any], told: str
) -> None:
    """A usage error, and nothing is asked."""
    async with desk.open() as client:
        with pytest.raises(UsageError, match=told):
            await client.call(method, fields)
        with pytest.raises(UsageError, match="given twice"):
            await client.call("flickr.test.echo", {"a": "1"}, a=2)
    assert desk.sandbox.journal.of(method) == []


async def test_a_refused_call(desk: Desk) -> None:
    """In the service's words; without a token too."""
    async with desk.open() as client:
        with pytest.raises(ServiceRefusedError, match="Flickr error 1: ") as refused:
            await client.call("flickr.photos.getInfo", photo_id=7)
        assert (refused.value.reason.code, refused.value.pause) == ("1", None)
    async with desk.open(token=Secret(""), token_secret=Secret("")) as client:
        assert (await client.call("flickr.test.echo", a=1))["a"] == {"_content": "1"}
        with pytest.raises(ServiceRefusedError, match="with the key alone"):
            await client.call("flickr.test.login")


async def test_the_calls_of_an_hour(desk: Desk) -> None:
    """Uploads count, and the next call waits for its place."""
    async with desk.open(calls_per_hour=2) as client:
        await client.upload(desk.photo)
        await client.log_in()
        assert desk.clock.slept == []
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.log_in()
    assert max(desk.clock.slept) == 60


async def test_nobody_answers(desk: Desk) -> None:
    """Nothing was sent."""
    async with desk.open(base_url="http://127.0.0.1:1") as client:
        for asked in (client.upload(desk.photo), client.call("flickr.test.echo")):
            with pytest.raises(ServiceAwayError):
                await asked


def test_an_account_of_the_other_service(desk: Desk) -> None:
    """Its token is not sent anywhere."""
    with pytest.raises(ConfigurationError, match="ip is on ipernity, not on flickr"):
        Flickr(desk.ipernity)


def test_a_program_that_says_nothing_of_logs_reads_none(desk: Desk) -> None:
    """Standard output belongs to the program."""
    program = (
        "import asyncio, sys\n"
        "from uploadd import Account, Flickr, Secret, ServiceRefusedError\n"
        "async def main():\n"
        "    account = Account('me', api_key=Secret('sandbox-key'), base_url=sys.argv[1])\n"
        "    async with Flickr(account) as flickr:\n"
        "        try:\n"
        "            await flickr.call('flickr.test.login')\n"
        "        except ServiceRefusedError as error:\n"
        "            print(error.reason.code)\n"
        "asyncio.run(main())\n"
    )
    words = [sys.executable, "-W", "error", "-c", program, desk.flickr.base_url or ""]
    done = subprocess.run(words, capture_output=True, check=True, text=True)
    assert (done.stdout, done.stderr) == ("99\n", "")
