"""Any method by its own name, on both services: one request, and what comes of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from unit.services.script import Script
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.errors import (
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.pauses import PauseCause
from uploadd.services.flickr import Flickr
from uploadd.services.ipernity import Ipernity

FLICKR_OK = {"stat": "ok", "photo": {"id": "1"}}
IPERNITY_OK = {"api": {"status": "ok"}, "doc": {"doc_id": "1"}}
FLICKR_XML = '<?xml version="1.0"?>\n<rsp stat="ok"><photo id="1" title="é"/></rsp>\n'
IPERNITY_XML = '<?xml version="1.0"?>\n<api status="ok"><doc doc_id="1" title="é"/></api>\n'


def flickr_error(code: int, message: str = "told") -> dict[str, object]:
    """A REST failure."""
    return {"stat": "fail", "code": code, "message": message}


def ipernity_error(code: int, message: str = "told") -> dict[str, object]:
    """An error of ipernity's API."""
    return {"api": {"status": "error", "code": code, "message": message}}


async def test_flickr_is_asked_by_post_signed_and_once(open_desk: Any, account: Account) -> None:
    """Names and values as they were given; the reply whole."""
    script = Script(FLICKR_OK)
    desk = open_desk(script)
    fields = [("photo_id", "1"), ("note", "é & ☃")]
    assert await desk.flickr.call("flickr.photos.getInfo", fields) == FLICKR_OK
    (request,) = script.requests
    assert str(request.url) == "https://api.flickr.com/services/rest/"
    assert request.headers["Authorization"].startswith("OAuth ")
    assert script.asked() == {
        "method": "flickr.photos.getInfo",
        "format": "json",
        "nojsoncallback": "1",
        "photo_id": "1",
        "note": "é & ☃",
    }
    assert desk.granted == [Purpose.CALL]


async def test_flickr_without_a_signature_gets_the_key_alone(
    open_desk: Any, account: Account
) -> None:
    """Some methods need no login."""
    script = Script(FLICKR_OK)
    await open_desk(script).flickr.call("flickr.photos.getInfo", is_signed=False)
    assert "Authorization" not in script.requests[0].headers
    assert script.asked()["api_key"] == account.api_key.reveal()


async def test_ipernity_is_asked_by_post_signed_and_once(open_ipernity: Any) -> None:
    """The method is part of the address."""
    script = Script(IPERNITY_OK)
    desk = open_ipernity(script)
    assert await desk.ipernity.call("doc.get", [("doc_id", "1")]) == IPERNITY_OK
    (request,) = script.requests
    assert (request.method, request.url.path) == ("POST", "/api/doc.get/json")
    assert set(script.asked()) == {"doc_id", "api_key", "auth_token", "api_sig"}
    assert desk.granted == [Purpose.CALL]


async def test_ipernity_without_a_signature_gets_the_key_alone(
    open_ipernity: Any, account: Account
) -> None:
    """No token and no signature."""
    script = Script(IPERNITY_OK)
    await open_ipernity(script).ipernity.call("doc.get", [("doc_id", "1")], is_signed=False)
    assert script.asked() == {"doc_id": "1", "api_key": account.api_key.reveal()}


async def test_xml_comes_as_it_came(open_desk: Any, open_ipernity: Any) -> None:
    """Every character of it."""
    for_flickr, for_ipernity = Script(FLICKR_XML), Script(IPERNITY_XML)
    flickr = open_desk(for_flickr).flickr
    ipernity = open_ipernity(for_ipernity).ipernity
    assert await flickr.call("flickr.photos.getInfo", as_xml=True) == FLICKR_XML
    assert await ipernity.call("doc.get", as_xml=True) == IPERNITY_XML
    assert for_flickr.asked()["format"] == "rest"
    assert for_ipernity.requests[0].url.path == "/api/doc.get/xml"


async def test_a_methods_name_never_changes_the_address(open_ipernity: Any) -> None:
    """Whatever stands in it."""
    script = Script(ipernity_error(103))
    with pytest.raises(ServiceRefusedError):
        await open_ipernity(script).ipernity.call("doc.get/../x?y=1#z")
    raw = script.requests[0].url.raw_path
    assert raw == b"/api/doc.get%2F..%2Fx%3Fy%3D1%23z/json"


@pytest.mark.parametrize(
    ("make", "method", "answer", "text"),
    [
        (Flickr, "flickr.x.y", flickr_error(112), "Flickr knows no such method"),
        (Ipernity, "x.y", ipernity_error(103), "ipernity knows no such method"),
    ],
)
async def test_an_unknown_method_says_so_by_its_name(
    open_desk: Any, make: Any, method: str, answer: object, text: str
) -> None:
    """And is no reason to stop the account."""
    with pytest.raises(ServiceRefusedError, match=text) as raised:
        await open_desk(Script(answer), make).service.call(method)
    assert raised.value.reason.text.startswith(f"{method}: ")
    assert "“told”" in raised.value.reason.text
    assert raised.value.pause is None


