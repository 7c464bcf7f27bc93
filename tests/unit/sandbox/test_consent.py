"""The authorize page: a person who agrees, who does not, and who is somebody else."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from uploadd.sandbox import Fault

OAUTH = "http://sandbox.test/services/oauth/"
CALLBACK = "http://localhost:9/back?x=1"
NOBODY = {"resource_owner_key": None, "resource_owner_secret": None}


async def begin(caller, callback: str = CALLBACK) -> dict[str, str]:
    """A request token and its secret, as oauthlib's client takes them."""
    header = caller.header("GET", OAUTH + "request_token", {}, **NOBODY, callback_uri=callback)
    reply = await caller.http.get(OAUTH + "request_token", headers={"Authorization": header})
    told = parse_qs(reply.text)
    return {
        "resource_owner_key": told["oauth_token"][0],
        "resource_owner_secret": told["oauth_token_secret"][0],
    }


async def page(caller, step: dict[str, str], **query: str) -> httpx.Response:
    """The authorize page, with `perms=write` unless told otherwise."""
    params = {"oauth_token": step["resource_owner_key"], "perms": "write"} | query
    return await caller.http.get(OAUTH + "authorize", params=params)


def brought_back(reply: httpx.Response) -> dict[str, list[str]]:
    """What the callback is given."""
    assert reply.status_code == 302
    location = reply.headers["location"]
    assert location.startswith(CALLBACK + "&")
    return parse_qs(urlsplit(location).query)


async def end(caller, step: dict[str, str], verifier: str) -> httpx.Response:
    """Step 3."""
    header = caller.header("GET", OAUTH + "access_token", {}, **step, verifier=verifier)
    return await caller.http.get(OAUTH + "access_token", headers={"Authorization": header})


async def log_in(caller, **query: str) -> dict[str, str]:
    """The whole dance; gives what oauthlib's client takes for further calls."""
    step = await begin(caller)
    (verifier,) = brought_back(await page(caller, step, **query))["oauth_verifier"]
    told = parse_qs((await end(caller, step, verifier)).text)
    return {
        "resource_owner_key": told["oauth_token"][0],
        "resource_owner_secret": told["oauth_token_secret"][0],
    }


async def test_a_denied_login_comes_back_without_a_verifier(caller) -> None:
    """The program is told by its callback, and its request token is of no more use."""
    step = await begin(caller)
    answer = brought_back(await page(caller, step, denied="1"))
    assert answer == {"x": ["1"], "oauth_token": [step["resource_owner_key"]]}
    assert (await end(caller, step, "123")).text == "oauth_problem=token_rejected"
    assert (await page(caller, step)).text == "oauth_problem=token_rejected"


async def test_a_denied_login_without_a_callback(caller) -> None:
    """The page says so; there is no code to type."""
    step = await begin(caller, "oob")
    shown = (await page(caller, step, denied="1")).text
    assert "You have not let the program in" in shown
    assert "verifier" not in shown


async def test_verifiers_look_like_flickrs(caller) -> None:
    """Hex digits for a program, three groups of three digits for a person."""
    (brought,) = brought_back(await page(caller, await begin(caller)))["oauth_verifier"]
    assert re.fullmatch(r"[0-9a-f]{16}", brought)
    shown = (await page(caller, await begin(caller, "oob"))).text
    assert re.search(r"<code id=verifier>\d{3}-\d{3}-\d{3}</code>", shown)


async def test_every_login_can_be_denied(caller) -> None:
    """The option holds for whoever comes, at run time."""
    caller.sandbox.options.consent = "deny"
    assert "oauth_verifier" not in brought_back(await page(caller, await begin(caller)))
    caller.sandbox.options.consent = "at-once"
    assert "oauth_verifier" in brought_back(await page(caller, await begin(caller)))


@pytest.mark.parametrize(("answer", "is_let_in"), [("yes", True), ("no", False)])
async def test_a_person_is_asked(sandbox_caller, answer, is_let_in) -> None:
    """Nothing is decided until a button is pressed; its form carries the whole query again."""
    caller = await sandbox_caller(consent="ask")
    step = await begin(caller)
    asked = await page(caller, step, user="<b>")
    assert (asked.status_code, "<b>write</b>" in asked.text) == (200, True)
    assert "<b><b></b>" not in asked.text
    assert caller.sandbox.logins.requests[step["resource_owner_key"]].verifier is None
    fields = dict(re.findall(r"<input type=hidden name='(.*?)' value='(.*?)'>", asked.text))
    assert fields == {
        "oauth_token": step["resource_owner_key"],
        "perms": "write",
        "user": "&lt;b&gt;",
    }
    pressed = await page(caller, step, answer=answer)
    assert ("oauth_verifier" in brought_back(pressed)) == is_let_in


