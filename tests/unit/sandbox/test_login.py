"""Who is let in, and how the others are told."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from uploadd.sandbox import Credentials, Fault
from uploadd.sandbox.flickr import signing


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"client_key": "nobody"}, "consumer_key_unknown"),
        ({"resource_owner_key": "stale"}, "token_rejected"),
        ({"client_secret": "wrong"}, "signature_invalid"),
        ({"resource_owner_secret": "wrong"}, "signature_invalid"),
        ({"signature_method": "PLAINTEXT"}, "signature_method_rejected"),
    ],
)
async def test_refusals_are_plain_text_401(caller, changes, problem) -> None:
    """OAuth's refusals come as HTTP 401 text/plain on uploads and REST alike."""
    for reply in (
        await caller.upload(changes=changes),
        await caller.ask("flickr.test.login", changes=changes),
    ):
        assert reply.status_code == 401
        assert reply.headers["content-type"].startswith("text/plain")
        assert parse_qs(reply.text)["oauth_problem"] == [problem]
    assert len(caller.sandbox.photos) == 0


async def test_signature_invalid_shows_the_base_string(caller) -> None:
    """The server's base string comes along, as Flickr's does."""
    reply = await caller.upload(changes={"client_secret": "wrong"}, title="a b")
    assert "&debug_sbs=POST&http%3A%2F%2Fsandbox.test%2Fservices%2Fupload%2F&" in reply.text
    assert "title%3Da%2520b" in reply.text


async def test_every_field_but_the_photo_is_signed(caller) -> None:
    """A field that the signature does not cover is found out."""
    header = caller.header("POST", "http://sandbox.test/services/upload/", {"title": "a"})
    reply = await caller.http.post(
        "/services/upload/",
        data={"title": "a", "tags": "b"},
        files={"photo": ("a.jpg", b"\xff\xd8\xff")},
        headers={"Authorization": header},
    )
    assert reply.text.startswith("oauth_problem=signature_invalid")


@pytest.mark.parametrize(("skew", "status"), [(299, 200), (-299, 200), (302, 401), (-302, 401)])
async def test_timestamps_may_be_five_minutes_off(caller, skew, status) -> None:
    """Beyond 300 s either way the timestamp is refused."""
    reply = await caller.ask(
        "flickr.test.login", changes={"timestamp": str(int(caller.clock()) + skew)}
    )
    assert reply.status_code == status
    assert ("timestamp_refused" in reply.text) == (status == 401)


async def test_a_nonce_counts_once(caller) -> None:
    """The same nonce at the same second is refused; a later second makes it new."""
    await caller.ask("flickr.test.login", changes={"nonce": "once"})
    again = await caller.ask("flickr.test.login", changes={"nonce": "once"})
    assert (again.status_code, again.text) == (401, "oauth_problem=nonce_used")
    caller.clock.seconds += 1
    assert (await caller.ask("flickr.test.login", changes={"nonce": "once"})).status_code == 200


@pytest.mark.parametrize("place", ["query", "form"])
async def test_oauth_parameters_outside_the_header(caller, place) -> None:
    """OAuth parameters may also come in the query or the form."""
    known = Credentials()
    pairs = {
        "method": "flickr.test.login",
        "oauth_consumer_key": known.api_key,
        "oauth_token": known.token,
        "oauth_nonce": "n",
        "oauth_timestamp": str(int(caller.clock())),
        "oauth_signature_method": "HMAC-SHA1",
    }
    method = "GET" if place == "query" else "POST"
    base = signing.base_string(method, "http://sandbox.test/services/rest/", pairs.items())
    pairs["oauth_signature"] = signing.signature(base, known.api_secret, known.token_secret)
    where = {"params": pairs} if place == "query" else {"data": pairs}
    reply = await caller.http.request(method, "/services/rest/", **where)
    assert (reply.status_code, 'stat="ok"' in reply.text) == (200, True)


async def test_uploads_need_write(sandbox_caller, error_of) -> None:
    """A token with read permission may look, not upload."""
    caller = await sandbox_caller(credentials=Credentials(perms="read"))
    assert error_of(await caller.upload()) == "99"
    assert (await caller.call("flickr.test.login"))["stat"] == "ok"


