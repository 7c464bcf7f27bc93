"""Scripted faults on ipernity's calls: every code, every kind, to exactly the calls meant."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import httpx
import pytest

from uploadd.sandbox import ConnectionCut, Fault, SandboxOptions
from uploadd.sandbox.fault_text import parse_fault
from uploadd.sandbox.ipernity.errors import KNOWN_CODES

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
CODES = (*range(1, 7), *range(100, 114), *range(120, 123), *range(130, 136), 500, 501, 503)


def test_the_table_is_whole() -> None:
    """Every code of the specification of both uploads."""
    assert KNOWN_CODES == CODES


@pytest.mark.parametrize("method", ["upload.file", "upload.replace", "doc.checkMD5"])
@pytest.mark.parametrize(("form", "kind"), [("int", int), ("str", str)])
async def test_every_code_can_be_scripted(make_caller, method: str, form: str, kind: type) -> None:
    """With its wording, as a number and as a string; nothing is kept."""
    caller = await make_caller(code_form=form, is_pro=True)
    for code in CODES:
        caller.account.faults.clear()
        caller.account.faults.add(Fault("error", code=code, where=method, first=1))
        if method.startswith("upload"):
            reply = await caller.send(method=method)
        else:
            reply = await caller.ask(method, md5="0" * 32)
        told = reply.json()["api"]
        assert (reply.status_code, told["status"], told["code"]) == (200, "error", kind(code))
        assert told["message"] != "" if code < 100 else told["message"] != "Error"
        assert len(caller.account.photos) == 0


@pytest.mark.parametrize(
    ("method", "code", "message"),
    [
        ("upload.file", 3, "File not accepted"),
        ("upload.replace", 3, "User exceeded upload limits"),
        ("upload.replace", 6, "PRO account feature"),
        ("upload.file", 105, "Signature is invalid"),
        ("upload.file", 106, "Token missing"),
        ("upload.file", 501, "Maintenance mode"),
    ],
)
async def test_a_code_means_what_its_method_says(caller, method, code, message) -> None:
    """The first codes are each method's own."""
    caller.account.faults.add(Fault("error", code=code, where=method, first=1))
    assert (await caller.send(method=method)).json()["api"]["message"] == message


@pytest.mark.parametrize("code", [500, 501, 503, 112])
@pytest.mark.parametrize("has_status", [False, True])
async def test_http_status_of_errors(make_caller, code: int, has_status: bool) -> None:
    """500, 501 and 503 with 200, or with their own; the envelope is the same."""
    caller = await make_caller(has_http_status=has_status)
    caller.account.faults.add(Fault("error", code=code, first=1))
    reply = await caller.send()
    assert reply.status_code == (code if has_status and code >= 500 else 200)
    assert int(reply.json()["api"]["code"]) == code


async def test_the_dice_write_codes_both_ways(caller) -> None:
    """Repeatable, and of no effect on what faults hit."""
    codes = [(await caller.call("doc.get", doc_id="9"))["api"]["code"] for _ in range(40)]
    assert set(codes) == {1, "1"}


async def test_a_lost_reply_comes_after_the_document_was_kept(caller) -> None:
    """The client sees the connection end."""
    caller.account.faults.add(Fault("lose-reply", first=1))
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        await caller.send(**{"async": "1"})
    assert isinstance(raised.value.__cause__, ConnectionCut)
    assert len(caller.account.photos) == len(caller.account.tickets) == 1
    assert caller.account.journal.of("upload")[0].outcome == "ok"


