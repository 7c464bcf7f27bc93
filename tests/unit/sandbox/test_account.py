"""What stays: over a restart, on the front page, in the journal."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from uploadd.sandbox import SandboxOptions, build_app
from uploadd.sandbox.disk import ReceivedFile, Records
from uploadd.sandbox.tags import split_tags

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"


async def test_a_restart_forgets_nothing(sandbox_caller, rsp, tmp_path: Path) -> None:
    """Photos, their ids, open tickets, deletions and logins are there again."""
    first = await sandbox_caller(directory=tmp_path, ticket_seconds=60)
    photo_id = rsp(await first.upload(title="kept", tags="a:b=c")).findtext("photoid")
    gone = rsp(await first.upload()).findtext("photoid")
    await first.http.delete(f"/photos/{gone}")
    ticket = rsp(await first.upload(**{"async": "1"})).findtext("ticketid")
    login = first.sandbox.logins.finish(first.sandbox.logins.begin("oob"))
    first.sandbox.admit(login)

    second = await sandbox_caller(directory=tmp_path)
    second.clock.seconds += 59
    found = await second.call("flickr.photos.search", user_id="me", machine_tags="a:b=c")
    assert [photo["id"] for photo in found["photos"]["photo"]] == [photo_id]
    assert second.sandbox.open_tickets() == 1
    assert second.sandbox.photos.get(gone).deleted
    assert login.token in second.sandbox.logins.tokens
    second.clock.seconds += 1
    told = rsp(await second.ask("flickr.photos.upload.checkTickets", tickets=ticket))
    late = told.find("uploader/ticket").get("photoid")
    assert late not in (None, photo_id, gone)
    assert rsp(await second.upload()).findtext("photoid") not in (photo_id, gone, late)
    assert (await second.http.get(f"/photos/{photo_id}")).content == JPEG


def test_a_torn_record_is_cut_off(tmp_path: Path) -> None:
    """A sandbox that was killed while writing reads what is whole, and writes on behind it."""
    records = Records(tmp_path / "records.jsonl")
    records.append("photo", {"n": 1})
    with (tmp_path / "records.jsonl").open("ab") as file:
        file.write(b'{"kind": "pho')
    assert list(records.read()) == [{"kind": "photo", "n": 1}]
    records.append("photo", {"n": 2})
    assert [record["n"] for record in records.read()] == [1, 2]


def test_the_temporary_directory_goes_with_the_sandbox() -> None:
    """Without a directory of its own a sandbox leaves nothing behind."""
    app = build_app(SandboxOptions())
    root = app.state.sandbox.disk.root
    assert root.is_dir()
    del app
    gc.collect()
    assert not root.exists()


async def test_memory_holds_only_a_block(tmp_path: Path) -> None:
    """A received file is on the disk but for less than a block."""
    file = ReceivedFile(tmp_path / "f", "f.jpg", "", use_threads=True)
    for _ in range(40):
        file.take(bytes(100_000))
        await file.relieve()
    assert (tmp_path / "f").stat().st_size >= 4_000_000 - 2**20
    await file.finish()
    assert (tmp_path / "f").stat().st_size == file.size_bytes == 4_000_000
    file.discard()
    assert not (tmp_path / "f").exists()


async def test_a_write_that_comes_too_late_makes_no_file(tmp_path: Path) -> None:
    """An upload may be given up while its last block waits for a thread."""
    file = ReceivedFile(tmp_path / "f", "f.jpg", "", use_threads=False)
    file.take(b"x")
    file.discard()
    await file.finish()
    assert not (tmp_path / "f").exists()


async def test_the_front_page_escapes_everything(caller) -> None:
    """Titles and tags are a stranger's words; long checksum tags are hidden behind a mark."""
    tag = "checksum:sha256=" + "ab" * 32
    await caller.upload(title="<script>x</script>", tags=f'{tag} "<i>"')
    page = (await caller.http.get("/")).text
    assert "<script>" not in page
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert "&lt;i&gt;" in page
    assert '">checksum:sha256…</span>' in page
    assert '<b id="photos">1</b>' in page
    assert "http-equiv" not in page
    assert '<meta http-equiv="refresh" content="2">' in (await caller.http.get("/?refresh=2")).text


async def test_the_front_page_has_pages_of_200(caller) -> None:
    """Newest first; the page after the last is empty."""
    for number in range(201):
        await caller.upload(title=f"photo {number}.")
    first, second = [(await caller.http.get(f"/?page={n}")).text for n in (1, 2)]
    assert (first.count("<figure"), second.count("<figure")) == (200, 1)
    assert "<strong>photo 0.</strong>" in second
    assert "page 2 of 2" in second


async def test_photos_run_nothing(caller, rsp) -> None:
    """A photo is served as what it is, and the browser may not think otherwise."""
    photo_id = rsp(await caller.upload(JPEG + b"<script>")).findtext("photoid")
    reply = await caller.http.get(f"/photos/{photo_id}")
    assert reply.headers["content-type"] == "image/jpeg"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in reply.headers["content-security-policy"]
    assert (await caller.http.get("/photos/1")).status_code == 404
    assert (await caller.http.get("/photos/key-99")).status_code == 404


async def test_the_journal_tells_each_request(caller) -> None:
    """Time, endpoint and outcome, oldest first; looking at the sandbox is not in it."""
    await caller.upload()
    caller.clock.seconds += 1
    await caller.ask("flickr.test.login")
    await caller.upload(b"nothing")
    await caller.http.get("/")
    told = (await caller.http.get("/journal")).json()
    assert [(entry["endpoint"], entry["outcome"]) for entry in told] == [
        ("upload", "ok"),
        ("flickr.test.login", "ok"),
        ("upload", "error 5"),
    ]
    assert told[1]["time"] - told[0]["time"] == 1
    assert told[0]["details"]["photo_id"] == caller.sandbox.photos[1].id


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("a b  c", ["a", "b", "c"]),
        ('"a b" c', ["a b", "c"]),
        ('ns:pred="a b" x', ["ns:pred=a b", "x"]),
        ("a,b", ["a,b"]),
        ('"a b', ["a b"]),
        ("a a", ["a"]),
        ("", []),
    ],
)
def test_tags_are_split_as_flickr_does(text: str, tags: list[str]) -> None:
    """Spaces separate, quotes group, commas are part of a tag."""
    assert split_tags(text) == tags