async def test_unsigned_calls(caller, error_of) -> None:
    """Without a signature: no or an unknown key is 100, a known one 99 where a login is needed."""
    for arguments, code in (
        ({}, "100"),
        ({"api_key": "x"}, "100"),
        ({"api_key": "sandbox-key"}, "99"),
        ({"api_key": "sandbox-key", "api_sig": "0"}, "96"),
    ):
        reply = await caller.http.get(
            "/services/rest/", params={"method": "flickr.test.login", **arguments}
        )
        assert error_of(reply) == code
    upload = await caller.http.post("/services/upload/", files={"photo": ("a.jpg", b"x")})
    assert error_of(upload) == "100"


async def dance(caller, callback: str, perms: str = "write") -> dict[str, str]:
    """Log in as a new program would; gives the last reply's pairs."""
    base = "http://sandbox.test/services/oauth/"
    nobody = {"resource_owner_key": None, "resource_owner_secret": None}
    header = caller.header("GET", base + "request_token", {}, **nobody, callback_uri=callback)
    asked = await caller.http.get(base + "request_token", headers={"Authorization": header})
    assert asked.text.startswith("oauth_callback_confirmed=true&oauth_token=")
    token = {name: values[0] for name, values in parse_qs(asked.text).items()}
    page = await caller.http.get(
        base + "authorize", params={"oauth_token": token["oauth_token"], "perms": perms}
    )
    if callback == "oob":
        verifier = page.text.partition("<code id=verifier>")[2][:11]
    else:
        verifier = parse_qs(urlsplit(page.headers["location"]).query)["oauth_verifier"][0]
    step = {
        "resource_owner_key": token["oauth_token"],
        "resource_owner_secret": token["oauth_token_secret"],
    }
    wrong = caller.header("GET", base + "access_token", {}, **step, verifier="000-000-00")
    refused = await caller.http.get(base + "access_token", headers={"Authorization": wrong})
    assert refused.text == "oauth_problem=verifier_invalid"
    right = caller.header("GET", base + "access_token", {}, **step, verifier=verifier)
    given = await caller.http.get(base + "access_token", headers={"Authorization": right})
    return {name: values[0] for name, values in parse_qs(given.text).items()}


@pytest.mark.parametrize("callback", ["oob", "http://localhost:9/back?x=1"])
async def test_the_login_dance(caller, callback) -> None:
    """Request token, consent and access token; the new token then works with its permission."""
    given = await dance(caller, callback)
    assert (given["user_nsid"], given["username"]) == ("12345678@N00", "sandbox")
    login = {
        "resource_owner_key": given["oauth_token"],
        "resource_owner_secret": given["oauth_token_secret"],
    }
    told = await caller.ask(
        "flickr.auth.oauth.checkToken", changes=login, format="json", nojsoncallback="1"
    )
    assert told.json()["oauth"]["perms"] == {"_content": "write"}
    assert (await caller.upload(changes=login)).status_code == 200


async def test_a_request_token_needs_the_users_consent(caller) -> None:
    """An access token is not given before the authorize page was seen."""
    base = "http://sandbox.test/services/oauth/"
    token = caller.sandbox.logins.begin("oob")
    header = caller.header(
        "GET",
        base + "access_token",
        {},
        resource_owner_key=token.token,
        resource_owner_secret=token.secret,
        verifier="1",
    )
    reply = await caller.http.get(base + "access_token", headers={"Authorization": header})
    assert (reply.status_code, reply.text) == (401, "oauth_problem=permission_unknown")


async def test_a_revoked_token_is_rejected(caller) -> None:
    """`logins.revoke` ends a login at run time."""
    caller.sandbox.logins.revoke("sandbox-token")
    assert (await caller.upload()).text == "oauth_problem=token_rejected"


async def test_logins_can_fail_on_request(caller) -> None:
    """Faults reach the login, too."""
    caller.sandbox.faults.add(Fault("http-before", first=1, where="oauth.request_token", code=503))
    url = "http://sandbox.test/services/oauth/request_token"
    nobody = {"resource_owner_key": None, "resource_owner_secret": None, "callback_uri": "oob"}
    replies = [
        await caller.http.get(
            url, headers={"Authorization": caller.header("GET", url, {}, **nobody)}
        )
        for _ in range(2)
    ]
    assert [reply.status_code for reply in replies] == [503, 200]
