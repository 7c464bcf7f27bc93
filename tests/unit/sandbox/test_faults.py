"""Scripted faults: each one, to exactly the calls it is meant for."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET

import defusedxml
import defusedxml.ElementTree
import httpx
import pytest

from uploadd.sandbox import ConnectionCut, Fault, SandboxOptions, build_app
from uploadd.sandbox.fault_text import FaultTextError, parse_error, parse_fault
from uploadd.sandbox.faults import Faults

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
WAIT = "non_pro_desktop_upload_wait_time"


async def test_a_lost_reply_comes_after_the_photo_was_kept(sandbox_caller) -> None:
    """The client sees the connection end; the photo is there."""
    caller = await sandbox_caller(faults=(Fault("lose-reply", at=(2,)),))
    await caller.upload()
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        await caller.upload()
    assert isinstance(raised.value.__cause__, ConnectionCut)
    assert raised.value.__cause__.body_was_read
    await caller.upload()
    assert len(caller.sandbox.photos) == 3
    entry = caller.sandbox.journal.of("upload")[1]
    assert (entry.outcome, entry.fault) == ("ok", "lose-reply")


async def test_a_cut_body_keeps_nothing(caller) -> None:
    """The connection ends in the middle of the body, and no file is left behind."""
    caller.sandbox.faults.add(Fault("cut", first=1))
    with pytest.raises(httpx.WriteError):
        await caller.upload(JPEG + bytes(200_000))
    assert len(caller.sandbox.photos) == 0
    assert list(caller.sandbox.disk.incoming.iterdir()) == []
    assert caller.sandbox.journal.of("upload")[0].outcome == "cut"


@pytest.mark.parametrize(
    ("kind", "code", "status", "kept"),
    [("http-before", 0, 502, 0), ("http-before", 429, 429, 0), ("http-after", 504, 504, 1)],
)
async def test_html_pages_instead_of_replies(caller, kind, code, status, kept) -> None:
    """A page from some front, before or after the photo was kept."""
    caller.sandbox.faults.add(Fault(kind, first=1, code=code, retry_after_seconds=7))
    reply = await caller.upload()
    assert (reply.status_code, reply.headers["retry-after"]) == (status, "7")
    assert reply.headers["content-type"].startswith("text/html")
    with pytest.raises(ET.ParseError):
        ET.fromstring(reply.text)
    assert len(caller.sandbox.photos) == kept


def photo_id_in(content: bytes) -> str:
    """Read a reply as a careful client does."""
    return defusedxml.ElementTree.fromstring(content).find("photoid").text.strip()


@pytest.mark.parametrize("kind", ["garbage", "empty", "html", "bomb"])
async def test_replies_that_are_none(caller, kind) -> None:
    """HTTP 200 with a body from which no id can be read; the photo is kept."""
    caller.sandbox.faults.add(Fault(kind, first=1))
    reply = await caller.upload()
    assert reply.status_code == 200
    with pytest.raises((ET.ParseError, ValueError, AttributeError)):
        photo_id_in(reply.content)
    assert len(caller.sandbox.photos) == 1


async def test_the_bomb_is_one(caller) -> None:
    """A careful parser refuses its entities by name."""
    caller.sandbox.faults.add(Fault("bomb", first=1))
    reply = await caller.upload()
    with pytest.raises(defusedxml.EntitiesForbidden):
        defusedxml.ElementTree.fromstring(reply.content)


async def test_api_errors_keep_nothing(caller, error_of) -> None:
    """`error` answers with its code; the next upload is well again."""
    caller.sandbox.faults.add(Fault("error", every=2, code=105))
    codes = [await caller.upload() for _ in range(4)]
    assert ["err" in reply.text for reply in codes] == [False, True, False, True]
    assert error_of(codes[1]) == "105"
    assert len(caller.sandbox.photos) == 2


async def test_tickets_that_fail_or_are_forgotten(caller, rsp) -> None:
    """complete=2 leaves no photo on the account; a forgotten ticket's photo is there."""
    caller.sandbox.faults.add(Fault("ticket-fails", at=(1,)))
    caller.sandbox.faults.add(Fault("ticket-forgotten", at=(2,)))
    names = [rsp(await caller.upload(**{"async": "1"})).findtext("ticketid") for _ in range(2)]
    reply = rsp(await caller.ask("flickr.photos.upload.checkTickets", tickets=",".join(names)))
    failed, forgotten = reply.findall("uploader/ticket")
    assert failed.attrib == {"id": names[0], "complete": "2"}
    assert forgotten.attrib == {"id": names[1], "invalid": "1"}
    assert [photo.is_visible for photo in caller.sandbox.photos] == [False, True]


