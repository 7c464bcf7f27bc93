"""upload.file and upload.replace: what is kept, what is refused."""

from __future__ import annotations

import hashlib

import pytest

from uploadd.sandbox.ipernity.keywords import split_keywords

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"


def code_of(reply) -> int:
    """The code of a refusal."""
    return int(reply.json()["api"]["code"])


async def test_a_document_is_kept_byte_for_byte(caller) -> None:
    """Every field and byte; the page and the list of photos show it."""
    content = JPEG + bytes(range(256)) * 4096 + b"\r\n--"
    doc_id = await caller.kept(
        content,
        "Été.jpg",
        title="A <b>",
        description="é & ö",
        keywords='"blue sky",sunset, sunset',
        is_public="0",
        is_family="1",
        safety="2",
    )
    (shown,) = (await caller.http.get("/photos.json?service=ipernity")).json()
    expected = {
        "id": doc_id,
        "title": "A <b>",
        "description": "é & ö",
        "tags": ["blue sky", "sunset"],
        "md5": hashlib.md5(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "is_public": 0,
        "is_family": 1,
        "safety_level": 2,
        "state": "ready",
    }
    assert {name: shown[name] for name in expected} == expected
    assert (await caller.http.get(f"/photos/{doc_id}?service=ipernity")).content == content
    assert (await caller.http.get(f"/photos/{doc_id}")).status_code == 404
    assert (await caller.http.get("/photos.json")).json() == []


async def test_a_ticket_comes_with_and_without_async(make_caller) -> None:
    """Without `async` it is done when the reply comes, however long others take."""
    caller = await make_caller(ticket_seconds=60)
    tickets = [(await caller.send(**fields)).json()["ticket"] for fields in ({}, {"async": "1"})]
    assert all("-" in ticket for ticket in tickets)
    told = (await caller.call("upload.checkTickets", tickets=",".join(tickets)))["tickets"]
    assert [one["done"] for one in told["ticket"]] == ["1", "0"]


async def test_the_same_content_twice_is_two_documents(caller) -> None:
    """Nobody looks for it; the sandbox tells."""
    assert await caller.kept() != await caller.kept()
    assert [len(photos) for photos in caller.account.doubled().values()] == [2]


@pytest.mark.parametrize(
    ("content", "code"), [(None, 1), (b"", 1), (JPEG + bytes(100), 2), (b"hello", 3)]
)
async def test_files_that_are_refused(make_caller, content, code) -> None:
    """Each with its code; nothing of them stays."""
    caller = await make_caller(max_photo_bytes=100)
    assert code_of(await caller.send(content)) == code
    assert len(caller.account.photos) == 0
    assert list(caller.account.disk.incoming.iterdir()) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"tags": "x"},
        {"safety_level": "1"},
        {"doc_id": "1"},
        {"is_public": "2"},
        {"safety": "4"},
        {"async": "true"},
        {"lat": "north"},
        {"dir": "2"},
        {"album_id": "1"},
    ],
)
async def test_unknown_fields_and_values_are_made_visible(caller, fields) -> None:
    """HTTP 400, and a violation."""
    reply = await caller.send(**fields)
    assert reply.status_code == 400
    assert len(caller.account.journal.violations()) == 1
    assert len(caller.account.photos) == 0


async def test_unknown_fields_can_be_ignored(make_caller) -> None:
    """For clients of others; they are covered by the signature all the same."""
    caller = await make_caller(unknown_fields="ignore")
    assert (await caller.send(tags="x")).json()["api"] == {"status": "ok"}
    told = await caller.call("auth.checkToken", extra="pref")
    assert told["api"] == {"status": "ok"}


async def test_every_field_of_the_specification_is_taken(caller) -> None:
    """Values as documented."""
    fields = {
        "title": "t",
        "description": "d",
        "created_at": "2024-02-29 12:00:00",
        "license": "0",
        "is_public": "0",
        "is_family": "1",
        "is_friend": "1",
        "safety": "1",
        "keywords": "a",
        "member_ids": "1,2",
        "perm_comment": "3",
        "perm_tag": "4",
        "perm_tagme": "5",
        "lng": "-999",
        "lat": "-999",
        "dir": "6",
        "async": "0",
    }
    assert (await caller.send(**fields)).json()["api"] == {"status": "ok"}
    assert caller.account.journal.violations() == []


