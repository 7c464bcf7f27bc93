"""ipernity's client: what is asked, how often, with whose leave, and what is never said."""

from __future__ import annotations

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
from uploadd.model.tickets import TicketState
from uploadd.model.verdicts import Kept, Reschedule, Ticketed, Uncertain
from uploadd.services.base import Login, Parcel, Service
from uploadd.services.ipernity.signing import signature

SHA, MD5 = "ab" * 32, "cd" * 16
CONTENT = Content(SHA, MD5)


def ok(**fields: object) -> dict[str, object]:
    """A reply that says ok."""
    return {"api": {"status": "ok"}, **fields}


def failing(code: int) -> dict[str, object]:
    """An error of the API."""
    return {"api": {"status": "error", "code": code, "message": "told"}}


def documents(*found: tuple[str, str]) -> dict[str, object]:
    """An answer of doc.checkMD5."""
    told = [{"md5": md5, "found": "1", "doc_id": doc_id} for md5, doc_id in found]
    return ok(docs={"count": str(len(told)), "found": str(len(told)), "doc": told})


LOGIN = ok(auth={"perms": {"doc": "write"}, "user": {"user_id": "12", "username": "me"}})
TICKET = ok(ticket="6-7")


def test_it_keeps_the_contract(open_ipernity: Any) -> None:
    """The type checker compares the two; the names are compared here."""
    ipernity: Service = open_ipernity(Script(LOGIN)).ipernity
    wanted = [name for name in vars(Service) if not name.startswith("_")]
    assert all(hasattr(ipernity, name) for name in wanted)
    assert (ipernity.tickets_per_call, ipernity.finds_per_call) == (50, 20)
    assert (ipernity.can_look_up, ipernity.looks_at_content) == (True, True)
    assert (ipernity.compares_on_send, ipernity.names_ticket_waits) == (False, True)


@pytest.mark.parametrize(
    ("base_url", "host", "url"),
    [
        (None, "ipernity.com", "https://api.ipernity.com/api/auth.checkToken/json"),
        ("http://[::1]:8080/", "[::1]:8080", "http://[::1]:8080/api/auth.checkToken/json"),
        ("https://x.test:443", "x.test", "https://x.test/api/auth.checkToken/json"),
    ],
)
async def test_where_it_asks_and_who_it_is(
    open_ipernity: Any, base_url: str | None, host: str, url: str
) -> None:
    """The port belongs to the identity where it is not the scheme's own."""
    script = Script(LOGIN)
    ipernity = open_ipernity(script, base_url=base_url).ipernity
    await ipernity.probe()
    assert (ipernity.host, str(script.requests[0].url)) == (host, url)
    assert ipernity.edit_url(["1"]) is None


async def test_every_call_is_signed_and_says_who_asks(open_ipernity: Any, account: Account) -> None:
    """By POST, with the key, the token, and the signature over both."""
    script = Script(LOGIN)
    await open_ipernity(script).ipernity.log_in()
    (request,), asked = script.requests, script.asked()
    assert request.method == "POST"
    signed = {name: value for name, value in asked.items() if name != "api_sig"}
    assert signed == {
        "api_key": account.api_key.reveal(),
        "auth_token": account.token.reveal(),
    }
    secret = account.api_secret.reveal()
    assert asked["api_sig"] == signature([*signed.items()], "auth.checkToken", secret)


async def test_a_photo_is_sent_once_signed_and_asynchronously(
    open_ipernity: Any, parcel: Parcel, account: Account
) -> None:
    """The verdict holds the ticket; nobody's leave is asked, as the caller has it already."""
    script = Script(TICKET)
    desk = open_ipernity(script)
    assert await desk.ipernity.send(parcel) == Ticketed("6-7")
    (request,) = script.requests
    assert str(request.url) == "https://api.ipernity.com/api/upload.file/json"
    fields = [
        ("title", "A photo"),
        ("is_public", "0"),
        ("is_friend", "0"),
        ("is_family", "0"),
        ("async", "1"),
        ("api_key", account.api_key.reveal()),
        ("auth_token", account.token.reveal()),
    ]
    api_sig = signature(fields, "upload.file", account.api_secret.reveal())
    for name, value in (*fields, ("api_sig", api_sig)):
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in request.content
    assert b'name="file"; filename="IMG_0001.jpg"' in request.content
    assert account.api_secret.reveal().encode() not in request.content
    assert desk.granted == []


