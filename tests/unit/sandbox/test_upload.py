"""Uploads: what is kept, what is refused."""

from __future__ import annotations

import hashlib

import pytest

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"


async def test_a_photo_is_kept_byte_for_byte(caller, rsp) -> None:
    """The id comes back as XML, and every field and byte is kept."""
    content = JPEG + bytes(range(256)) * 4096 + b"\r\n--"
    reply = await caller.upload(
        content,
        "Été.jpg",
        title="A <b>",
        description="é & ö",
        tags='one "two words" checksum:sha256=AB "x:y=a b"',
        is_public="0",
        is_family="1",
        hidden="2",
        format="json",
    )
    assert reply.headers["content-type"] == "text/xml; charset=utf-8"
    photo_id = rsp(reply).findtext("photoid")
    shown = (await caller.http.get("/photos.json")).json()
    expected = {
        "id": photo_id,
        "title": "A <b>",
        "description": "é & ö",
        "tags": ["one", "two words", "checksum:sha256=AB", "x:y=a b"],
        "machine_tags": ["checksum:sha256=ab", "x:y=ab"],
        "md5": hashlib.md5(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "filename": "Été.jpg",
        "is_public": 0,
        "is_friend": 0,
        "is_family": 1,
        "hidden": 2,
        "state": "ready",
    }
    assert {name: shown[0][name] for name in expected} == expected
    assert (await caller.http.get(f"/photos/{photo_id}")).content == content


async def test_the_title_is_the_files_name_where_none_is_sent(caller) -> None:
    """An empty title counts as sent."""
    await caller.upload(JPEG, "holiday.JPG")
    await caller.upload(JPEG, "holiday.JPG", title="")
    assert [photo.title for photo in caller.sandbox.photos] == ["holiday", ""]


@pytest.mark.parametrize(
    ("content", "filename", "code"),
    [
        (None, "a.jpg", "2"),
        (b"", "a.jpg", "4"),
        (b"hello", "a.jpg", "5"),
        (b"<svg onload=alert(1)>", "a.svg", "5"),
        (MP4, "film.jpg", "5"),
        (MP4, "film", "5"),
        (JPEG + bytes(100), "a.jpg", "8"),
    ],
)
async def test_files_that_are_refused(sandbox_caller, error_of, content, filename, code) -> None:
    """Each with the code of the upload API; nothing of them stays."""
    caller = await sandbox_caller(max_photo_bytes=100)
    fields = {} if content is not None else {"title": "t"}
    if content is None:
        header = caller.header("POST", "http://sandbox.test/services/upload/", fields)
        reply = await caller.http.post(
            "/services/upload/",
            files={"title": (None, "t")},
            headers={"Authorization": header},
        )
    else:
        reply = await caller.upload(content, filename)
    assert error_of(reply) == code
    assert len(caller.sandbox.photos) == 0
    assert list(caller.sandbox.disk.incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "filename", "media"),
    [
        (JPEG, "dummy name", "image/jpeg"),
        (JPEG, "wrong.png", "image/jpeg"),
        (b"\x00\x00\x00\x18ftypheic", "a.heic", "image/heic"),
        (b"RIFF\x00\x00\x00\x00WEBP", "a.webp", "image/webp"),
        (MP4, "film.MP4", "video/mp4"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "film.avi", "video/x-msvideo"),
    ],
)
async def test_files_that_are_taken(caller, content, filename, media) -> None:
    """Content decides; a photo's name does not matter, a video's extension does."""
    assert 'stat="ok"' in (await caller.upload(content, filename)).text
    assert [photo.media for photo in caller.sandbox.photos] == [media]


@pytest.mark.parametrize(
    "fields",
    [
        {"titel": "x"},
        {"photo_id": "1"},
        {"is_public": "2"},
        {"hidden": "0"},
        {"safety_level": "4"},
        {"async": "true"},
        {"dedup_check": "3"},
    ],
)
async def test_unknown_fields_and_values_are_made_visible(caller, fields) -> None:
    """Flickr would swallow them: here they are HTTP 400 and a violation in the journal."""
    reply = await caller.upload(**fields)
    assert reply.status_code == 400
    assert next(iter(fields)) in reply.text
    assert [entry.violation for entry in caller.sandbox.journal.violations()] == [
        reply.text.removeprefix("sandbox: ").strip()
    ]
    assert len(caller.sandbox.photos) == 0


