"""REST methods: replies in both formats, tickets, searches and lists."""

from __future__ import annotations

import pytest


async def tickets(caller, *names: str) -> list[dict[str, object]]:
    """Ask for tickets with the api key alone."""
    arguments = {
        "method": "flickr.photos.upload.checkTickets",
        "api_key": "sandbox-key",
        "tickets": ",".join(names),
        "format": "json",
        "nojsoncallback": "1",
    }
    reply = await caller.http.get("/services/rest/", params=arguments)
    return reply.json()["uploader"]["ticket"]


async def test_a_ticket_ends_in_its_time(sandbox_caller, rsp) -> None:
    """Pending until its seconds have passed; the photo has no id before."""
    caller = await sandbox_caller(ticket_seconds=30)
    ticket = rsp(await caller.upload(**{"async": "1"})).findtext("ticketid")
    caller.clock.seconds += 29
    assert await tickets(caller, ticket, "x") == [
        {"id": ticket, "complete": 0},
        {"id": "x", "invalid": 1},
    ]
    assert [photo.id for photo in caller.sandbox.photos] == [None]
    assert caller.sandbox.open_tickets() == 1
    caller.clock.seconds += 1
    (told,) = await tickets(caller, ticket)
    (photo,) = caller.sandbox.photos
    assert told == {
        "id": ticket,
        "complete": 1,
        "photoid": photo.id,
        "imported": str(int(caller.clock())),
    }


async def test_checktickets_as_xml(caller, rsp) -> None:
    """An unknown ticket has `invalid` and no `complete`."""
    ticket = rsp(await caller.upload(**{"async": "1"})).findtext("ticketid")
    reply = rsp(await caller.ask("flickr.photos.upload.checkTickets", tickets=f"{ticket},x"))
    done, unknown = reply.findall("uploader/ticket")
    assert done.attrib["complete"] == "1"
    assert unknown.attrib == {"id": "x", "invalid": "1"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            {"method": "flickr.nonsense"},
            {"code": 112, "message": 'Method "flickr.nonsense" not found'},
        ),
        ({"method": "flickr.test.echo"}, {"code": 100}),
    ],
)
async def test_failures_as_json(caller, arguments, expected) -> None:
    """`{"stat": "fail", "code": N, "message": …}` with HTTP 200; code is a number."""
    reply = await caller.http.get(
        "/services/rest/", params={**arguments, "format": "json", "nojsoncallback": "1"}
    )
    assert reply.status_code == 200
    assert {"stat": "fail", **expected}.items() <= reply.json().items()


async def test_formats(caller, error_of) -> None:
    """Unknown ones are error 111; JSON without nojsoncallback is wrapped in a call."""
    arguments = {"method": "flickr.test.echo", "api_key": "sandbox-key", "x": "<é>"}
    bad = await caller.http.get("/services/rest/", params={**arguments, "format": "yaml"})
    assert error_of(bad) == "111"
    wrapped = await caller.http.get("/services/rest/", params={**arguments, "format": "json"})
    assert wrapped.text.startswith('jsonFlickrApi({"method": {"_content": "flickr.test.echo"}')
    xml = await caller.http.get("/services/rest/", params=arguments)
    assert "<x>&lt;é&gt;</x>" in xml.text


async def test_unknown_arguments_are_made_visible(caller) -> None:
    """A misspelt argument is HTTP 400 and a violation."""
    reply = await caller.ask("flickr.photos.search", user_id="me", machinetags="a:b=")
    assert (reply.status_code, "machinetags" in reply.text) == (400, True)
    assert len(caller.sandbox.journal.violations()) == 1


async def test_unknown_arguments_can_be_ignored_as_flickr_does(sandbox_caller) -> None:
    """The call is answered as if they were not there; the journal names them."""
    caller = await sandbox_caller(unknown_fields="ignore")
    told = await caller.call("flickr.people.getUploadStatus", nonsense="1", user="x")
    assert told["user"]["id"] == "12345678@N00"
    assert caller.sandbox.journal.violations() == []
    (entry,) = caller.sandbox.journal.of("flickr.people.getUploadStatus")
    assert entry.details["ignored"] == ["nonsense", "user"]
    assert 'stat="ok"' in (await caller.upload(titel="x", title="y")).text
    assert [photo.title for photo in caller.sandbox.photos] == ["y"]
    assert caller.sandbox.journal.of("upload")[0].details["ignored"] == ["titel"]


@pytest.mark.parametrize("unknown_fields", ["ignore", "refuse"])
async def test_unknown_arguments_are_signed_too(sandbox_caller, unknown_fields) -> None:
    """One that was added on the way breaks the signature, on REST and uploads alike."""
    caller = await sandbox_caller(unknown_fields=unknown_fields)
    fields = {"method": "flickr.test.login"}
    header = caller.header("POST", "http://sandbox.test/services/rest/", fields)
    asked = await caller.http.post(
        "/services/rest/", data=fields | {"nonsense": "1"}, headers={"Authorization": header}
    )
    header = caller.header("POST", "http://sandbox.test/services/upload/", {})
    sent = await caller.http.post(
        "/services/upload/",
        data={"nonsense": "1"},
        files={"photo": ("a.jpg", b"\xff\xd8\xff")},
        headers={"Authorization": header},
    )
    for reply in (asked, sent):
        assert reply.text.startswith("oauth_problem=signature_invalid&debug_sbs=POST&")
        assert "nonsense%3D1" in reply.text