async def test_faults_of_rest_methods(caller) -> None:
    """`where` picks a method, or all of REST; uploads are left alone."""
    caller.sandbox.faults.add(Fault("error", first=1, where="flickr.photos.search", code=105))
    caller.sandbox.faults.add(Fault("http-before", at=(3,), where="rest"))
    login = await caller.call("flickr.test.login")
    search = await caller.call("flickr.photos.search", user_id="me")
    broken = await caller.ask("flickr.test.login")
    assert (login["stat"], search["code"], broken.status_code) == ("ok", 105, 502)
    assert (await caller.upload()).status_code == 200
    assert caller.sandbox.faults.given == {"error": 1, "http-before": 1}


async def test_error_14_and_the_wait_behind_it(sandbox_caller, rsp, error_of) -> None:
    """Uploads begun during the wait are refused with what is left of it, and are violations."""
    caller = await sandbox_caller(wait_every=2, wait_seconds=50)
    await caller.upload()
    due = rsp(await caller.upload())
    assert (due.find("err").get("code"), due.findtext(WAIT)) == ("14", "50")
    caller.clock.seconds += 20
    early = rsp(await caller.upload())
    assert (early.find("err").get("code"), early.findtext(WAIT)) == ("14", "30")
    (entry,) = caller.sandbox.journal.violations()
    assert entry.details["number"] == 3
    caller.clock.seconds += 30
    assert error_of(await caller.upload()) == "14"  # the fourth is due again
    caller.clock.seconds += 50
    assert 'stat="ok"' in (await caller.upload()).text
    assert len(caller.sandbox.journal.violations()) == 1


@pytest.mark.parametrize(
    ("place", "find"),
    [
        ("rsp-child", lambda rsp: rsp.findtext(WAIT)),
        ("err-child", lambda rsp: rsp.findtext(f"err/{WAIT}")),
        ("err-attribute", lambda rsp: rsp.find("err").get(WAIT)),
        ("rsp-attribute", lambda rsp: rsp.get(WAIT)),
        ("absent", lambda rsp: None if WAIT in ET.tostring(rsp, "unicode") else "9"),
    ],
)
async def test_places_of_the_wait(sandbox_caller, rsp, place, find) -> None:
    """The wait sits where it was asked for, and only there."""
    caller = await sandbox_caller(wait_every=1, wait_seconds=9, wait_place=place)
    reply = await caller.upload()
    assert find(rsp(reply)) == "9"
    assert reply.text.count(WAIT) in ({0} if place == "absent" else {1, 2})


async def test_calls_per_hour(sandbox_caller) -> None:
    """Beyond the budget every call is 429, uploads included, until an hour has passed."""
    caller = await sandbox_caller(calls_per_hour=2)
    await caller.call("flickr.test.login")
    assert (await caller.upload()).status_code == 200
    assert (await caller.upload()).status_code == 429
    assert (await caller.ask("flickr.test.login")).status_code == 429
    caller.clock.seconds += 3601
    assert (await caller.upload()).status_code == 200


def test_rates_are_repeatable() -> None:
    """The same seed hits the same calls; about as many as the rate says."""

    def hits(seed: int) -> list[bool]:
        faults = Faults((Fault("cut", rate=0.3),), random.Random(seed))
        return [faults.plan("upload", is_rest=False).before is not None for _ in range(1000)]

    assert hits(1) == hits(1) != hits(2)
    assert 250 < sum(hits(1)) < 350


def test_a_fault_before_the_photo_is_kept_leaves_no_other() -> None:
    """Only one thing goes wrong with an upload that is not kept."""
    both = (Fault("lose-reply", rate=1), Fault("error", rate=1), Fault("ticket-fails", rate=1))
    plan = Faults(both, random.Random(0)).plan("upload", is_rest=False)
    assert plan.names() == "error"
    assert Faults(both[::2], random.Random(0)).plan("upload", is_rest=False).names() == (
        "lose-reply, ticket-fails"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("lose-reply=0.2", Fault("lose-reply", rate=0.2)),
        ("error:105=every:10", Fault("error", code=105, every=10)),
        ("http-after:502@replace=first:3", Fault("http-after", code=502, where="replace", first=3)),
        ("cut=at:4,7", Fault("cut", at=(4, 7))),
    ],
)
def test_faults_as_text(text: str, fault: Fault) -> None:
    """The command line's way to say it."""
    assert parse_fault(text) == fault


@pytest.mark.parametrize("text", ["", "cut", "cut=", "cut=2", "cut=at:x", "bang=1", "cut=on:3"])
def test_texts_that_are_no_fault(text: str) -> None:
    """They are refused with the text in the message."""
    with pytest.raises(FaultTextError, match=r"expected|is no rate"):
        parse_fault(text)
    assert parse_error("3:0.5") == Fault("error", code=3, rate=0.5)


async def test_in_process_cuts_raise_our_exception() -> None:
    """Plain `httpx.ASGITransport` lets ConnectionCut through."""
    app = build_app(SandboxOptions(faults=(Fault("lose-reply", where="*", first=1),)))
    transport = httpx.ASGITransport(app=app)
    arguments = {"method": "flickr.test.echo", "api_key": "sandbox-key"}
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        with pytest.raises(ConnectionCut):
            await http.get("/services/rest/", params=arguments)
