"""album.*: made, filled, listed; there again after a restart."""

from __future__ import annotations

from pathlib import Path

from uploadd.sandbox import SandboxOptions


async def test_an_album_is_made_and_filled(caller) -> None:
    """Its cover is its first document; what is there already is skipped without an error."""
    first, second = await caller.kept(), await caller.kept()
    album = (await caller.call("album.create", title="Été", cover_id=first))["album"]
    assert (album["title"], album["count"]) == ("Été", {"docs": "1"})
    told = (
        await caller.call("album.docs.add", album_id=album["album_id"], doc_id=f"{first},{second}")
    )["album"]
    assert told == {
        "album_id": album["album_id"],
        "total": "2",
        "added": "1",
        "skipped": "1",
        "doc": [
            {"doc_id": first, "added": "0", "error": "0"},
            {"doc_id": second, "added": "1", "error": "0"},
        ],
    }


async def test_what_is_refused(caller) -> None:
    """A title is needed, a cover that is there, an album and documents that are there."""
    doc_id = await caller.kept()
    album_id = (await caller.call("album.create", title="a"))["album"]["album_id"]
    assert await caller.error("album.create", title=" ") == 1
    assert await caller.error("album.create", title="a", cover_id="9") == 2
    assert await caller.error("album.docs.add", album_id="9", doc_id=doc_id) == 1
    assert await caller.error("album.docs.add", album_id=album_id, doc_id=f"{doc_id},9") == 2
    assert await caller.error("album.docs.add", album_id=album_id) == 2
    many = ",".join([doc_id] * 21)
    assert (await caller.ask("album.docs.add", album_id=album_id, doc_id=many)).status_code == 400


async def test_an_upload_goes_into_an_album(caller) -> None:
    """By `album_id`."""
    album_id = (await caller.call("album.create", title="a"))["album"]["album_id"]
    doc_id = await caller.kept(album_id=album_id)
    assert caller.account.albums[album_id].doc_ids == [doc_id]


async def test_the_list_of_albums_after_a_restart(make_caller, tmp_path: Path) -> None:
    """The newest first; empty ones where they are asked for; titles are not unique."""
    before = await make_caller(SandboxOptions(directory=tmp_path))
    doc_id = await before.kept()
    for cover in (doc_id, "", doc_id):
        await before.call("album.create", title="same", cover_id=cover)
    caller = await make_caller(SandboxOptions(directory=tmp_path))
    full = (await caller.call("album.getList", per_page="1"))["albums"]
    assert (full["total"], full["count"], full["album"][0]["title"]) == ("2", "1", "same")
    every = (await caller.call("album.getList", empty="1", user_id="54321"))["albums"]
    ids = [album["album_id"] for album in every["album"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3
    assert await caller.error("album.getList", user_id="1") == 1
