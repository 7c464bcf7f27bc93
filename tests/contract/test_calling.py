"""What every service promises of `call`: any API method by its own name (`services.base`)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contract.stand import Stand
from uploadd.model.budget import Purpose
from uploadd.model.errors import (
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
    UsageError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.services.base import Parcel

ECHO = [("echo", "1")]  # ipernity's test.echo wants a parameter of that name; Flickr's takes any


async def test_a_signed_method_answers(stand: Stand) -> None:
    """In its own words."""
    reply = await stand.service().call(stand.own_login_method)
    assert stand.sandbox.options.credentials.nsid in str(reply)
    assert stand.granted == [Purpose.CALL]


async def test_a_method_without_a_signature_answers(stand: Stand) -> None:
    """The key is enough for some."""
    service = stand.service(token=Secret(""), token_secret=Secret(""))
    reply = await service.call(stand.echo_method, [*ECHO, ("a", "b c")], is_signed=False)
    assert "b c" in str(reply)


async def test_a_method_that_needs_a_signature_says_so(stand: Stand) -> None:
    """Whoever left it out is told by the service's own number."""
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.service().call(stand.own_login_method, is_signed=False)
    assert raised.value.reason.code == stand.unsigned_code


@pytest.mark.parametrize("is_signed", [True, False])
async def test_what_is_told_arrives_as_it_is(stand: Stand, is_signed: bool) -> None:
    """Blanks, empty values, other scripts, and what means something in a URL."""
    fields = [("one", "Été à la mer ☃"), ("two", ""), ("three", "a&b=c+d%20e~*'()"), ("t", "\n")]
    sent = [*ECHO, *fields]
    reply = await stand.service().call(stand.echo_method, sent, is_signed=is_signed)
    for name, value in fields:
        shown = reply[name]
        assert (shown.get("_content") if isinstance(shown, dict) else shown) == value


@pytest.mark.parametrize("is_signed", [True, False])
async def test_a_reply_in_xml_is_its_text(stand: Stand, is_signed: bool) -> None:
    """As it came."""
    fields = [*ECHO, ("a", "☃")]
    service = stand.service()
    text = await service.call(stand.echo_method, fields, is_signed=is_signed, as_xml=True)
    assert isinstance(text, str)
    assert text.startswith("<?xml")
    assert "<a>☃</a>" in text


@pytest.mark.parametrize("as_xml", [False, True])
async def test_a_method_that_there_is_not(stand: Stand, as_xml: bool) -> None:
    """A clear line with its name; the account is not stopped for it."""
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.service().call("photos.doTheImpossible", as_xml=as_xml)
    assert raised.value.reason.code == stand.unknown_method_code
    assert "photos.doTheImpossible" in str(raised.value)
    assert raised.value.pause is None


@pytest.mark.parametrize("as_xml", [False, True])
async def test_an_error_of_the_method_is_told_with_its_words(stand: Stand, as_xml: bool) -> None:
    """Its number, and what the service says."""
    method, field = stand.photo_method
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.service().call(method, [(field, "404")], as_xml=as_xml)
    assert raised.value.reason.code == stand.no_such_photo_code
    assert method in str(raised.value)
    assert "not found" in str(raised.value)
    assert raised.value.pause is None


async def test_a_call_made_the_wrong_way_stops_no_account(stand: Stand) -> None:
    """Where uploadd itself calls, such an error would be its own fault; here it is the caller's."""
    method, field = stand.photo_method
    for code in stand.misused_codes:
        stand.script("error", code, where="rest", first=1)
        with pytest.raises(ServiceRefusedError) as raised:
            await stand.service().call(method, [(field, "1")])
        assert raised.value.reason.code == str(code)
        assert raised.value.pause is None


async def test_a_parameter_that_the_method_does_not_know(stand: Stand) -> None:
    """What the service makes of it is its own matter; here the sandbox refuses it."""
    stand.expected_violations = [f"{stand.photo_method[0]} does not know colour"]
    with pytest.raises(ServiceError):
        await stand.service().call(stand.photo_method[0], [("colour", "blue")])