async def test_a_replacement_names_its_document(open_ipernity: Any, parcel: Parcel) -> None:
    """And says nothing else about it."""
    script = Script(TICKET)
    assert await open_ipernity(script).ipernity.replace(parcel, "77") == Ticketed("6-7")
    (request,) = script.requests
    assert str(request.url) == "https://api.ipernity.com/api/upload.replace/json"
    assert b'name="doc_id"\r\n\r\n77\r\n' in request.content
    assert b'name="async"\r\n\r\n1\r\n' in request.content
    assert b'name="title"' not in request.content


async def test_a_synchronous_reply_is_taken_too(open_ipernity: Any, parcel: Parcel) -> None:
    """A service that ignores `async` still names the document."""
    assert await open_ipernity(Script(ok(doc_id="42"))).ipernity.send(parcel) == Kept("42")


@pytest.mark.parametrize("answer", [httpx.ReadError("reset"), "", "<html>", ok(), ok(ticket="")])
async def test_a_reply_that_cannot_be_trusted_leaves_it_uncertain(
    open_ipernity: Any, parcel: Parcel, answer: object
) -> None:
    """The whole body was sent."""
    assert isinstance(await open_ipernity(Script(answer)).ipernity.send(parcel), Uncertain)


async def test_a_service_that_is_not_there_is_a_pause(open_ipernity: Any, parcel: Parcel) -> None:
    """Nothing was sent: no attempt of this file."""
    verdict = await open_ipernity(Script(httpx.ConnectError("no"))).ipernity.send(parcel)
    assert (verdict.cause, verdict.seconds) == (PauseCause.AWAY, None)


async def test_trouble_of_the_file_is_not_the_services(
    open_ipernity: Any, parcel: Parcel, body: Any
) -> None:
    """It passes through `send`, and the file is closed."""
    gone = body([b"abc"], trouble=FileVanishedError("gone"))
    with pytest.raises(FileVanishedError):
        await open_ipernity(Script(TICKET)).ipernity.send(replace(parcel, body=gone))
    assert gone.is_closed


async def test_a_login_is_asked_for(open_ipernity: Any) -> None:
    """auth.checkToken tells whose account it is, and what may be done."""
    desk = open_ipernity(Script(LOGIN))
    assert await desk.ipernity.log_in() == Login("12", "me")
    assert await desk.ipernity.may_upload() is True
    assert desk.granted == [Purpose.PROBE] * 2


async def test_a_login_without_an_id_is_a_fault(open_ipernity: Any) -> None:
    """There is no identity to key anything by."""
    with pytest.raises(ServiceFaultError):
        await open_ipernity(Script(ok(auth={"user": {"username": "me"}}))).ipernity.log_in()


async def test_a_read_call_is_tried_three_times_each_with_leave(open_ipernity: Any) -> None:
    """500, 501 and 503 pass by themselves."""
    desk = open_ipernity(Script(failing(500), failing(503), LOGIN))
    await desk.ipernity.log_in()
    assert desk.granted == [Purpose.PROBE] * 3
    assert len(desk.clock.slept) == 2


async def test_a_probe_is_never_retried(open_ipernity: Any) -> None:
    """One call, one answer."""
    desk = open_ipernity(Script(failing(501)))
    with pytest.raises(ServiceFaultError):
        await desk.ipernity.probe()
    assert desk.granted == [Purpose.PROBE]


async def test_a_login_that_is_wrong_is_not_retried(open_ipernity: Any) -> None:
    """105 and 106 are no passing faults here."""
    for code in (105, 106):
        desk = open_ipernity(Script(failing(code)))
        with pytest.raises(ServiceRefusedError) as raised:
            await desk.ipernity.quota()
        assert raised.value.pause.cause is PauseCause.CREDENTIALS
        assert len(desk.granted) == 1


def tickets(*listed: dict[str, str]) -> dict[str, object]:
    """An answer of upload.checkTickets."""
    return ok(tickets={"count": str(len(listed)), "ticket": [*listed]})


