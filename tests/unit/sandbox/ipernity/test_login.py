"""The login by frob, and whose a token is."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

import httpx
import pytest

KEY, SECRET = "sandbox-ipernity-key", "sandbox-ipernity-secret"


def link(**fields: str) -> str:
    """An authorise link; it is signed without a method."""
    whole = {"api_key": KEY, **fields}
    text = "".join(name + whole[name] for name in sorted(whole)) + SECRET
    whole["api_sig"] = hashlib.md5(text.encode()).hexdigest()
    return f"/apps/authorize?{urlencode(whole)}"


async def frob_of(caller) -> str:
    """A new frob; the call carries no token."""
    return (await caller.ask("auth.getFrob", {"auth_token": None})).json()["auth"]["frob"]


async def trade(caller, frob: str) -> dict[str, object]:
    """What auth.getToken answers."""
    reply = await caller.ask("auth.getToken", {"auth_token": None}, frob=frob)
    told: dict[str, object] = reply.json()
    return told


async def test_the_whole_login(caller) -> None:
    """Frob, consent, token; the token works, once traded the frob does not, and it outlives us."""
    frob = await frob_of(caller)
    page = await caller.http.get(link(frob=frob, perm_doc="write"))
    assert (page.status_code, "let the program in" in page.text) == (200, True)
    auth = (await trade(caller, frob))["auth"]
    assert auth["permissions"]["doc"] == "write"
    assert (auth["user"]["user_id"], auth["user"]["username"]) == ("54321", "sandbox")
    told = (await caller.ask("auth.checkToken", {"auth_token": auth["token"]})).json()
    assert told["auth"]["token"] == auth["token"]
    assert (await caller.send(changes={"auth_token": auth["token"]})).json()["ticket"]
    assert int((await trade(caller, frob))["api"]["code"]) == 2


async def test_a_token_that_only_reads(caller) -> None:
    """Uploads with it are error 110."""
    frob = await frob_of(caller)
    await caller.http.get(link(frob=frob, perm_doc="read"))
    token = (await trade(caller, frob))["auth"]["token"]
    assert int((await caller.send(changes={"auth_token": token})).json()["api"]["code"]) == 110


async def test_frobs_that_give_no_token(make_caller) -> None:
    """None, unknown, without consent, turned away, too old."""
    caller = await make_caller(frob_seconds=60)
    assert int((await trade(caller, ""))["api"]["code"]) == 1
    assert int((await trade(caller, "1-2"))["api"]["code"]) == 2
    waiting = await frob_of(caller)
    assert int((await trade(caller, waiting))["api"]["code"]) == 2
    caller.account.options.consent = "deny"
    assert (await caller.http.get(link(frob=waiting, perm_doc="write"))).status_code == 200
    assert int((await trade(caller, waiting))["api"]["code"]) == 2
    caller.account.options.consent = "at-once"
    waiting = await frob_of(caller)
    await caller.http.get(link(frob=waiting, perm_doc="write"))
    caller.clock.seconds += 61
    assert int((await trade(caller, waiting))["api"]["code"]) == 2


async def test_a_page_that_asks(make_caller) -> None:
    """Consent comes with the button; the answer is no part of what the link signs."""
    caller = await make_caller(consent="ask")
    frob = await frob_of(caller)
    address = link(frob=frob, perm_doc="write")
    assert "answer" in (await caller.http.get(address)).text
    assert int((await trade(caller, frob))["api"]["code"]) == 2
    await caller.http.get(f"{address}&answer=yes")
    assert "auth" in await trade(caller, frob)
    other = await frob_of(caller)
    await caller.http.get(link(frob=other, perm_doc="write") + "&answer=no")
    assert int((await trade(caller, other))["api"]["code"]) == 2


async def test_another_persons_token(make_caller) -> None:
    """It says whose it is; the sandbox keeps one account, so nothing else is done with it."""
    caller = await make_caller(logs_in_as="ann")
    frob = await frob_of(caller)
    await caller.http.get(link(frob=frob, perm_doc="write"))
    auth = (await trade(caller, frob))["auth"]
    assert auth["user"]["username"] == "ann"
    assert auth["user"]["user_id"].isdigit()
    assert auth["user"]["user_id"] != "54321"
    assert (await caller.send(changes={"auth_token": auth["token"]})).status_code == 400
    assert len(caller.account.photos) == 0


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"api_key": "x"}, 403, "101: API Key is invalid"),
        ({"api_sig": "0"}, 403, "105: Signature is invalid"),
        ({"api_sig": ""}, 403, "104: Signature missing"),
    ],
)
async def test_links_that_are_not_valid(caller, change, status, text) -> None:
    """The page says what is wrong with them."""
    url = httpx.URL(link(frob=await frob_of(caller), perm_doc="write"))
    reply = await caller.http.get(url.copy_merge_params(change))
    assert (reply.status_code, text in reply.text) == (status, True)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"perm_doc": "write"}, "frob"),
        ({"frob": "1-2", "perm_doc": "write"}, "frob"),
        ({"frob": "1-2"}, "perm_doc"),
        ({"frob": "1-2", "perm_doc": "all"}, "perm_doc"),
        ({"frob": "1-2", "perm_doc": "write", "perms": "x"}, "perms"),
    ],
)
async def test_links_that_ask_for_something_else(caller, fields, text) -> None:
    """HTTP 400 and a violation, although they are signed well."""
    reply = await caller.http.get(link(**fields))
    assert (reply.status_code, text in reply.text) == (400, True)
    assert len(caller.account.journal.violations()) == 1


async def test_the_signature_of_a_link_knows_no_method(caller) -> None:
    """One that was made for a method is refused."""
    fields = caller.signed(
        "auth.getToken", {"frob": await frob_of(caller), "perm_doc": "write"}, auth_token=None
    )
    assert (await caller.http.get("/apps/authorize", params=fields)).status_code == 403


async def test_perms_under_their_other_name(make_caller) -> None:
    """As the documentation of auth.checkToken has it."""
    caller = await make_caller(permissions_name="perms")
    auth = (await caller.call("auth.checkToken"))["auth"]
    assert (auth["perms"]["doc"], "permissions" in auth) == ("write", False)


async def test_a_token_that_was_taken_back(caller) -> None:
    """Error 107 from then on."""
    caller.account.logins.revoke("sandbox-ipernity-token")
    assert await caller.error("auth.checkToken") == 107
