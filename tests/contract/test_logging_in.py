"""Whose account it is, what its token may do, and what a wrong login comes to (`services.base`)."""

from __future__ import annotations

from typing import Any

import pytest

from contract.stand import DAY, Stand
from uploadd.model.budget import Purpose
from uploadd.model.errors import ServiceFaultError, ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.model.verdicts import Pause, Ticketed
from uploadd.sandbox import Credentials
from uploadd.services.base import Login, Parcel

CALLS = ["log_in", "probe", "may_upload", "quota"]


async def test_the_login_is_the_accounts_own(stand: Stand) -> None:
    """Its user id makes the identity."""
    known = stand.sandbox.options.credentials
    assert await stand.service().log_in() == Login(known.nsid, known.username)
    assert stand.granted == [Purpose.PROBE]


async def test_a_login_of_nobody_is_a_fault(stand: Stand) -> None:
    """Without an id there is no identity to keep anything by."""
    with pytest.raises(ServiceFaultError) as raised:
        await stand.answering(stand.wrapped({"user": {}, "auth": {"user": {}}})).log_in()
    assert raised.value.reason.code == "garbage"


async def test_the_host_is_part_of_the_identity(stand: Stand) -> None:
    """The service's own name, or what stands in its place; a port where it is not the usual."""
    assert stand.service().host == "sandbox.test"
    assert stand.service(base_url=None).host == f"{stand.name}.com"
    assert stand.service(base_url="http://127.0.0.1:8080").host == "127.0.0.1:8080"
    assert stand.service(base_url="https://sandbox.test:443/").host == "sandbox.test"


async def test_a_probe_is_one_call(stand: Stand) -> None:
    """It is never retried: whoever probes decides when to do so again."""
    await stand.service().probe()
    assert stand.granted == [Purpose.PROBE]


@pytest.mark.parametrize(
    ("perms", "is_enough"), [("read", False), ("write", True), ("delete", True)]
)
async def test_a_token_may_upload_or_not(
    stand: Stand, parcel: Parcel, perms: str, is_enough: bool
) -> None:
    """And an upload shows the same."""
    service = stand.service(**stand.admit(perms))
    assert await service.may_upload() is is_enough
    verdict = await service.send(parcel)
    assert isinstance(verdict, Ticketed if is_enough else Pause)
    if isinstance(verdict, Pause):
        assert verdict.cause is PauseCause.CREDENTIALS
    assert stand.kept() == ([parcel.sha256] if is_enough else [])


@pytest.mark.parametrize(
    ("permission", "is_enough"),
    [("read", False), ("none", False), ("write", True), ("delete", True), ("", None), (None, None)],
)
async def test_a_permission_that_is_not_told_is_unknown(
    stand: Stand, permission: str | None, is_enough: bool | None
) -> None:
    """Unknown is not the same as no."""
    assert await stand.answering(stand.token_reply(permission)).may_upload() is is_enough


async def test_a_permission_has_two_names(stand: Stand) -> None:
    """Documented as `perms`, read as `permissions` by clients (ipernity; wire.md, B2)."""
    if stand.name != "ipernity":
        pytest.skip("wire.md A3: flickr.auth.oauth.checkToken has one form")
    for name in ("perms", "permissions"):
        stand.sandbox.options.permissions_name = name  # type: ignore[attr-defined]
        assert await stand.service().may_upload() is True


def wrong(stand: Stand, what: str) -> dict[str, Secret]:
    """Settings of which one is wrong."""
    strange = stand.other.options.credentials
    assert isinstance(strange, Credentials)
    return {
        "key": {"api_key": Secret("a-wrong-key-0000")},
        "secret": {"api_secret": Secret("a-wrong-secret-0")},
        "token": {"token": Secret("a-wrong-token-00")},
        "the other service's token": {
            "token": Secret(strange.token),
            "token_secret": Secret(strange.token_secret),
        },
        "the other service's key": {
            "api_key": Secret(strange.api_key),
            "api_secret": Secret(strange.api_secret),
        },
    }[what]


WRONG = ["key", "secret", "token", "the other service's token", "the other service's key"]


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("call", CALLS)
async def test_a_wrong_login_stops_the_account(stand: Stand, call: str, what: str) -> None:
    """At once, in one call; a person must act, and is told what to do."""
    with pytest.raises(ServiceRefusedError) as raised:
        await getattr(stand.service(**wrong(stand, what)), call)()
    error = raised.value
    assert error.pause is not None
    assert error.pause.cause is PauseCause.CREDENTIALS
    assert error.remedy
    assert len(stand.granted) == 1


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("endpoint", ["send", "replace"])
async def test_nothing_is_kept_by_a_wrong_login(
    stand: Stand, parcel: Parcel, endpoint: str, what: str
) -> None:
    """It is no fault of the file's."""
    service = stand.service(**wrong(stand, what))
    verdict = await (service.send(parcel) if endpoint == "send" else service.replace(parcel, "7"))
    assert isinstance(verdict, Pause)
    assert (verdict.cause, verdict.seconds) == (PauseCause.CREDENTIALS, None)
    assert verdict.reason.remedy
    assert stand.kept() == []


async def test_a_token_that_was_taken_back_stops_the_account(stand: Stand, parcel: Parcel) -> None:
    """In the middle of everything."""
    service = stand.service()
    assert isinstance(await service.send(parcel), Ticketed)
    stand.sandbox.logins.revoke(stand.account().token.reveal())
    verdict = await service.send(parcel)
    assert isinstance(verdict, Pause)
    assert verdict.cause is PauseCause.CREDENTIALS


@pytest.mark.parametrize("ahead", [7 * DAY, -7 * DAY])
@pytest.mark.parametrize("endpoint", ["send", "probe"])
async def test_a_wrong_clock_is_told_apart_from_a_wrong_login(
    stand: Stand, parcel: Parcel, ahead: float, endpoint: str
) -> None:
    """Nobody needs a new token because the time of day is wrong."""
    service = stand.service()
    there = stand.clock.now - ahead
    stand.sandbox.now = lambda: there
    if stand.name != "flickr":  # wire.md B2: api_sig holds no time, so none can be refused
        assert await service.probe() is None
        return
    pause = await paused_by(service, endpoint, parcel)
    assert pause.cause is PauseCause.CLOCK
    assert f"7 d {'ahead of' if ahead > 0 else 'behind'}" in pause.reason.text


@pytest.mark.parametrize(
    ("ahead", "told"),
    [(7500, "about 2 h 5 min ahead of"), (-86400, "about 1 d behind"), (1, ""), (0, "")],
)
@pytest.mark.parametrize("endpoint", ["send", "probe"])
async def test_it_is_said_how_far_the_clock_is_off(
    stand: Stand, parcel: Parcel, endpoint: str, ahead: float, told: str
) -> None:
    """As far as the reply's own date tells."""
    service = stand.answering(stand.clock_refusal(ahead))
    pause = await paused_by(service, endpoint, parcel)
    assert pause.cause is PauseCause.CLOCK
    assert "clock" in pause.reason.remedy
    if told:
        assert told in pause.reason.text
    else:
        assert "this computer's clock is about" not in pause.reason.text


async def paused_by(service: Any, endpoint: str, parcel: Parcel) -> Pause:
    """The pause that a send or a probe comes to."""
    if endpoint == "send":
        verdict = await service.send(parcel)
        assert isinstance(verdict, Pause)
        return verdict
    with pytest.raises(ServiceRefusedError) as raised:
        await service.probe()
    assert raised.value.pause is not None
    return raised.value.pause