async def test_tickets_are_asked_for_in_one_call(open_ipernity: Any) -> None:
    """Only what was asked for is answered; an eta is handed on."""
    script = Script(
        tickets(
            {"id": "6-1", "done": "0", "invalid": "0", "eta": "120"},
            {"id": "6-2", "done": "0", "invalid": "1"},
            {"id": "9", "done": "0", "invalid": "0"},
        )
    )
    desk = open_ipernity(script)
    found = await desk.ipernity.check_tickets(["6-1", "6-2", "6-3"])
    assert {name: reply.state for name, reply in found.items()} == {
        "6-1": TicketState.PENDING,
        "6-2": TicketState.UNKNOWN,
    }
    assert found["6-1"].eta_seconds == 120.0
    assert script.asked()["tickets"] == "6-1,6-2,6-3"
    assert desk.granted == [Purpose.TICKETS]
    assert await desk.ipernity.check_tickets([]) == {}


class Forgetful:
    """Knows every ticket but some, and says so only with error 1."""

    def __init__(self, *forgotten: str) -> None:
        self._forgotten = set(forgotten)
        self.asked: list[list[str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        fields = dict(part.split("=") for part in request.content.decode().split("&"))
        names = fields["tickets"].split("%2C")
        self.asked.append(names)
        if self._forgotten & set(names):
            return httpx.Response(200, json=failing(1))
        done = [{"id": name, "done": "1", "doc_id": name[2:]} for name in names]
        return httpx.Response(200, json=tickets(*done))


async def test_one_forgotten_ticket_does_not_hold_up_the_others(open_ipernity: Any) -> None:
    """Error 1 says "some or all" only: they are asked for in halves."""
    names = [f"6-{number}" for number in range(1, 51)]
    server = Forgetful("6-17")
    desk = open_ipernity(server)
    found = await desk.ipernity.check_tickets(names)
    unknown = [name for name, reply in found.items() if reply.state is TicketState.UNKNOWN]
    assert (len(found), unknown) == (50, ["6-17"])
    assert len(server.asked) == len(desk.granted) <= 13


async def test_what_was_told_of_one_half_is_kept_where_the_other_fails(open_ipernity: Any) -> None:
    """A ticket that is done is not asked for again."""
    done = tickets({"id": "6-1", "done": "1", "doc_id": "42"})
    ipernity = open_ipernity(Script(failing(1), done, httpx.Response(404))).ipernity
    assert set(await ipernity.check_tickets(["6-1", "6-2"])) == {"6-1"}
    with pytest.raises(ServiceFaultError):
        await open_ipernity(Script(failing(1), ok(), httpx.Response(404))).ipernity.check_tickets(
            ["6-1", "6-2"]
        )


async def test_a_document_is_looked_up_by_its_content(open_ipernity: Any) -> None:
    """Whenever it came: an exact content needs no window."""
    script = Script(documents((MD5, "42")))
    desk = open_ipernity(script)
    assert await desk.ipernity.look_up(CONTENT, 1_700_000_000.0) == "42"
    assert script.requests[0].url.path == "/api/doc.checkMD5/json"
    assert script.asked()["md5"] == MD5
    assert desk.granted == [Purpose.LOOK_UP]


@pytest.mark.parametrize("answer", [documents(), ok(), ok(docs=None), failing(1)])
async def test_what_is_not_there_is_not_found(open_ipernity: Any, answer: object) -> None:
    """An empty answer, one about nothing, or error 1: Document not found."""
    desk = open_ipernity(Script(answer))
    assert await desk.ipernity.look_up(CONTENT, 0.0) is None
    assert await desk.ipernity.find([CONTENT]) == {}


async def test_a_document_without_an_id_is_never_taken_for_absent(open_ipernity: Any) -> None:
    """It would be sent a second time."""
    answer = ok(docs={"doc": [{"md5": MD5, "found": "1"}]})
    for ask in ("look_up", "find"):
        desk = open_ipernity(Script(answer))
        with pytest.raises(ServiceFaultError, match="is there"):
            await (desk.ipernity.look_up(CONTENT, 0.0) if ask == "look_up" else
                   desk.ipernity.find([CONTENT]))  # fmt: skip


async def test_a_content_without_its_md5_cannot_be_looked_up(open_ipernity: Any) -> None:
    """Refused, so that nobody takes it for absent; no call is made."""
    desk = open_ipernity(Script(documents()))
    with pytest.raises(ServiceRefusedError) as raised:
        await desk.ipernity.look_up(Content(SHA), 0.0)
    assert raised.value.pause is None
    assert await desk.ipernity.find([Content(SHA)]) == {}
    assert desk.granted == []


async def test_many_contents_are_one_call(open_ipernity: Any) -> None:
    """Twenty at once; twins and those without an MD5 are not asked for twice, or at all."""
    contents = [Content(f"{number:064x}", f"{number:032x}") for number in range(18)]
    contents += [Content("t" * 64, f"{3:032x}"), Content("n" * 64)]
    script = Script(documents((f"{3:032x}", "33"), (f"{5:032x}", "55")))
    desk = open_ipernity(script)
    found = await desk.ipernity.find(contents)
    assert found == {f"{3:064x}": "33", "t" * 64: "33", f"{5:064x}": "55"}
    assert script.asked()["md5"] == ",".join(f"{number:032x}" for number in range(18))
    assert desk.granted == [Purpose.LOOK_UP]


async def test_a_document_is_there_or_not(open_ipernity: Any) -> None:
    """doc.get; error 1 is an answer, any other a refusal."""
    script = Script(ok(doc={"doc_id": "42"}), failing(1), failing(109))
    ipernity = open_ipernity(script).ipernity
    assert await ipernity.has_photo("42") is True
    assert script.asked()["doc_id"] == "42"
    assert await ipernity.has_photo("43") is False
    with pytest.raises(ServiceRefusedError):
        await ipernity.has_photo("44")


async def test_the_quota_is_asked_for(open_ipernity: Any) -> None:
    """account.getQuota: the specification's user.getQuota is no live method."""
    script = Script(ok(quota={"is_pro": "0", "maxfilesize": {"photo": {"bytes": "9"}}}))
    desk = open_ipernity(script)
    quota = await desk.ipernity.quota()
    assert (quota.photo_max_bytes, quota.is_pro) == (9, False)
    assert script.requests[0].url.path == "/api/account.getQuota/json"
    assert await desk.ipernity.with_private_left(quota) == quota
    assert desk.granted == [Purpose.CALL]


async def test_nothing_is_marked_and_nothing_is_listed(open_ipernity: Any) -> None:
    """The contents themselves are looked at, so that there is nothing to adopt."""
    desk = open_ipernity(Script(LOGIN))
    await desk.ipernity.mark_content("42", SHA)
    with pytest.raises(ServiceRefusedError, match="needs no adoption"):
        await desk.ipernity.photos_between(0.0, None)
    assert desk.granted == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ConnectError("refused"), ServiceAwayError),
        (httpx.Response(404), ServiceFaultError),
        (httpx.Response(302), ServiceFaultError),
        (httpx.Response(429), ServiceRefusedError),
        ("<html>", ServiceFaultError),
    ],
)
async def test_what_is_no_answer_is_an_error(
    open_ipernity: Any, answer: object, kind: type[Exception]
) -> None:
    """Nothing is taken for an empty answer."""
    with pytest.raises(kind):
        await open_ipernity(Script(answer)).ipernity.find([CONTENT])


