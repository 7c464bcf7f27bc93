"""The client's calls: what is asked, how often, with whose leave, and what is never said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from unit.services.script import Script
from uploadd.model.budget import Purpose
from uploadd.model.configuration import Account
from uploadd.model.contents import Content
from uploadd.model.errors import (
    FileVanishedError,
    ServiceAwayError,
    ServiceError,
    ServiceFaultError,
    ServiceRefusedError,
)
from uploadd.model.pauses import PauseCause
from uploadd.model.verdicts import Kept, Pause, Reschedule, Ticketed, Uncertain
from uploadd.services.base import Parcel, Service

SHA = "ab" * 32
LOGIN = {"stat": "ok", "user": {"id": "1@N00", "username": {"_content": "me"}}}
TICKET = '<rsp stat="ok"><ticketid>6-7</ticketid></rsp>'


def failing(code: int) -> dict[str, object]:
    """A REST failure."""
    return {"stat": "fail", "code": code, "message": "told"}


def photos(*tags: str, pages: int = 1) -> dict[str, object]:
    """A page of photos, one for each list of machine tags."""
    listed = [{"id": str(number), "machine_tags": tag} for number, tag in enumerate(tags, 1)]
    return {"stat": "ok", "photos": {"pages": pages, "photo": listed}}


def test_it_keeps_the_contract(open_desk: Any) -> None:
    """The type checker compares the two; the names are compared here."""
    flickr: Service = open_desk(Script(LOGIN)).flickr
    wanted = [name for name in vars(Service) if not name.startswith("_")]
    assert all(hasattr(flickr, name) for name in wanted)


@pytest.mark.parametrize(
    ("base_url", "host", "edit"),
    [
        (None, "flickr.com", "https://www.flickr.com/photos/upload/edit/?ids=1,2"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080/photos/upload/edit/"),
        ("https://photos.test:443/", "photos.test", "https://photos.test:443/photos/upload/edit/"),
        ("http://[::1]:80", "[::1]", "http://[::1]:80/photos/upload/edit/"),
    ],
)
def test_the_host_makes_the_identity(
    open_desk: Any, base_url: str | None, host: str, edit: str
) -> None:
    """The port belongs to it where it is not the scheme's own."""
    flickr = open_desk(Script(LOGIN), base_url=base_url).flickr
    assert flickr.host == host
    assert flickr.edit_url(["1", "2"]).startswith(edit)
    assert flickr.edit_url([]) is None


async def test_endpoints_are_flickrs_own_or_base_urls(open_desk: Any, parcel: Parcel) -> None:
    """`base_url` replaces scheme and host; the slash at the end stays, as it is signed."""
    script = Script(TICKET)
    await open_desk(script).flickr.send(parcel)
    await open_desk(script, base_url="http://[::1]:8080").flickr.send(parcel)
    urls = [str(request.url) for request in script.requests]
    assert urls == [
        "https://up.flickr.com/services/upload/",
        "http://[::1]:8080/services/upload/",
    ]


async def test_a_photo_is_sent_once_signed_and_asynchronously(
    open_desk: Any, parcel: Parcel
) -> None:
    """The verdict holds the ticket; nobody's leave is asked, as the caller has it already."""
    script = Script(TICKET)
    desk = open_desk(script)
    assert await desk.flickr.send(parcel) == Ticketed("6-7")
    (request,) = script.requests
    assert request.method == "POST"
    assert request.headers["Authorization"].startswith("OAuth ")
    assert b'name="async"\r\n\r\n1\r\n' in request.content
    assert b'name="photo"; filename="IMG_0001.jpg"' in request.content
    assert desk.granted == []


async def test_a_synchronous_reply_is_taken_too(open_desk: Any, parcel: Parcel) -> None:
    """A service that ignores `async` still names the photo."""
    script = Script('<rsp stat="ok"><photoid>42</photoid></rsp>')
    assert await open_desk(script).flickr.send(parcel) == Kept("42")


class Halfway(httpx.AsyncBaseTransport):
    """Reads a body's first chunk, then does what it was told."""

    def __init__(self, outcome: Callable[[httpx.Request], httpx.Response]) -> None:
        self._outcome = outcome

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        await anext(aiter(request.stream))
        return self._outcome(request)


def reset(request: httpx.Request) -> httpx.Response:
    """The connection breaks."""
    raise httpx.ReadError("reset", request=request)