async def test_a_chunked_upload_gets_411(caller) -> None:
    """An upload without Content-Length."""

    async def body():
        yield b"x" * 10

    assert (await caller.http.post("/api/upload.file", content=body())).status_code == 411
    assert caller.account.journal.of("upload")[0].violation == "no Content-Length"


async def test_the_part_is_called_file(caller) -> None:
    """Another name is made visible."""
    fields = caller.signed("upload.file", {})
    reply = await caller.http.post(
        "/api/upload.file", data=fields, files={"photo": ("a.jpg", JPEG)}
    )
    assert (reply.status_code, "photo" in reply.text) == (400, True)


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ("holidays,beach", ["holidays", "beach"]),
        ('"blue sky",sunset', ["blue sky", "sunset"]),
        ('"a, b",c', ["a, b", "c"]),
        ("blue sky, sun", ["blue sky", "sun"]),
        ("a,,a, ", ["a"]),
        ("", []),
    ],
)
def test_keywords_are_a_comma_list(text: str, keywords: list[str]) -> None:
    """Quotes keep a comma; a space separates nothing."""
    assert split_keywords(text) == keywords


async def test_a_replaced_document_keeps_its_id(make_caller) -> None:
    """And what is written about it; its content is the new one."""
    caller = await make_caller(is_pro=True)
    doc_id = await caller.kept(title="t", keywords="k")
    reply = await caller.send(JPEG + b"new", method="upload.replace", doc_id=doc_id)
    told = await caller.call("upload.checkTickets", tickets=reply.json()["ticket"])
    assert [one["doc_id"] for one in told["tickets"]["ticket"]] == [doc_id]
    (photo,) = caller.account.photos
    assert (photo.title, photo.tags, photo.replaced) == ("t", ["k"], 1)
    assert photo.sha256 == hashlib.sha256(JPEG + b"new").hexdigest()
    assert caller.account.uploads_begun == 1
    assert len(caller.account.journal.of("replace")) == 1


@pytest.mark.parametrize(
    ("options", "content", "fields", "code"),
    [
        ({}, None, {}, 1),
        ({"max_photo_bytes": 12}, JPEG + b"long", {}, 2),
        ({"max_month_bytes": 12}, JPEG, {}, 3),
        ({}, JPEG, {"doc_id": "9"}, 4),
        ({}, MP4, {}, 5),
        ({}, b"hello", {}, 5),
        ({"is_pro": False}, JPEG, {}, 6),
    ],
)
async def test_replacements_that_are_refused(make_caller, options, content, fields, code) -> None:
    """Each of the six codes; the document stays as it was."""
    caller = await make_caller(**({"is_pro": True} | options))
    doc_id = await caller.kept()
    reply = await caller.send(content, method="upload.replace", **({"doc_id": doc_id} | fields))
    assert code_of(reply) == code
    assert [photo.replaced for photo in caller.account.photos] == [0]


async def test_a_replacement_that_makes_a_second_document(make_caller) -> None:
    """The ticket then names another id than the one asked for, and the old content stays."""
    caller = await make_caller(is_pro=True, replace_makes_new=True)
    doc_id = await caller.kept()
    reply = await caller.send(
        JPEG + b"new", method="upload.replace", doc_id=doc_id, **{"async": "1"}
    )
    told = await caller.call("upload.checkTickets", tickets=reply.json()["ticket"])
    (ticket,) = told["tickets"]["ticket"]
    assert ticket["doc_id"] not in ("", doc_id)
    assert [photo.replaced for photo in caller.account.photos] == [0, 0]


async def test_an_upload_beyond_the_months_limit(make_caller) -> None:
    """The page names no code of its own: 3, with upload.replace's wording; next month it fits."""
    caller = await make_caller(max_month_bytes=2 * len(JPEG))
    for _ in range(2):
        await caller.kept()
    told = (await caller.send()).json()["api"]
    assert (int(told["code"]), told["message"]) == (3, "User exceeded upload limits")
    caller.clock.seconds += 31 * 86400
    assert (await caller.send()).json()["api"] == {"status": "ok"}