async def test_a_body_cut_short_is_a_plain_reschedule(open_ipernity: Any, parcel: Parcel) -> None:
    """Before the last chunk nothing can have been kept."""

    class Halfway(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            assert isinstance(request.stream, httpx.AsyncByteStream)
            await anext(aiter(request.stream))
            raise httpx.ReadError("reset", request=request)

    verdict = await open_ipernity(Halfway()).ipernity.send(parcel)
    assert isinstance(verdict, Reschedule)
    assert (verdict.was_sent, verdict.reason.code) == (False, "network")


async def test_no_secret_is_ever_told(open_ipernity: Any, account: Account, parcel: Parcel) -> None:
    """A server that repeats every secret gets none of them into a verdict, an error or a log."""
    secrets = [secret.reveal() for secret in (account.api_key, account.api_secret, account.token)]
    repeated = " ".join(secrets)
    answers: list[Any] = [
        httpx.Response(502, html=f"<title>{repeated}</title>"),
        httpx.Response(400, text=repeated),
        repeated,
        {"api": {"status": "error", "code": 999, "message": repeated}},
        f'<api status="error" code="999" message="{repeated}"/>',
    ]
    told: list[object] = []
    with capture_logs() as logs:
        for answer in answers:
            desk = open_ipernity(Script(answer))
            told.append(await desk.ipernity.send(parcel))
            with pytest.raises(ServiceError) as raised:
                await desk.ipernity.probe()
            told += [str(raised.value), repr(raised.value), repr(desk.ipernity)]
    assert logs
    for secret in secrets:
        assert secret not in f"{told} {logs}"
