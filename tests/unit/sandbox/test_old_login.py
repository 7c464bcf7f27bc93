"""The login before OAuth: frob, the page, `auth_token`, and an `api_sig` over every argument."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pytest

from uploadd.sandbox import Credentials
from uploadd.sandbox.flickr.old_scheme import signature

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"


def signed(arguments: dict[str, str], secret: str = "sandbox-secret") -> dict[str, str]:
    """The arguments with the key and a signature that is computed here, by the documentation."""
    every = {"api_key": "sandbox-key", **arguments}
    text = secret + "".join(f"{name}{every[name]}" for name in sorted(every))
    return {**every, "api_sig": hashlib.md5(text.encode()).hexdigest()}


async def ask(caller, name: str, **arguments: str) -> httpx.Response:
    """A signed REST call."""
    return await caller.http.post("/services/rest/", data=signed({"method": name, **arguments}))


async def frob_of(caller, rsp) -> str:
    return rsp(await ask(caller, "flickr.auth.getFrob")).findtext("frob")


async def agree(caller, frob: str, perms: str = "write", **extra: str) -> httpx.Response:
    """What a person does with the link."""
    link = signed({"frob": frob, "perms": perms})
    return await caller.http.get("/services/auth/", params={**link, **extra})


async def log_in(caller, rsp, perms: str = "write", **extra: str) -> str:
    frob = await frob_of(caller, rsp)
    assert "You have let the program in" in (await agree(caller, frob, perms, **extra)).text
    return rsp(await ask(caller, "flickr.auth.getToken", frob=frob)).findtext("auth/token")


async def upload(caller, **fields: str) -> httpx.Response:
    """A signed upload; the photo is left out of the signature."""
    return await caller.http.post(
        "/services/upload/", data=signed(fields), files={"photo": ("a.jpg", JPEG)}
    )


def test_the_documented_example() -> None:
    """The worked example of the authentication API's specification."""
    example = {"yxz": "foo", "feg": "bar", "abc": "baz"}
    assert signature("SECRET", example) == hashlib.md5(b"SECRETabcbazfegbaryxzfoo").hexdigest()
    assert signature("SECRET", {**example, "api_sig": "x"}) == signature("SECRET", example)


async def test_the_old_login(caller, rsp) -> None:
    """Frob, page, token; the token then uploads and says whose it is."""
    token = await log_in(caller, rsp)
    told = rsp(await ask(caller, "flickr.auth.checkToken", auth_token=token)).find("auth")
    assert (told.findtext("token"), told.findtext("perms")) == (token, "write")
    assert told.find("user").attrib == {
        "nsid": "12345678@N00",
        "username": "sandbox",
        "fullname": "Sandbox Account",
    }
    assert 'stat="ok"' in (await upload(caller, auth_token=token, title="é & b", tags="")).text
    assert [photo.title for photo in caller.sandbox.photos] == ["é & b"]
    status = await ask(caller, "flickr.people.getUploadStatus", auth_token=token)
    assert rsp(status).find("user").get("id") == "12345678@N00"