async def test_a_body_cut_short_is_a_plain_reschedule(open_desk: Any, parcel: Parcel) -> None:
    """Before the last chunk nothing can have been kept."""
    verdict = await open_desk(Halfway(reset)).flickr.send(parcel)
    assert isinstance(verdict, Reschedule)
    assert (verdict.was_sent, verdict.reason.code) == (False, "network")


@pytest.mark.parametrize(
    ("status", "kind"), [(502, Reschedule), (413, object), (302, Pause), (200, Reschedule)]
)
async def test_an_early_reply_is_never_uncertain(
    open_desk: Any, parcel: Parcel, status: int, kind: type[object]
) -> None:
    """Whatever it says, the service does not have the whole body."""
    early = Halfway(lambda _: httpx.Response(status, html="<title>early</title>"))
    verdict = await open_desk(early).flickr.send(parcel)
    assert isinstance(verdict, kind)
    assert not isinstance(verdict, Uncertain)


async def test_a_service_that_is_not_there_is_a_pause(open_desk: Any, parcel: Parcel) -> None:
    """Nothing was sent: no attempt of this file."""
    verdict = await open_desk(Script(httpx.ConnectError("refused"))).flickr.send(parcel)
    assert (verdict.cause, verdict.seconds) == (PauseCause.AWAY, None)
    assert "refused" in verdict.reason.text


async def test_trouble_of_the_file_is_not_the_services(
    open_desk: Any, parcel: Parcel, body: Any
) -> None:
    """It passes through `send`, and the file is closed."""
    gone = body([b"abc"], trouble=FileVanishedError("gone"))
    with pytest.raises(FileVanishedError):
        await open_desk(Script(TICKET)).flickr.send(replace(parcel, body=gone))
    assert gone.is_closed


async def test_a_login_is_asked_for(open_desk: Any) -> None:
    """The method is flickr.test.login, in JSON, by POST."""
    script = Script(LOGIN)
    login = await open_desk(script).flickr.log_in()
    assert (login.user_id, login.user_name) == ("1@N00", "me")
    asked = {"method": "flickr.test.login", "format": "json", "nojsoncallback": "1"}
    assert script.asked() == asked
    assert str(script.requests[0].url) == "https://api.flickr.com/services/rest/"


async def test_a_login_without_an_id_is_a_fault(open_desk: Any) -> None:
    """There is no identity to key anything by."""
    with pytest.raises(ServiceFaultError):
        await open_desk(Script({"stat": "ok"})).flickr.log_in()


async def test_a_read_call_is_tried_three_times_each_with_leave(open_desk: Any) -> None:
    """Some tenths of seconds apart, and growing; the budget sees each try."""
    script = Script(httpx.ReadTimeout("slow"), httpx.Response(502), LOGIN)
    desk = open_desk(script)
    await desk.flickr.log_in()
    assert desk.granted == [Purpose.PROBE] * 3
    first, second = desk.clock.slept
    assert 0.25 <= first <= 0.5 <= second <= 1.0


async def test_a_read_call_gives_up_with_what_it_met_last(open_desk: Any) -> None:
    """After three tries the reason is told."""
    script = Script(failing(105))
    with pytest.raises(ServiceFaultError) as raised:
        await open_desk(script).flickr.quota()
    assert len(script.requests) == 3
    assert raised.value.reason.code == "105"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ConnectError("refused"), ServiceAwayError),
        (failing(98), ServiceRefusedError),
        (failing(1), ServiceRefusedError),
        (httpx.Response(404), ServiceFaultError),
        (httpx.Response(302), ServiceFaultError),
        (httpx.Response(429), ServiceRefusedError),
    ],
)
async def test_what_seconds_do_not_heal_is_not_retried(
    open_desk: Any, answer: object, kind: type[Exception]
) -> None:
    """The account's pause is the right wait for these."""
    script = Script(answer)
    with pytest.raises(kind):
        await open_desk(script).flickr.quota()
    assert len(script.requests) == 1


async def test_a_probe_is_never_retried(open_desk: Any) -> None:
    """One call, one answer."""
    script = Script(httpx.Response(502))
    desk = open_desk(script)
    with pytest.raises(ServiceFaultError):
        await desk.flickr.probe()
    assert desk.granted == [Purpose.PROBE]
    assert desk.clock.slept == []


