"""doc.*: what is there, by id, by content and in a list, and what is written about it."""

from __future__ import annotations

import hashlib

import pytest

from uploadd.sandbox import Fault

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
MD5 = hashlib.md5(JPEG).hexdigest()
NOTHING = "0" * 32


async def test_one_document(caller) -> None:
    """What is told, with the extras that are asked for."""
    doc_id = await caller.kept(title="t", description="d", keywords="a:b=c,x", is_public="0")
    doc = (await caller.call("doc.get", doc_id=doc_id, extra="md5,tags"))["doc"]
    expected = {"doc_id": doc_id, "media": "photo", "title": "t", "description": "d", "md5": MD5}
    assert {name: doc[name] for name in expected} == expected
    assert doc["visibility"] == {"ispublic": "0", "isfriend": "0", "isfamily": "0", "share": "0"}
    tags = [(tag["type"], tag["tag"]) for tag in doc["tags"]["tag"]]
    assert tags == [("machine", "a:b=c"), ("keyword", "x")]
    assert "md5" not in (await caller.call("doc.get", doc_id=doc_id))["doc"]


async def test_a_document_that_is_not_there(caller) -> None:
    """Error 1: never sent, still in conversion, failed, or deleted."""
    caller.account.options.ticket_seconds = 60
    caller.account.faults.add(Fault("ticket-fails", at=(2,)))
    doc_id = await caller.kept()
    for _ in range(2):
        await caller.send(**{"async": "1"})
    names = [caller.account.name(photo) for photo in caller.account.photos][1:]
    assert await caller.error("doc.get", doc_id=names[0]) == 1
    caller.clock.seconds += 60
    assert await caller.error("doc.get", doc_id=names[0]) == 1
    assert (await caller.call("doc.get", doc_id=names[1]))["api"] == {"status": "ok"}
    assert (await caller.http.delete(f"/photos/{doc_id}?service=ipernity")).status_code == 204
    assert await caller.error("doc.get", doc_id=doc_id) == 1
    assert await caller.error("doc.get", doc_id="9") == 1


async def test_contents_by_their_md5(caller) -> None:
    """Up to 20, in the order in which they were asked for; a replaced content is gone."""
    doc_id = await caller.kept()
    told = (await caller.call("doc.checkMD5", md5=f"{NOTHING},{MD5}"))["docs"]
    assert told == {
        "count": "2",
        "found": "1",
        "doc": [
            {"md5": NOTHING, "found": "0"},
            {"md5": MD5, "found": "1", "doc_id": doc_id},
        ],
    }
    caller.account.options.is_pro = True
    await caller.send(JPEG + b"new", method="upload.replace", doc_id=doc_id)
    assert (await caller.call("doc.checkMD5", md5=MD5))["docs"]["found"] == "0"
    many = ",".join(f"{number:032x}" for number in range(21))
    assert (await caller.ask("doc.checkMD5", md5=many)).status_code == 400


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("found", {"docs": {"count": "0", "found": "0", "doc": []}}),
        ("empty", {}),
        ("error", None),
    ],
)
async def test_other_ways_to_say_that_nothing_was_found(make_caller, form, told) -> None:
    """An empty list, an empty reply, or error 1; what is there is found in each."""
    caller = await make_caller(md5_reply=form)
    if told is None:
        assert await caller.error("doc.checkMD5", md5=NOTHING) == 1
    else:
        assert await caller.call("doc.checkMD5", md5=NOTHING) == {"api": {"status": "ok"}} | told
    await caller.kept()
    assert (await caller.call("doc.checkMD5", md5=f"{MD5},{NOTHING}"))["docs"]["found"] == "1"


async def test_md5_before_the_conversion_with_a_lag_and_never(make_caller) -> None:
    """Each can be chosen."""
    caller = await make_caller(ticket_seconds=60, search_lag_seconds=10)
    await caller.send(**{"async": "1"})

    async def found() -> str:
        return (await caller.call("doc.checkMD5", md5=MD5))["docs"]["found"]

    assert await found() == "0"
    caller.clock.seconds += 10
    assert await found() == "1"
    caller.account.options.dedup_sees_pending = False
    assert await found() == "0"
    caller.clock.seconds += 50
    assert await found() == "1"
    caller.account.options.search_finds = False
    assert await found() == "0"


async def test_the_list_of_documents(caller) -> None:
    """The newest first, in pages; private ones only for their owner; with their MD5 if asked."""
    ids = [await caller.kept(is_public=flag) for flag in ("1", "0", "1")]
    listed = (await caller.call("doc.getList", user_id="54321", extra="md5,dates", per_page="2"))[
        "docs"
    ]
    assert [doc["doc_id"] for doc in listed["doc"]] == [ids[2], ids[1]]
    assert listed["doc"][0]["md5"] == MD5
    assert listed["doc"][0]["dates"]["posted_at"] == "1700000000"
    assert (listed["total"], listed["pages"], listed["page"]) == ("3", "2", "1")
    stranger = {"api_key": "sandbox-ipernity-key", "user_id": "54321"}
    seen = (await caller.http.get("/api/doc.getList", params=stranger)).json()["docs"]
    assert [doc["doc_id"] for doc in seen["doc"]] == [ids[2], ids[0]]
    assert await caller.error("doc.getList", user_id="1") == 1


async def test_title_description_and_permissions(caller) -> None:
    """doc.set and doc.setPerms; what is not sent stays."""
    doc_id = await caller.kept(title="old", description="d")
    told = (await caller.call("doc.set", doc_id=doc_id, title="new", share="3"))["doc"]
    assert (told["title"], told["description"], told["share"]) == ("new", "d", "3")
    flags = {"is_public": "0", "is_friend": "0", "is_family": "1"}
    assert await caller.call("doc.setPerms", doc_id=doc_id, **flags) == {"api": {"status": "ok"}}
    (photo,) = caller.account.photos
    assert (photo.title, photo.is_public, photo.is_friend, photo.is_family) == ("new", 0, 0, 1)


@pytest.mark.parametrize(
    ("method", "fields", "code"),
    [
        ("doc.set", {}, 2),
        ("doc.set", {"share": "9"}, 3),
        ("doc.setPerms", {}, 2),
        ("doc.setPerms", {"is_public": "1"}, 2),
        ("doc.setPerms", {"perm_tag": "6"}, 2),
        ("doc.tags.add", {}, 2),
    ],
)
async def test_edits_that_are_refused(caller, method, fields, code) -> None:
    """Each with its method's own code; error 1 where there is no such document."""
    doc_id = await caller.kept()
    assert await caller.error(method, doc_id=doc_id, **fields) == code
    assert await caller.error(method, doc_id="9", **fields) == 1


async def test_keywords_are_added(caller) -> None:
    """Those that are there are dropped."""
    doc_id = await caller.kept(keywords="one")
    told = (await caller.call("doc.tags.add", doc_id=doc_id, keywords='One,"two words"'))["tags"]
    assert (told["added"], told["dropped"]) == ("1", "1")
    assert [tag["tag"] for tag in told["tag"]] == ["two words"]
    assert [photo.tags for photo in caller.account.photos] == [["one", "two words"]]
