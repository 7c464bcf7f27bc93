"""photos.getInfo, addTags and removeTag of the sandbox: what they answer, and what they refuse."""

from __future__ import annotations

import pytest

WRITES = [
    ("flickr.photos.addTags", {"photo_id": "1", "tags": "x"}),
    ("flickr.photos.removeTag", {"tag_id": "1-2-3"}),
]


async def kept(caller, rsp, tags: str = "") -> str:
    """Upload a photo; returns its id."""
    fields = {"tags": tags} if tags else {}
    found: str = rsp(await caller.upload(**fields)).findtext("photoid")
    return found


async def tags_of(caller, photo_id: str) -> list[dict[str, object]]:
    """The tags that getInfo tells."""
    reply = await caller.call("flickr.photos.getInfo", photo_id=photo_id)
    tags: list[dict[str, object]] = reply["photo"]["tags"]["tag"]
    return tags


async def test_get_info_tells_each_tag_in_both_forms(caller, rsp) -> None:
    """The raw one and the clean one, and whether it is a machine tag."""
    photo_id = await kept(caller, rsp, 'checksum:sha256=AB "Blue Sky"')
    first, second = await tags_of(caller, photo_id)
    assert (first["raw"], first["_content"], first["machine_tag"]) == (
        "checksum:sha256=AB",
        "checksum:sha256=ab",
        1,
    )
    assert (second["raw"], second["_content"], second["machine_tag"]) == ("Blue Sky", "bluesky", 0)
    assert first["id"] != second["id"]


async def test_get_info_as_xml(caller, rsp) -> None:
    """As the documentation shows it."""
    photo_id = await kept(caller, rsp, "x")
    reply = rsp(await caller.ask("flickr.photos.getInfo", photo_id=photo_id))
    assert reply.find("photo").attrib["id"] == photo_id
    assert reply.find("photo/tags/tag").text == "x"


async def test_a_tag_is_added_once_and_found(caller, rsp) -> None:
    """A second time changes nothing; the search finds it from then on."""
    photo_id = await kept(caller, rsp, "a")
    for _ in range(2):
        await caller.call("flickr.photos.addTags", photo_id=photo_id, tags="ns:p=v b")
    assert [tag["raw"] for tag in await tags_of(caller, photo_id)] == ["a", "ns:p=v", "b"]
    found = await caller.call("flickr.photos.search", user_id="me", machine_tags="ns:p=v")
    assert found["photos"]["total"] == 1


async def test_a_tag_is_removed_by_its_id(caller, rsp) -> None:
    """And cannot be found or removed again."""
    photo_id = await kept(caller, rsp, "ns:p=v b")
    tag, _ = await tags_of(caller, photo_id)
    assert (await caller.call("flickr.photos.removeTag", tag_id=tag["id"]))["stat"] == "ok"
    assert [left["raw"] for left in await tags_of(caller, photo_id)] == ["b"]
    found = await caller.call("flickr.photos.search", user_id="me", machine_tags="ns:p=v")
    assert found["photos"]["total"] == 0
    again = await caller.call("flickr.photos.removeTag", tag_id=tag["id"])
    assert (again["stat"], again["code"]) == ("fail", 1)


async def test_more_tags_than_a_photo_takes_are_refused_whole(caller, rsp) -> None:
    """None of them is added."""
    photo_id = await kept(caller, rsp, " ".join(f"t{number}" for number in range(74)))
    refused = await caller.call("flickr.photos.addTags", photo_id=photo_id, tags="x y")
    assert refused["code"] == 2
    assert len(await tags_of(caller, photo_id)) == 74


@pytest.mark.parametrize("method", ["flickr.photos.getInfo", "flickr.photos.addTags"])
async def test_a_photo_that_is_not_there(caller, method: str) -> None:
    """Code 1."""
    arguments = {"tags": "x"} if method.endswith("addTags") else {}
    assert (await caller.call(method, photo_id="404", **arguments))["code"] == 1


@pytest.mark.parametrize(("method", "arguments"), WRITES)
async def test_writes_are_posted(caller, method: str, arguments: dict[str, str]) -> None:
    """A GET is refused in plain words."""
    fields = {"method": method, **arguments}
    url = "/services/rest/?" + "&".join(f"{name}={value}" for name, value in fields.items())
    header = caller.header("GET", str(caller.http.base_url).rstrip("/") + url, {})
    reply = await caller.http.get(url, headers={"Authorization": header})
    assert (reply.status_code, "POST" in reply.text) == (400, True)


@pytest.mark.parametrize(("method", "arguments"), WRITES)
async def test_writes_need_the_write_permission(
    sandbox_caller, error_of, method: str, arguments: dict[str, str]
) -> None:
    """Code 99; unsigned calls are let in nowhere."""
    caller = await sandbox_caller()
    reader = next(iter(caller.sandbox.logins.tokens.values()))
    caller.sandbox.logins.admit(type(reader)(reader.token, reader.secret, "read"))
    assert error_of(await caller.ask(method, **arguments)) == "99"


async def test_unknown_arguments_are_refused(caller) -> None:
    """Flickr would swallow them."""
    reply = await caller.ask("flickr.photos.addTags", photo_id="1", tag="x")
    assert reply.status_code == 400
