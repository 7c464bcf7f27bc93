"""What every service promises of each of its read calls (`services.base`), against its sandbox."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contract.stand import Stand
from uploadd.model.budget import Purpose
from uploadd.model.contents import Content
from uploadd.model.errors import (
    ServiceAwayError,
    ServiceFaultError,
    ServiceRefusedError,
)
from uploadd.model.pauses import PauseCause

PURPOSES = {
    "log_in": Purpose.PROBE,
    "probe": Purpose.PROBE,
    "may_upload": Purpose.PROBE,
    "check_tickets": Purpose.TICKETS,
    "look_up": Purpose.LOOK_UP,
    "has_photo": Purpose.LOOK_UP,
    "quota": Purpose.CALL,
}
CALLS = [*PURPOSES]
CONTENT = Content("ab" * 32, "ab" * 16)
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "check_tickets": (["1-2"],),
    "look_up": (CONTENT, 0.0),
    "has_photo": ("404",),
}


class LeaveRefusedError(Exception):
    """Nothing may be asked now."""


async def ask(service: Any, call: str) -> Any:
    """Make one read call."""
    return await getattr(service, call)(*ARGUMENTS.get(call, ()))


@pytest.mark.parametrize("call", CALLS)
async def test_each_request_is_granted_for_what_it_is(stand: Stand, call: str) -> None:
    """As many grants as requests, and none for another purpose."""
    await ask(stand.service(), call)
    assert set(stand.granted) == {PURPOSES[call]}
    assert len(stand.granted) == len(stand.sandbox.journal) >= 1


@pytest.mark.parametrize("call", CALLS)
async def test_nothing_is_asked_without_leave(stand: Stand, call: str) -> None:
    """What the grant raises comes out, and no request was made."""
    stand.no_leave = LeaveRefusedError()
    with pytest.raises(LeaveRefusedError):
        await ask(stand.service(), call)
    assert len(stand.sandbox.journal) == 0


@pytest.mark.parametrize("call", CALLS)
async def test_a_passing_fault_is_retried_with_leave_each_time(stand: Stand, call: str) -> None:
    """Two faults, then an answer; a probe alone asks once."""
    stand.script("http-before", 502, where="rest", first=2)
    began = stand.clock.now
    if call == "probe":
        with pytest.raises(ServiceFaultError):
            await ask(stand.service(), call)
        assert len(stand.granted) == 1
    else:
        await ask(stand.service(), call)
        assert len(stand.granted) == len(stand.sandbox.journal) >= 3
        assert 0 < stand.clock.now - began < 10


def dies(request: httpx.Request) -> httpx.Response:
    """The connection breaks after the request."""
    raise httpx.RemoteProtocolError("no response", request=request)


UNREADABLE: dict[str, Any] = {
    "half of it": httpx.Response(200, content=b'{"stat":"ok","api":{"status":"ok"},"us'),
    "nothing": httpx.Response(200),
    "a page": httpx.Response(200, html="<title>maintenance</title>"),
    "a bomb": httpx.Response(
        200, content=b'{"stat":"ok","api":{"status":"ok"},"a":' + b"[" * 99999
    ),
    "no text": httpx.Response(200, content=b"\xff\xfe\x00"),
    "no object": httpx.Response(200, text='["ok"]'),
    "no envelope": httpx.Response(200, text="{}"),
    "a broken connection": dies,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", UNREADABLE)
async def test_an_unreadable_answer_is_a_fault(stand: Stand, call: str, name: str) -> None:
    """After the last try it is told what came; it is never an answer like "nothing is there"."""
    with pytest.raises(ServiceFaultError) as raised:
        await ask(stand.answering(UNREADABLE[name]), call)
    assert raised.value.reason.code == ("network" if name == "a broken connection" else "garbage")
    assert len(stand.granted) == (1 if call == "probe" else 3)


async def test_a_reply_without_an_end_is_not_read(stand: Stand) -> None:
    """A megabyte is enough of anything but a list."""
    good = b'{"stat":"ok","api":{"status":"ok"},"a":"' + b"x" * 1_100_000 + b'"}'
    with pytest.raises(ServiceFaultError) as raised:
        await stand.answering(httpx.Response(200, content=good)).probe()
    assert raised.value.reason.code == "garbage"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [302, 403, 404, 407])
async def test_something_else_at_the_address_is_a_fault(
    stand: Stand, call: str, status: int
) -> None:
    """A portal or a proxy: asked once, and followed nowhere."""
    page = httpx.Response(status, headers={"Location": "https://elsewhere.test/"}, text="come here")
    with pytest.raises(ServiceFaultError) as raised:
        await ask(stand.answering(page), call)
    assert raised.value.reason.code == f"http-{status}"
    assert raised.value.remedy
    assert len(stand.granted) == 1


@pytest.mark.parametrize("call", CALLS)
async def test_a_service_that_is_away_is_told_as_such(
    stand: Stand, call: str, refusing: Any
) -> None:
    """Nothing was sent, and seconds will not change that: no retry."""
    with pytest.raises(ServiceAwayError) as raised:
        await ask(stand.service(refusing), call)
    assert raised.value.remedy
    assert len(stand.granted) == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seconds", [60, None])
async def test_too_many_requests_pause_the_account(
    stand: Stand, call: str, seconds: int | None
) -> None:
    """Retry-After is handed on; asking again would only make it worse."""
    stand.script("http-before", 429, where="rest", retry_after_seconds=seconds)
    with pytest.raises(ServiceRefusedError) as raised:
        await ask(stand.service(), call)
    assert raised.value.pause is not None
    assert (raised.value.pause.cause, raised.value.pause.seconds) == (PauseCause.RATE, seconds)
    assert len(stand.granted) == 1


@pytest.mark.parametrize("code", ["112", "113"])
async def test_a_wait_beside_an_error_of_the_api_is_handed_on(stand: Stand, code: str) -> None:
    """Where a service says "slow down" in its own words (ipernity), a Retry-After may stand by."""
    if stand.call_outcomes.get(code) is not PauseCause.RATE:
        pytest.skip("wire.md A9: Flickr says it by HTTP 429 alone")
    reply = stand.failures(code, "slow down")[0]
    reply.headers["Retry-After"] = "60"
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.answering(reply).quota()
    assert raised.value.pause is not None
    assert (raised.value.pause.cause, raised.value.pause.seconds) == (PauseCause.RATE, 60)
