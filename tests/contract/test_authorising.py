"""What every service promises of a login (`services.authorising`), against its sandbox's pages."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from contract.stand import Stand
from uploadd.model.budget import Purpose
from uploadd.model.errors import ServiceAwayError, ServiceFaultError, ServiceRefusedError
from uploadd.model.pauses import PauseCause
from uploadd.model.secret import Secret
from uploadd.model.verdicts import Ticketed
from uploadd.services.authorising import ConsentRefusedError, Keys, Standing
from uploadd.services.base import Parcel


async def consent(stand: Stand, address: str, answer: str = "yes") -> str:
    """Open the page and answer it; gives the code that it shows, if it shows one."""
    page = await stand.visit(f"{address}&answer={answer}")
    shown = re.search(r"id=verifier>([0-9-]+)<", page.text)
    return shown[1] if shown else ""


async def test_a_login_leads_to_a_token_that_uploads(stand: Stand, parcel: Parcel) -> None:
    """The address, the person's consent, the token, and whose it is."""
    login = stand.authoriser()
    address = await login.begin()
    code = await consent(stand, address)
    assert bool(code) is login.gives_code
    keys = await login.finish(code)
    known = stand.sandbox.options.credentials
    assert await login.check(keys) == Standing(known.nsid, known.username, "write")
    service = stand.service(token=keys.token, token_secret=keys.token_secret)
    assert await service.may_upload() is True
    assert isinstance(await service.send(parcel), Ticketed)
    assert set(stand.granted) == {Purpose.PROBE}


async def test_it_is_the_same_host_as_the_clients(stand: Stand) -> None:
    """Else the login would belong to another identity."""
    for base_url in (None, "https://sandbox.test", "http://127.0.0.1:8080"):
        host = stand.authoriser(base_url=base_url).host
        assert host == stand.service(base_url=base_url).host


async def test_the_page_is_on_the_accounts_own_host(stand: Stand) -> None:
    """And no secret of ours is in its address: it goes through a browser."""
    address = await stand.authoriser().begin()
    account = stand.account()
    assert urlsplit(address).netloc == "sandbox.test"
    assert account.api_secret.reveal() not in address
    assert account.token.reveal() not in address


async def test_an_older_login_plays_no_part(stand: Stand) -> None:
    """Whoever logs in again may have a token that is wrong by now."""
    login = stand.authoriser(token=Secret("a-wrong-token-00"))
    keys = await login.finish(await consent(stand, await login.begin()))
    assert (await login.check(keys)).may_upload


async def test_without_a_consent_there_is_no_token_yet(stand: Stand) -> None:
    """The same step works once the person has agreed."""
    login = stand.authoriser()
    address = await login.begin()
    with pytest.raises(ConsentRefusedError) as raised:
        await login.finish("123-456-789")
    assert not raised.value.is_final
    assert raised.value.remedy
    keys = await login.finish(await consent(stand, address))
    assert (await login.check(keys)).permission == "write"


async def test_a_person_may_say_no(stand: Stand) -> None:
    """Then there is no token."""
    login = stand.authoriser()
    await consent(stand, await login.begin(), "no")
    with pytest.raises(ConsentRefusedError):
        await login.finish("123-456-789")


async def test_a_consent_is_worth_one_token(stand: Stand) -> None:
    """Traded twice it is refused."""
    login = stand.authoriser()
    code = await consent(stand, await login.begin())
    await login.finish(code)
    with pytest.raises(ConsentRefusedError):
        await login.finish(code or "123-456-789")


@pytest.mark.parametrize(
    ("perms", "is_enough"), [("read", False), ("write", True), ("delete", True)]
)
async def test_a_token_is_checked_for_what_it_may(
    stand: Stand, perms: str, is_enough: bool
) -> None:
    """Before it is saved."""
    settings = stand.admit(perms)
    keys = Keys(settings["token"], settings["token_secret"])
    standing = await stand.authoriser().check(keys)
    assert (standing.permission, standing.may_upload) == (perms, is_enough)


async def test_a_token_that_is_none_is_refused(stand: Stand) -> None:
    """It is of another account, or was taken back."""
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.authoriser().check(Keys(Secret("a-wrong-token-00"), Secret("a-wrong-one-000")))
    assert raised.value.pause is not None
    assert raised.value.pause.cause is PauseCause.CREDENTIALS


@pytest.mark.parametrize("what", ["api_key", "api_secret"])
async def test_a_wrong_key_is_told_at_the_first_step(stand: Stand, what: str) -> None:
    """Before anybody is sent to a page."""
    with pytest.raises(ServiceRefusedError) as raised:
        await stand.authoriser(**{what: Secret("a-wrong-one-0000")}).begin()
    assert raised.value.pause is not None
    assert raised.value.pause.cause is PauseCause.CREDENTIALS
    assert raised.value.remedy
    assert len(stand.granted) == 1


async def test_what_may_be_asked_twice_is(stand: Stand) -> None:
    """The first step and the check; each try with leave of its own."""
    login = stand.authoriser()
    stand.script("http-before", 502, where=stand.login_steps[0], first=2)
    keys = await login.finish(await consent(stand, await login.begin()))
    stand.script("http-before", 502, where=stand.login_steps[2], first=2)
    assert (await login.check(keys)).may_upload
    assert len(stand.granted) == 3 + 1 + 3


async def test_the_trade_is_made_once(stand: Stand) -> None:
    """Its reply may be lost, and the consent used up."""
    login = stand.authoriser()
    code = await consent(stand, await login.begin())
    stand.script("lose-reply", where=stand.login_steps[1])
    with pytest.raises(ServiceFaultError):
        await login.finish(code)
    assert len(stand.sandbox.journal.of(stand.login_steps[1])) == 1


@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("kind", ["garbage", "html", "empty"])
async def test_an_unreadable_reply_is_a_fault(stand: Stand, step: int, kind: str) -> None:
    """At every step; a token is never made up of it."""
    login = stand.authoriser()
    stand.script(kind, where=stand.login_steps[step])
    with pytest.raises(ServiceFaultError) as raised:
        await through(stand, login)
    assert raised.value.reason.code == "garbage"


async def test_nothing_is_asked_without_leave(stand: Stand) -> None:
    """What the grant raises comes out."""
    stand.no_leave = LookupError()
    with pytest.raises(LookupError):
        await stand.authoriser().begin()


async def test_a_service_that_is_away_is_told_as_such(stand: Stand, refusing: Any) -> None:
    """Nothing was sent."""
    with pytest.raises(ServiceAwayError):
        await stand.authoriser(refusing).begin()


async def through(stand: Stand, login: Any) -> Standing:
    """Every step of a login."""
    keys = await login.finish(await consent(stand, await login.begin()))
    standing: Standing = await login.check(keys)
    return standing


async def test_a_page_that_is_visited_is_a_page(stand: Stand) -> None:
    """Of the sandbox: what the tests above read a code from."""
    page = await stand.visit(await stand.authoriser().begin())
    assert page.status_code == httpx.codes.OK
    assert page.headers["content-type"].startswith("text/html")
