"""Who is let in, in which format a call is answered, and what is refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

WRITES = [
    ("doc.set", {"doc_id": "1", "title": "x"}),
    ("doc.setPerms", {"doc_id": "1", "share": "0"}),
    ("doc.tags.add", {"doc_id": "1", "keywords": "x"}),
    ("album.create", {"title": "x"}),
    ("album.docs.add", {"album_id": "1", "doc_id": "1"}),
]


@pytest.mark.parametrize("form", ["", "/json"])
async def test_json_is_the_default(caller, form: str) -> None:
    """The envelope says ok, and every attribute is a string."""
    reply = await caller.ask("account.getQuota", form=form)
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.json()["api"] == {"status": "ok"}
    assert reply.json()["quota"]["upload"]["used"]["bytes"] == "0"


async def test_xml(caller) -> None:
    """The same as elements and attributes."""
    reply = await caller.ask("auth.checkToken", form="/xml")
    assert reply.headers["content-type"] == "text/xml; charset=utf-8"
    api = ET.fromstring(reply.text)
    assert (api.tag, api.attrib) == ("api", {"status": "ok"})
    assert api.findtext("auth/token") == "sandbox-ipernity-token"
    assert api.find("auth/user").attrib["user_id"] == "54321"
    refused = ET.fromstring((await caller.ask("doc.get", form="/xml", doc_id="9")).text)
    expected = {"status": "error", "code": "1", "message": "Document not found"}
    assert (refused.tag, refused.attrib) == ("api", expected)


@pytest.mark.parametrize("form", ["/php", "/yaml"])
async def test_other_formats_are_error_102(caller, form: str) -> None:
    """Told in JSON."""
    told = (await caller.ask("auth.checkToken", form=form)).json()["api"]
    assert (int(told["code"]), told["message"]) == (102, "Invalid format")


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"api_key": None}, 100, "API Key is missing"),
        ({"api_key": "sandbox-key"}, 101, "API Key is invalid"),
        ({"api_sig": None}, 104, "Signature missing"),
        ({"api_sig": "0" * 32}, 105, "Signature is invalid"),
        ({"auth_token": None}, 106, "Token missing"),
        ({"auth_token": "sandbox-token"}, 107, "Token invalid"),
    ],
)
@pytest.mark.parametrize("method", ["auth.checkToken", "upload.file"])
async def test_what_a_call_must_carry(caller, method, changes, code, message) -> None:
    """Each thing that is missing or wrong has its code, on uploads too, and nothing is kept."""
    if method == "upload.file":
        reply = await caller.send(changes=changes, title="x")
    else:
        reply = await caller.ask(method, changes)
    told = reply.json()["api"]
    assert (reply.status_code, told["status"]) == (200, "error")
    assert (int(told["code"]), told["message"]) == (code, message)
    assert len(caller.account.photos) == 0
    assert caller.account.journal.violations() == []


async def test_the_signature_covers_query_and_form(caller) -> None:
    """A field that was slipped in beside the signed ones makes it wrong, wherever it sits."""
    fields = caller.signed("doc.set", {"doc_id": "1", "title": "x"})
    for where in ({"params": {"description": "y"}}, {"data": fields | {"description": "y"}}):
        reply = await caller.http.post("/api/doc.set", **({"data": fields} | where))
        assert int(reply.json()["api"]["code"]) == 105
    split = await caller.http.post(
        "/api/doc.get", params={"doc_id": fields.pop("doc_id")}, data=fields
    )
    assert int(split.json()["api"]["code"]) == 105  # signed for another method


async def test_an_unknown_method_is_error_103(caller) -> None:
    """And named in the journal."""
    assert await caller.error("user.getQuota") == 103
    assert [entry.endpoint for entry in caller.account.journal] == ["unknown method user.getQuota"]


@pytest.mark.parametrize(
    ("method", "fields"), [*WRITES, ("upload.file", {}), ("upload.replace", {})]
)
async def test_writes_are_posted(caller, method: str, fields: dict[str, str]) -> None:
    """Error 120 for a GET."""
    told = (await caller.read(method, **fields)).json()["api"]
    assert (int(told["code"]), told["message"]) == (120, "HTTP POST required")


@pytest.mark.parametrize(("method", "fields"), WRITES)
async def test_writes_need_the_write_permission(caller, method, fields) -> None:
    """Error 110 for a token that may only read."""
    token = caller.account.logins.tokens["sandbox-ipernity-token"]
    caller.account.logins.admit(type(token)(token.token, "", "read"))
    assert await caller.error(method, **fields) == 110
    assert int((await caller.send()).json()["api"]["code"]) == 110
    assert (await caller.call("auth.checkToken"))["auth"]["permissions"]["doc"] == "read"


async def test_reads_may_be_got(caller) -> None:
    """In the query, as most clients do."""
    assert (await caller.read("auth.checkToken")).json()["api"]["status"] == "ok"


async def test_what_the_service_might_swallow_is_made_visible(caller) -> None:
    """An unknown argument, one sent twice, and a body of another kind: HTTP 400, a violation."""
    unknown = await caller.ask("doc.get", doc_id="1", photo_id="1")
    pairs = [*caller.signed("doc.get", {"doc_id": "1"}).items(), ("doc_id", "1")]
    twice = await caller.http.get("/api/doc.get", params=pairs)
    other = await caller.http.post("/api/doc.get", content=b"{}", headers={"Content-Type": "a/b"})
    assert [reply.status_code for reply in (unknown, twice, other)] == [400, 400, 400]
    assert [entry.violation for entry in caller.account.journal.violations()] == [
        "doc.get does not know photo_id",
        "parameter 'doc_id' was sent twice",
        "expected application/x-www-form-urlencoded, not a/b",
    ]


async def test_public_documents_need_no_login(caller) -> None:
    """A private one is not there for a stranger."""
    public, private = await caller.kept(is_public="1"), await caller.kept(is_public="0")
    key = {"api_key": "sandbox-ipernity-key"}
    told = [
        (await caller.http.get("/api/doc.get", params=key | {"doc_id": one})).json()["api"]
        for one in (public, private)
    ]
    assert told[0] == {"status": "ok"}
    assert int(told[1]["code"]) == 1
    echo = await caller.http.get("/api/test.echo", params=key | {"echo": "b"})
    assert echo.json() == {"api": {"status": "ok"}, "echo": "b"}
    assert await caller.error("test.echo") == 1


async def test_calls_per_hour(make_caller) -> None:
    """Beyond the budget every call is error 112, uploads included, until an hour has passed."""
    caller = await make_caller(calls_per_hour=1)
    assert (await caller.send()).json()["api"]["status"] == "ok"
    assert int((await caller.send()).json()["api"]["code"]) == 112
    assert await caller.error("auth.checkToken") == 112
    caller.clock.seconds += 3601
    assert (await caller.send()).json()["api"]["status"] == "ok"