@pytest.mark.parametrize("name", ["flickr.nonsense", "flickr.people.getuploadstatus", ""])
async def test_unknown_methods(caller, rsp, error_of, name) -> None:
    """Error 112 with HTTP 200, whoever asks; names are spelled exactly as in the API."""
    reply = await caller.ask(name)
    assert (reply.status_code, error_of(reply)) == (200, "112")
    assert rsp(reply).find("err").get("msg") == f'Method "{name}" not found'
    unsigned = await caller.http.get(
        "/services/rest/", params={"method": name, "format": "json", "nojsoncallback": "1"}
    )
    assert unsigned.json() == {
        "stat": "fail",
        "code": 112,
        "message": f'Method "{name}" not found',
    }
    assert caller.sandbox.journal.violations() == []


async def test_replies_about_the_account(caller) -> None:
    """Text elements become `_content`, attributes plain values."""
    login = await caller.call("flickr.test.login")
    assert login["user"]["username"] == {"_content": "sandbox"}
    token = await caller.call("flickr.auth.oauth.checkToken")
    assert token["oauth"]["user"]["nsid"] == "12345678@N00"
    limits = await caller.call("flickr.people.getLimits")
    assert limits["person"]["photos"]["maxupload"] == "209715200"
    status = await caller.call("flickr.people.getUploadStatus")
    assert status["user"]["filesize"]["maxbytes"] == "209715200"
    assert status["user"]["videosize"]["maxbytes"] == "1073741824"
    assert status["user"]["bandwidth"]["unlimited"] == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('checksum:sha256="aa"', ["one"]),
        ("checksum:sha256=aa", ["one"]),
        ("checksum:sha256=", ["two", "one"]),
        ("checksum:sha256=a", []),
        ("checksum:md5=", []),
        ("checksum:sha256=aa,checksum:sha256=bb", ["two", "one"]),
    ],
)
async def test_search_by_machine_tag(caller, query, found) -> None:
    """Value, quoted value, any value; newest first."""
    await caller.upload(title="one", tags="checksum:sha256=AA")
    await caller.upload(title="two", tags="checksum:sha256=bb x")
    await caller.upload(title="three", tags="plain")
    reply = await caller.call(
        "flickr.photos.search", user_id="me", machine_tags=query, extras="machine_tags,tags"
    )
    assert [photo["title"] for photo in reply["photos"]["photo"]] == found
    assert reply["photos"]["total"] == len(found)
    for photo in reply["photos"]["photo"]:
        assert photo["machine_tags"] in photo["tags"]


async def test_search_lags_and_may_never_find(sandbox_caller) -> None:
    """A new photo is missing from searches for a while; both switches work at run time."""
    caller = await sandbox_caller(search_lag_seconds=60)
    await caller.upload(tags="a:b=c")

    async def total() -> int:
        reply = await caller.call("flickr.photos.search", user_id="me", machine_tags="a:b=")
        return int(reply["photos"]["total"])

    caller.clock.seconds += 59
    assert await total() == 0
    caller.clock.seconds += 1
    assert await total() == 1
    caller.sandbox.options.search_finds = False
    assert await total() == 0


async def test_get_photos_by_pages_and_date(caller) -> None:
    """Newest first, in pages, from a date on, with the tags that were asked for."""
    for number in range(5):
        await caller.upload(title=str(number), tags=f"n:o={number}")
        caller.clock.seconds += 10
    since = str(int(caller.clock()) - 40)
    pages = []
    for page in ("1", "2", "3"):
        reply = await caller.call(
            "flickr.people.getPhotos",
            user_id="me",
            min_upload_date=since,
            extras="machine_tags",
            per_page="2",
            page=page,
        )
        pages.append([photo["machine_tags"] for photo in reply["photos"]["photo"]])
        assert (reply["photos"]["pages"], reply["photos"]["total"]) == (2, 4)
    assert pages == [["n:o=4", "n:o=3"], ["n:o=2", "n:o=1"], []]


async def test_deleted_and_unfinished_photos_are_not_listed(sandbox_caller, rsp) -> None:
    """Lists show what is on the account, and only once its ticket has ended."""
    caller = await sandbox_caller(ticket_seconds=5)
    gone = rsp(await caller.upload()).findtext("photoid")
    await caller.http.delete(f"/photos/{gone}")
    await caller.upload(title="late", **{"async": "1"})
    listed = await caller.call("flickr.people.getPhotos", user_id="me")
    assert listed["photos"]["photo"] == []
    caller.clock.seconds += 5
    listed = await caller.call("flickr.people.getPhotos", user_id="me")
    assert [photo["title"] for photo in listed["photos"]["photo"]] == ["late"]