async def test_tickets_are_asked_for_in_one_call(open_desk: Any) -> None:
    """Only what was asked for is answered."""
    listed = [{"id": "6-1", "complete": 0}, {"id": "6-2", "invalid": 1}, {"id": "9", "complete": 0}]
    script = Script({"stat": "ok", "uploader": {"ticket": listed}})
    desk = open_desk(script)
    assert set(await desk.flickr.check_tickets(["6-1", "6-2", "6-3"])) == {"6-1", "6-2"}
    assert script.asked()["tickets"] == "6-1,6-2,6-3"
    assert desk.granted == [Purpose.TICKETS]


async def test_no_tickets_cost_no_call(open_desk: Any) -> None:
    """An empty question is not asked."""
    desk = open_desk(Script(LOGIN))
    assert await desk.flickr.check_tickets([]) == {}
    assert desk.granted == []


async def test_a_photo_is_looked_up_by_search_first(open_desk: Any) -> None:
    """One call where the search shows it."""
    script = Script(photos(f"checksum:sha256={SHA}"))
    desk = open_desk(script)
    assert await desk.flickr.look_up(Content(SHA), 1_700_000_000.0) == "1"
    asked = script.asked()
    assert asked["method"] == "flickr.photos.search"
    assert (asked["user_id"], asked["extras"]) == ("me", "machine_tags,original_format,o_dims")
    assert asked["machine_tags"] == f'checksum:sha256="{SHA}"'
    assert desk.granted == [Purpose.LOOK_UP]


async def test_a_photo_is_looked_up_in_the_newest_after_that(open_desk: Any) -> None:
    """From a quarter of an hour before the send, page by page, until it is found."""
    script = Script(photos(), photos("x:y=1", pages=3), photos(f"checksum:sha256={SHA}", pages=3))
    assert await open_desk(script).flickr.look_up(Content(SHA), 1_700_000_000.9) == "1"
    assert [script.asked(number).get("page") for number in range(3)] == [None, "1", "2"]
    assert script.asked()["method"] == "flickr.people.getPhotos"
    assert script.asked()["min_upload_date"] == "1699999100"
    assert script.asked()["per_page"] == "500"


async def test_a_look_up_ends_with_the_pages(open_desk: Any) -> None:
    """The last page, or the eighth: an account of a million photos is not walked through."""
    few = Script(photos(), photos("x:y=1", pages=2))
    assert await open_desk(few).flickr.look_up(Content(SHA), 0.0) is None
    assert len(few.requests) == 3
    many = Script(photos(), photos("x:y=1", pages=2000))
    assert await open_desk(many).flickr.look_up(Content(SHA), 0.0) is None
    assert len(many.requests) == 9


async def test_a_search_that_is_not_available_is_tried_again(open_desk: Any) -> None:
    """Error 10 of flickr.photos.search means "not now"."""
    script = Script(failing(10), photos(f"checksum:sha256={SHA}"))
    assert await open_desk(script).flickr.look_up(Content(SHA), 0.0) == "1"


async def test_without_a_content_tag_nothing_can_be_looked_up(open_desk: Any) -> None:
    """It says so, and makes no call."""
    desk = open_desk(Script(photos()), content_tag=False)
    assert not desk.flickr.can_look_up
    assert await desk.flickr.look_up(Content(SHA), 0.0) is None
    assert desk.granted == []


async def test_no_secret_is_ever_told(open_desk: Any, account: Account, parcel: Parcel) -> None:
    """A server that repeats every secret gets none of them into a verdict, an error or a log."""
    secrets = [
        secret.reveal()
        for secret in (account.api_key, account.api_secret, account.token, account.token_secret)
    ]
    repeated = " ".join(secrets)
    answers: list[Any] = [
        httpx.Response(502, html=f"<title>{repeated}</title>"),
        httpx.Response(400, text=repeated),
        httpx.Response(401, text=f"oauth_problem=signature_invalid&debug_sbs={repeated}"),
        f'<rsp stat="fail"><err code="999" msg="{repeated}"/></rsp>',
        {"stat": "fail", "code": 999, "message": repeated},
    ]
    told: list[object] = []
    with capture_logs() as logs:
        for answer in answers:
            desk = open_desk(Script(answer))
            told.append(await desk.flickr.send(parcel))
            with pytest.raises(ServiceError) as raised:
                await desk.flickr.probe()
            told += [str(raised.value), repr(raised.value), repr(desk.flickr)]
    assert logs
    for secret in secrets:
        assert secret not in f"{told} {logs}"