@pytest.mark.parametrize(
    ("make", "answer", "text"),
    [
        (Flickr, flickr_error(1, "Photo not found"), "flickr.a: Flickr error 1: “Photo not found”"),
        (Flickr, '<rsp stat="fail"><err code="1" msg="No"/></rsp>', "flickr.a: Flickr error 1"),
        (Flickr, flickr_error(111), "flickr.a: Flickr error 111: “told”"),
        (Ipernity, ipernity_error(1, "Not found"), "flickr.a: ipernity error 1: “Not found”"),
        (Ipernity, ipernity_error(109), "flickr.a: ipernity error 109: “told”"),
    ],
)
@pytest.mark.parametrize("as_xml", [False, True])
async def test_an_error_of_the_api_is_quoted(
    open_desk: Any, make: Any, answer: object, text: str, *, as_xml: bool
) -> None:
    """With its own code and words, in whatever form it comes."""
    with pytest.raises(ServiceRefusedError) as raised:
        await open_desk(Script(answer), make).service.call("flickr.a", as_xml=as_xml)
    assert text in raised.value.reason.text
    assert raised.value.pause is None


@pytest.mark.parametrize(
    ("make", "answer", "cause"),
    [
        (Flickr, flickr_error(98), PauseCause.CREDENTIALS),
        (Flickr, httpx.Response(401, text="oauth_problem=token_rejected"), PauseCause.CREDENTIALS),
        (Flickr, httpx.Response(429), PauseCause.RATE),
        (Ipernity, ipernity_error(105), PauseCause.CREDENTIALS),
        (Ipernity, ipernity_error(107), PauseCause.CREDENTIALS),
        (Ipernity, ipernity_error(113), PauseCause.RATE),
        (Ipernity, ipernity_error(134), PauseCause.CLOCK),
    ],
)
async def test_what_would_stop_the_account_is_told_as_such(
    open_desk: Any, make: Any, answer: object, cause: PauseCause
) -> None:
    """The exit code of a command hangs on it."""
    with pytest.raises(ServiceRefusedError) as raised:
        await open_desk(Script(answer), make).service.call("a.b")
    assert raised.value.pause is not None
    assert raised.value.pause.cause is cause
    assert raised.value.reason.remedy


@pytest.mark.parametrize("make", [Flickr, Ipernity])
@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (httpx.Response(502), ServiceFaultError, "http-502"),
        (httpx.ReadError("reset"), ServiceFaultError, "network"),
        (httpx.ConnectError("refused"), ServiceAwayError, ""),
        ("<html><title>Sign in</title></html>", ServiceFaultError, "garbage"),
        ("", ServiceFaultError, "garbage"),
        ("a:1:{}", ServiceFaultError, "garbage"),
    ],
)
@pytest.mark.parametrize("as_xml", [False, True])
async def test_a_call_is_never_made_twice(
    open_desk: Any, make: Any, answer: object, kind: type[ServiceError], code: str, *, as_xml: bool
) -> None:
    """It may have done its work."""
    script = Script(answer)
    desk = open_desk(script, make)
    with pytest.raises(kind) as raised:
        await desk.service.call("a.b", as_xml=as_xml)
    assert len(script.requests) == len(desk.granted) == 1
    assert getattr(raised.value, "reason", None) is None or raised.value.reason.code == code


@pytest.mark.parametrize(
    ("make", "answer", "as_xml"),
    [
        (Flickr, FLICKR_XML, False),
        (Flickr, FLICKR_OK, True),
        (Ipernity, IPERNITY_XML, False),
        (Ipernity, IPERNITY_OK, True),
    ],
)
async def test_the_wrong_format_is_garbage(
    open_desk: Any, make: Any, answer: object, *, as_xml: bool
) -> None:
    """What was asked for is what is given out."""
    with pytest.raises(ServiceFaultError) as raised:
        await open_desk(Script(answer), make).service.call("a.b", as_xml=as_xml)
    assert raised.value.reason.code == "garbage"


@pytest.mark.parametrize("make", [Flickr, Ipernity])
async def test_our_secrets_are_masked_in_what_is_given_out(
    open_desk: Any, make: Any, account: Account
) -> None:
    """A server that repeats them."""
    told = f"{account.token.reveal()} {account.api_secret.reveal()}"
    echo = {"stat": "ok", "api": {"status": "ok"}, "told": told}
    reply = await open_desk(Script(echo), make).service.call("a.b")
    assert reply["told"] == "*** ***"


@pytest.mark.parametrize("make", [Flickr, Ipernity])
@pytest.mark.parametrize("field", [("a", "\udcff"), ("\udcff", "a")])
async def test_what_is_not_utf_8_is_refused_before_it_is_sent(
    open_desk: Any, make: Any, field: tuple[str, str]
) -> None:
    """A command line may hold any bytes."""
    desk = open_desk(Script(FLICKR_OK), make)
    with pytest.raises(UsageError, match="UTF-8"):
        await desk.service.call("a.b", [field])
    assert desk.granted == []


@pytest.mark.parametrize("make", [Flickr, Ipernity])
async def test_a_long_reply_is_read_whole(open_desk: Any, make: Any) -> None:
    """A list of 500 photos with all their tags takes some megabytes."""
    reply = {"stat": "ok", "api": {"status": "ok"}, "told": "x" * 3_000_000}
    assert await open_desk(Script(reply), make).service.call("a.b") == reply