async def test_a_body_without_its_end_is_refused(caller) -> None:
    """A multipart body that stops early is not taken for a whole one."""
    body = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n' + JPEG
    reply = await caller.http.post(
        "/services/upload/",
        content=body,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert (reply.status_code, "closing boundary" in reply.text) == (400, True)


async def test_chunked_uploads_get_411(caller) -> None:
    """An upload without Content-Length is refused, as Flickr's front does."""

    async def body():
        yield b"x" * 10

    reply = await caller.http.post("/services/upload/", content=body())
    assert reply.status_code == 411
    assert caller.sandbox.journal.of("upload")[0].violation == "no Content-Length"


async def test_dedup_check(caller, rsp, error_of) -> None:
    """Error 9 names the photo that is there; without the field the content is kept again."""
    first = rsp(await caller.upload()).findtext("photoid")
    for check in ("1", "2"):
        refused = await caller.upload(dedup_check=check)
        assert error_of(refused) == "9"
        assert rsp(refused).findtext("duplicate_photo_id") == first
        assert rsp(refused).findtext("duplicate_photo_status") == "ACTIVE"
    assert 'stat="ok"' in (await caller.upload(dedup_check="0")).text
    assert [len(photos) for photos in caller.sandbox.doubled().values()] == [2]


async def test_dedup_check_and_deleted_photos(caller, rsp) -> None:
    """1 matches a deleted photo, too; 2 lets its content in again."""
    first = rsp(await caller.upload()).findtext("photoid")
    assert (await caller.http.delete(f"/photos/{first}")).status_code == 204
    assert (await caller.http.delete(f"/photos/{first}")).status_code == 404
    refused = rsp(await caller.upload(dedup_check="1"))
    assert refused.findtext("duplicate_photo_id") == first
    assert refused.findtext("duplicate_photo_status") == "DELETED"
    assert 'stat="ok"' in (await caller.upload(dedup_check="2")).text


async def test_dedup_check_and_open_tickets(sandbox_caller, rsp) -> None:
    """Content behind an open ticket counts, unless the sandbox is told to overlook it."""
    caller = await sandbox_caller(ticket_seconds=60)
    await caller.upload(**{"async": "1"})
    assert rsp(await caller.upload(dedup_check="1")).find("err").get("code") == "9"
    caller.sandbox.options.dedup_sees_pending = False
    assert rsp(await caller.upload(dedup_check="1")).findtext("photoid")


async def test_limits_of_the_account(sandbox_caller, error_of) -> None:
    """Error 6 for a full account, 7 for too many videos, 15 for unsafe content without Pro."""
    caller = await sandbox_caller(max_items=2, max_videos=1)
    await caller.upload(MP4, "a.mp4")
    assert error_of(await caller.upload(MP4, "b.mp4")) == "7"
    assert error_of(await caller.upload(safety_level="2")) == "15"
    await caller.upload()
    assert error_of(await caller.upload()) == "6"
    status = (await caller.call("flickr.people.getUploadStatus"))["user"]
    assert (status["upload_count"], status["upload_limit"]) == (2, 2)


async def test_replace(sandbox_caller, rsp, error_of) -> None:
    """A Pro account's photo gets new content under its old id; others are refused."""
    caller = await sandbox_caller(is_pro=True)
    photo_id = rsp(await caller.upload(title="t", tags="a:b=c")).findtext("photoid")

    async def replace(content: bytes, filename: str = "b.jpg", **fields: str):
        return await caller.post_file("/services/replace/", content, filename, fields)

    reply = rsp(await replace(JPEG + b"new", photo_id=photo_id)).find("photoid")
    assert (reply.text, set(reply.attrib)) == (photo_id, {"secret", "originalsecret"})
    (photo,) = caller.sandbox.photos
    assert (photo.title, photo.sha256) == ("t", hashlib.sha256(JPEG + b"new").hexdigest())
    assert (await caller.http.get(f"/photos/{photo_id}")).content == JPEG + b"new"
    assert 'stat="ok"' in (await caller.upload(dedup_check="1")).text
    assert error_of(await replace(MP4, "a.mp4", photo_id=photo_id)) == "8"
    assert (await replace(JPEG, photo_id=photo_id, title="no")).status_code == 400
    caller.sandbox.options.is_pro = False
    assert error_of(await replace(JPEG, photo_id=photo_id)) == "1"


async def test_slow_reading_sleeps_on_the_given_clock(sandbox_caller) -> None:
    """A body of N bytes takes N / rate seconds."""
    caller = await sandbox_caller(read_bytes_per_second=1000)
    begun = caller.clock()
    await caller.upload(JPEG + bytes(100_000))
    assert 100 < caller.clock() - begun < 102


async def test_only_75_tags_are_kept(caller) -> None:
    """More are a violation, for the one that was lost may have been the content tag."""
    await caller.upload(tags=" ".join(f"t{number}" for number in range(75)))
    assert caller.sandbox.journal.violations() == []
    await caller.upload(tags=" ".join(f"t{number}" for number in range(76)))
    assert [len(photo.tags) for photo in caller.sandbox.photos] == [75, 75]
    assert len(caller.sandbox.journal.violations()) == 1