async def test_a_login_as_somebody_else(caller, error_of) -> None:
    """The token says whose it is, at the trade and later; the owner's photos are not its own."""
    await caller.upload(is_public="0", title="private", tags="a:b=c")
    await caller.upload(title="public")
    changes = await log_in(caller, user="somebody-else")
    form = {"format": "json", "nojsoncallback": "1"}

    async def told(name: str, **arguments: str):
        return (await caller.ask(name, changes=changes, **arguments, **form)).json()

    user = (await told("flickr.auth.oauth.checkToken"))["oauth"]["user"]
    assert user["username"] == "somebody-else"
    assert user["nsid"] != caller.known.nsid
    assert (await told("flickr.test.login"))["user"]["id"] == user["nsid"]
    status = (await told("flickr.people.getUploadStatus"))["user"]
    assert (status["id"], status["bandwidth"]["used"]) == (user["nsid"], 0)
    mine = await told("flickr.people.getPhotos", user_id="me")
    assert mine["photos"]["photo"] == []
    his = await told("flickr.people.getPhotos", user_id=caller.known.nsid)
    assert [photo["title"] for photo in his["photos"]["photo"]] == ["public"]
    found = await told("flickr.photos.search", user_id=caller.known.nsid, machine_tags="a:b=")
    assert found["photos"]["photo"] == []
    private, public = caller.sandbox.photos
    for name, photo in (
        ("flickr.photos.getInfo", private),
        ("flickr.photos.addTags", public),
        ("flickr.photos.addTags", private),
    ):
        tags = {"tags": "x"} if name.endswith("addTags") else {}
        assert (await told(name, photo_id=photo.id, **tags))["code"] == 1
    assert (await told("flickr.photos.getInfo", photo_id=public.id))["stat"] == "ok"


async def test_somebody_elses_uploads_have_no_place_here(caller) -> None:
    """They would go to another account: HTTP 400 and a violation, never among these photos."""
    caller.sandbox.options.logs_in_as = "somebody-else"
    changes = await log_in(caller)
    reply = await caller.upload(changes=changes)
    assert (reply.status_code, "somebody-else's" in reply.text) == (400, True)
    assert len(caller.sandbox.journal.violations()) == 1
    assert len(caller.sandbox.photos) == 0


async def test_the_owner_by_name_is_the_owner(caller) -> None:
    """And two names are two people."""
    assert 'stat="ok"' in (await caller.upload(changes=await log_in(caller, user="sandbox"))).text
    tokens = [await log_in(caller, user=name) for name in ("ann", "bob", "ann")]
    people = [
        caller.sandbox.logins.user_of(caller.sandbox.logins.tokens[one["resource_owner_key"]]).nsid
        for one in tokens
    ]
    assert people[0] == people[2] != people[1]


async def test_a_request_token_is_traded_once(caller) -> None:
    """The second trade is refused, and so is one with a wrong verifier before it."""
    step = await begin(caller)
    (verifier,) = brought_back(await page(caller, step))["oauth_verifier"]
    assert (await end(caller, step, "000-000-00")).text == "oauth_problem=verifier_invalid"
    assert (await end(caller, step, verifier)).status_code == 200
    again = await end(caller, step, verifier)
    assert (again.status_code, again.text) == (401, "oauth_problem=token_rejected")


@pytest.mark.parametrize(("perms", "uploads"), [("read", False), ("write", True), ("delete", True)])
async def test_permissions(caller, perms, uploads) -> None:
    """Each token may do what was agreed to; delete holds write, write holds read."""
    changes = await log_in(caller, perms=perms)
    reply = await caller.upload(changes=changes)
    assert ('stat="ok"' in reply.text) == uploads
    assert ('code="99"' in reply.text) == (not uploads)
    told = await caller.ask("flickr.auth.oauth.checkToken", changes=changes)
    assert f"<perms>{perms}</perms>" in told.text


async def test_an_unknown_permission(caller) -> None:
    """It is made visible."""
    reply = await page(caller, await begin(caller), perms="everything")
    assert (reply.status_code, "everything" in reply.text) == (400, True)


async def test_a_login_that_is_taken_back(caller) -> None:
    """A token that was given by a login is revoked like the one that was there."""
    changes = await log_in(caller)
    assert (await caller.ask("flickr.test.login", changes=changes)).status_code == 200
    caller.sandbox.logins.revoke(changes["resource_owner_key"])
    for reply in (
        await caller.ask("flickr.auth.oauth.checkToken", changes=changes),
        await caller.upload(changes=changes),
    ):
        assert (reply.status_code, reply.text) == (401, "oauth_problem=token_rejected")


async def test_the_page_can_be_out_of_order(caller) -> None:
    """Faults reach it, too; the request token stays good."""
    caller.sandbox.faults.add(Fault("http-before", first=1, where="oauth.authorize", code=503))
    step = await begin(caller)
    assert (await page(caller, step)).status_code == 503
    assert "oauth_verifier" in brought_back(await page(caller, step))