async def test_a_call_that_writes_works(stand: Stand, parcel: Parcel) -> None:
    """It is POSTed."""
    service = stand.service()
    await service.send(parcel)
    names = {"flickr": ("flickr.photos.addTags", "photo_id", "tags")}
    method, photo, tags = names.get(stand.name, ("doc.tags.add", "doc_id", "keywords"))
    await service.call(method, [(photo, stand.photo().id), (tags, "new")])
    assert "new" in stand.photo().tags


@pytest.mark.parametrize("kind", ["lose-reply", "http-after", "garbage", "html", "empty"])
@pytest.mark.parametrize("as_xml", [False, True])
async def test_a_lost_reply_is_not_asked_for_again(stand: Stand, kind: str, as_xml: bool) -> None:
    """A call of any name may have done its work: it is made once."""
    stand.script(kind, 502, where="rest")
    with pytest.raises(ServiceFaultError):
        await stand.service().call(stand.echo_method, ECHO, as_xml=as_xml)
    assert len(stand.granted) == 1


@pytest.mark.parametrize("as_xml", [False, True])
@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "<html/>", "<rsp/>", "<api/>", '{"stat":"maybe"}', "\ufeff☃", "null"]
)
async def test_a_reply_in_the_wrong_format_is_a_fault(
    stand: Stand, text: str, as_xml: bool
) -> None:
    """It is shown, not believed."""
    with pytest.raises(ServiceFaultError) as raised:
        await stand.answering(httpx.Response(200, text=text)).call("a.b", as_xml=as_xml)
    assert raised.value.reason.code == "garbage"


@pytest.mark.parametrize("as_xml", [False, True])
async def test_a_bomb_is_a_fault(stand: Stand, as_xml: bool) -> None:
    """A reply that would grow without end is not read."""
    stand.script("bomb", where="rest")
    with pytest.raises(ServiceFaultError):
        await stand.service().call(stand.echo_method, ECHO, as_xml=as_xml)


async def test_a_wrong_login_says_what_to_do(stand: Stand) -> None:
    """As for every other call."""
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.service(token=Secret("a-wrong-token-00")).call(stand.own_login_method)
    assert raised.value.pause is not None
    assert raised.value.pause.cause is PauseCause.CREDENTIALS
    assert "uploadd auth" in raised.value.remedy


async def test_a_service_that_is_away_is_told_as_such(stand: Stand, refusing: Any) -> None:
    """Nothing was sent."""
    with pytest.raises(ServiceAwayError):
        await stand.service(refusing).call(stand.echo_method, ECHO)


async def test_a_named_wait_is_handed_on(stand: Stand) -> None:
    """Retry-After."""
    stand.script("http-before", 429, where="rest", retry_after_seconds=60)
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.service().call(stand.echo_method, ECHO)
    assert raised.value.pause is not None
    assert (raised.value.pause.cause, raised.value.pause.seconds) == (PauseCause.RATE, 60)


async def test_what_is_no_text_is_refused_before_anything_is_asked(stand: Stand) -> None:
    """An argument of a command line need not be UTF-8."""
    for fields in ([("a", "\udce9")], [("\udce9", "a")]):
        with pytest.raises(UsageError):
            await stand.service().call(stand.echo_method, fields)
    assert stand.granted == []


async def test_a_token_in_a_reply_is_not_shown(stand: Stand) -> None:
    """auth.checkToken repeats it; a terminal's scroll-back is no place for it."""
    method = {"flickr": "flickr.auth.oauth.checkToken"}.get(stand.name, "auth.checkToken")
    for as_xml in (False, True):
        reply = await stand.service().call(method, as_xml=as_xml)
        assert stand.account().token.reveal() not in str(reply)
        assert "***" in str(reply)