async def test_a_frob_is_traded_once_and_only_after_consent(caller, rsp, error_of) -> None:
    """Error 108 before the page, after the trade, after an hour, after a no, and for nonsense."""
    frob = await frob_of(caller, rsp)
    assert error_of(await ask(caller, "flickr.auth.getToken", frob=frob)) == "108"
    await agree(caller, frob)
    assert 'stat="ok"' in (await ask(caller, "flickr.auth.getToken", frob=frob)).text
    assert error_of(await ask(caller, "flickr.auth.getToken", frob=frob)) == "108"
    assert error_of(await ask(caller, "flickr.auth.getToken", frob="1")) == "108"
    assert error_of(await ask(caller, "flickr.auth.getToken")) == "108"
    late = await frob_of(caller, rsp)
    await agree(caller, late)
    caller.clock.seconds += 3601
    assert error_of(await ask(caller, "flickr.auth.getToken", frob=late)) == "108"
    refused = await frob_of(caller, rsp)
    assert "have not let the program in" in (await agree(caller, refused, denied="1")).text
    assert error_of(await ask(caller, "flickr.auth.getToken", frob=refused)) == "108"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"api_key": "nobody"}, "100"),
        ({"api_sig": "0" * 32}, "96"),
        ({"api_sig": None}, "97"),
        ({"title": "changed on the way"}, "96"),
        ({"auth_token": "stale"}, "96"),
    ],
)
async def test_refusals(caller, rsp, error_of, change, code) -> None:
    """The key comes first, then the signature, then the token; on uploads and REST alike."""
    token = await log_in(caller, rsp)

    def changed(arguments: dict[str, str]) -> dict[str, str]:
        every = signed(arguments) | change
        return {name: value for name, value in every.items() if value is not None}

    sent = changed({"auth_token": token, "title": "t"})
    reply = await caller.http.post("/services/upload/", data=sent, files={"photo": ("a.jpg", JPEG)})
    assert error_of(reply) == code
    sent = changed({"auth_token": token, "method": "flickr.test.login"})
    assert error_of(await caller.http.post("/services/rest/", data=sent)) == code
    assert len(caller.sandbox.photos) == 0


async def test_tokens_of_the_two_schemes_do_not_mix(caller, rsp, error_of) -> None:
    """An OAuth token is no `auth_token` (98), an `auth_token` no OAuth token."""
    assert error_of(await upload(caller, auth_token=Credentials().token)) == "98"
    token = await log_in(caller, rsp)
    changes = {"resource_owner_key": token, "resource_owner_secret": ""}
    assert (await caller.upload(changes=changes)).text == "oauth_problem=token_rejected"
    assert error_of(await caller.ask("flickr.auth.getFrob")) == "97"


async def test_permission_and_revocation(caller, rsp, error_of) -> None:
    """A token to read may not upload (99); a revoked one is invalid (98), as is none (98, 99)."""
    token = await log_in(caller, rsp, perms="read")
    assert error_of(await upload(caller, auth_token=token)) == "99"
    assert 'stat="ok"' in (await ask(caller, "flickr.test.login", auth_token=token)).text
    caller.sandbox.logins.revoke(token)
    assert error_of(await ask(caller, "flickr.test.login", auth_token=token)) == "98"
    assert error_of(await ask(caller, "flickr.auth.checkToken")) == "98"
    assert error_of(await upload(caller)) == "99"


async def test_the_link_must_be_signed(caller, rsp, error_of) -> None:
    """Without `api_sig` 97, with a wrong one 96, with another permission 96; unknown frob 108."""
    frob = await frob_of(caller, rsp)
    link = signed({"frob": frob, "perms": "write"})
    for change, code in (
        ({"api_sig": "0"}, "96"),
        ({"perms": "delete"}, "96"),
        (signed({"frob": "1", "perms": "write"}), "108"),
    ):
        assert error_of(await caller.http.get("/services/auth/", params=link | change)) == code
    del link["api_sig"]
    assert error_of(await caller.http.get("/services/auth/", params=link)) == "97"
    wrong = await agree(caller, frob, "everything")
    assert (wrong.status_code, "everything" in wrong.text) == (400, True)


async def test_a_call_that_needs_no_login(caller, error_of) -> None:
    """A key is enough; a signature that is there must be right all the same."""
    arguments = {"method": "flickr.test.echo", "api_key": "sandbox-key"}
    assert 'stat="ok"' in (await caller.http.get("/services/rest/", params=arguments)).text
    arguments["api_sig"] = "0"
    assert error_of(await caller.http.get("/services/rest/", params=arguments)) == "96"
    assert 'stat="ok"' in (await ask(caller, "flickr.test.echo", x="ü")).text


async def test_an_old_token_outlives_the_sandbox(sandbox_caller, rsp, tmp_path: Path) -> None:
    """A token of the old kind is there again after a restart, with its user."""
    first = await sandbox_caller(directory=tmp_path)
    token = await log_in(first, rsp, user="somebody-else")
    second = await sandbox_caller(directory=tmp_path)
    told = rsp(await ask(second, "flickr.auth.checkToken", auth_token=token))
    assert told.find("auth/user").get("username") == "somebody-else"