async def test_a_lost_reply_to_a_replacement(make_caller) -> None:
    """The content is the new one all the same."""
    caller = await make_caller(is_pro=True)
    doc_id = await caller.kept()
    caller.account.faults.add(Fault("lose-reply", where="replace", first=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await caller.send(JPEG + b"new", method="upload.replace", doc_id=doc_id)
    assert [photo.replaced for photo in caller.account.photos] == [1]


async def test_a_cut_body_keeps_nothing(caller) -> None:
    """The connection ends in the middle of the body."""
    caller.account.faults.add(Fault("cut", first=1))
    with pytest.raises(httpx.WriteError):
        await caller.send(JPEG + bytes(200_000))
    assert len(caller.account.photos) == 0
    assert list(caller.account.disk.incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "status", "kept"), [("http-before", 502, 0), ("http-after", 502, 1)]
)
async def test_html_pages_instead_of_replies(caller, kind, status, kept) -> None:
    """Before or after the document was kept."""
    caller.account.faults.add(Fault(kind, first=1, retry_after_seconds=7))
    reply = await caller.send()
    assert (reply.status_code, reply.headers["retry-after"]) == (status, "7")
    assert len(caller.account.photos) == kept


@pytest.mark.parametrize("kind", ["garbage", "empty", "html", "bomb"])
async def test_replies_that_are_none(caller, kind: str) -> None:
    """HTTP 200 with a body that is no JSON, or deeper than a parser can go; it is kept."""
    caller.account.faults.add(Fault(kind, first=1))
    reply = await caller.send()
    assert reply.status_code == 200
    with pytest.raises((ValueError, RecursionError)):
        json.loads(reply.content)
    assert len(caller.account.photos) == 1


async def test_a_bomb_in_xml_has_entities(caller) -> None:
    """In the format that was asked for."""
    caller.account.faults.add(Fault("bomb", where="auth.checkToken", first=1))
    reply = await caller.ask("auth.checkToken", form="/xml")
    assert "<!ENTITY" in reply.text
    assert reply.headers["content-type"].startswith("text/xml")


async def test_a_failed_replacement_leaves_the_document_as_it_was(make_caller) -> None:
    """Its ticket is invalid; the old content stays."""
    caller = await make_caller(is_pro=True)
    doc_id = await caller.kept()
    caller.account.faults.add(Fault("ticket-fails", where="upload.replace", first=1))
    reply = await caller.send(
        JPEG + b"new", method="upload.replace", doc_id=doc_id, **{"async": "1"}
    )
    told = await caller.call("upload.checkTickets", tickets=reply.json()["ticket"])
    assert told["tickets"]["invalid"] == "1"
    assert [(photo.replaced, photo.is_visible) for photo in caller.account.photos] == [(0, True)]


@pytest.mark.parametrize(
    ("where", "hit"),
    [
        ("upload", {"upload.file"}),
        ("upload.file", {"upload.file"}),
        ("replace", {"upload.replace"}),
        ("upload.replace", {"upload.replace"}),
        ("rest", {"auth.checkToken", "doc.get"}),
        ("doc.get", {"doc.get"}),
        ("*", {"upload.file", "upload.replace", "auth.checkToken", "doc.get"}),
    ],
)
async def test_where_a_fault_strikes(caller, where: str, hit: set[str]) -> None:
    """The words of both services, and ipernity's own names."""
    caller.account.faults.add(Fault("error", rate=1, code=503, where=where))
    struck = set()
    for method in ("upload.file", "upload.replace", "auth.checkToken", "doc.get"):
        ask = caller.send if method.startswith("upload") else caller.ask
        reply = await ask(method=method)
        if str(reply.json()["api"].get("code")) == "503":
            struck.add(method)
    assert struck == hit


async def test_faults_of_the_command_line_go_to_both_where_they_make_sense(make_caller) -> None:
    """Not another service's code, not another service's name; a test adds to one alone."""
    texts = (
        "error:14=1",
        "error:113@flickr:upload=1",
        "oauth-problem=1",
        "error:113@ipernity:rest=1",
        "error:112=at:1",
        "error=at:2",
    )
    caller = await make_caller(SandboxOptions(faults=tuple(map(parse_fault, texts))))
    told = [(await caller.send()).json()["api"].get("code") for _ in range(3)]
    assert [code and int(code) for code in told] == [112, 500, None]
    assert await caller.error("auth.checkToken") == 113
    flickr = caller.app.state.sandbox.faults
    flickr.clear()
    flickr.add(Fault("error", rate=1, where="*"))
    assert (await caller.send()).json()["api"] == {"status": "ok"}


async def test_flickrs_faults_leave_out_what_is_ipernitys(make_caller) -> None:
    """And the other way round."""
    faults = (Fault("error", rate=1, where="ipernity:*"), Fault("empty", rate=1, where="flickr:*"))
    caller = await make_caller(SandboxOptions(faults=faults))
    key = {"api_key": "sandbox-key", "method": "flickr.test.echo"}
    assert (await caller.http.get("/services/rest/", params=key)).content == b""
    with pytest.raises(ET.ParseError):
        ET.fromstring((await caller.http.get("/services/rest/", params=key)).text)
    assert await caller.error("auth.checkToken") == 500
