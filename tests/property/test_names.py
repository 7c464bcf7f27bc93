"""Names of any bytes on their way through templates, forms, the queue's JSON, and the screen."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import Message
from email.parser import BytesParser
from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from routes import route_to
from unit.operations.records import NOW, Records
from uploadd.cli.story_view import story_lines
from uploadd.delivery.parcels import parcel_of, variables_of
from uploadd.files.opening import printable
from uploadd.model.configuration import Account, PhotoFields
from uploadd.model.jobs import Job
from uploadd.model.places import Place
from uploadd.model.secret import Secret
from uploadd.model.signs import is_unsafe
from uploadd.operations.show.json_values import json_job, json_path
from uploadd.operations.show.story import story_of
from uploadd.services.flickr.fields import upload_fields
from uploadd.services.flickr.signing import Stamp, authorization
from uploadd.services.form_fields import file_name
from uploadd.services.multipart import FilePart, Multipart
from uploadd.services.wire import Handed

URL = "https://up.flickr.com/services/upload/"
SECRET = Secret("secret-secret")
ACCOUNT = Account("me", api_key=SECRET, api_secret=SECRET, token=SECRET, token_secret=SECRET)
CONTENT = b"\xff\xd8\xff\xe0 a photo\r\n--uploadd-\r\n\0"
TEMPLATES = PhotoFields(
    title="{stem}", description="{path} {name}", tags=("{parent}", "of:{stem}", "{ext}")
)

AWKWARD = st.sampled_from([
    b"-rf.jpg", b"--force", b"a\nb.jpg", b"\r\nX-Evil: 1.jpg", b'a".jpg', b"a\\.jpg", b"%00.jpg",
    b"\xff\xfe.jpg", b"\xed\xa0\x80.jpg", b"\xc3\xa9.jpg", b" .jpg", b"\x1b[31mred.jpg", b"{stem}",
    b"=?utf-8?q?x?=", b"[bold]x[/bold]", b"\xe2\x80\xae.gpj", b"~", b"$(id).jpg", b"'", b";name=x",
    b"a" * 255, b"\xf0\x9f\x93\xb7" * 60, b"checksum:sha256=ff", b'<err code="1"/>', b"a,b c",
])  # fmt: skip
NAMES = st.one_of(
    AWKWARD,
    st.binary(min_size=1, max_size=40),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")),
).map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"_")[:255])


def _is_name(name: bytes) -> bool:
    return name not in (b"", b".", b"..")


class Body:
    """A body in memory."""

    size = len(CONTENT)

    async def chunks(self) -> AsyncIterator[bytes]:
        yield CONTENT


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """One queue for all examples."""
    return Records(tmp_path_factory.mktemp("names"))


@given(NAMES.filter(_is_name))
@example(b"a\nb.jpg")
def test_a_name_is_one_line_and_comes_back_from_json(records: Records, name: bytes) -> None:
    """In `jobs --json`, in `why`, and in every log line."""
    path = os.path.join(records.root, name)
    assume(not os.path.lexists(path))
    job = records.add(os.fsdecode(name), os.urandom(8))
    (line,) = json.dumps(json_job(job, "me")).splitlines()
    told = json.loads(line)
    assert (
        b64decode(told["path_bytes"]) == path
        if "path_bytes" in told
        else told["path"] == (path.decode())
    )
    story = story_of(records.configuration, path, NOW)
    assert job.id in [one.job.id for one in story.jobs]
    assert len(json.dumps(story.as_json()).splitlines()) == 1
    for text in story_lines(story, NOW):
        assert not any(map(is_unsafe, text.plain)), repr(text.plain)
    os.unlink(path)


@given(st.binary(max_size=300))
def test_any_path_can_be_printed(path: bytes) -> None:
    """And told in JSON, byte for byte."""
    assert not any(map(is_unsafe, printable(path)))
    told = json.loads(json.dumps(json_path(path)))
    assert b64decode(told.get("path_bytes", "")) == path or told["path"].encode() == path


def _parsed(form: Multipart, body: bytes) -> list[Message]:
    """The parts as another program reads them."""
    head = f"Content-Type: {form.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + body)
    assert message.is_multipart()
    return [part for part in message.get_payload() if isinstance(part, Message)]


async def _whole(form: Multipart) -> bytes:
    return b"".join([chunk async for chunk in form.chunks(Handed())])


@pytest.fixture(scope="module")
def job(records: Records) -> Job:
    """A job, whose names are then changed."""
    return records.add("p.jpg")


def _form(job: Job, seed: int) -> tuple[list[tuple[str, str]], Multipart]:
    place = Place(None, job.root, os.path.relpath(job.path, job.root))
    variables = variables_of(job, place, TEMPLATES, route_to(job.path))
    parcel = parcel_of(job, TEMPLATES, variables, Body())
    fields = upload_fields(parcel, ACCOUNT)
    part = FilePart("photo", file_name(parcel), parcel.media_type, parcel.body)
    return fields, Multipart(fields, part, Random(seed))


@given(NAMES.filter(_is_name), NAMES.filter(_is_name), st.integers(0, 2**32))
def test_a_name_cannot_break_out_of_its_form(
    job: Job, parent: bytes, name: bytes, seed: int
) -> None:
    """However it is spelled, each field and the file arrive as one part each, and are signed."""
    renamed = replace(job, directory=os.path.join(job.root, parent), name=name)
    fields, form = _form(renamed, seed)
    body = asyncio.run(_whole(form))
    assert len(body) == int(form.headers["Content-Length"])
    *texts, file = _parsed(form, body)
    told = [part.get_param("name", header="Content-Disposition") for part in texts]
    assert told == [key for key, _ in fields]
    for part, (_, value) in zip(texts, fields, strict=True):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode().splitlines() == value.splitlines()
    assert file.get_param("name", header="Content-Disposition") == "photo"
    assert file.get_content_type() == "image/jpeg"
    assert file.keys() == ["Content-Disposition", "Content-Type"]
    assert authorization(ACCOUNT, Stamp("n", "1"), "POST", URL, fields).isprintable()
    assert SECRET.reveal() not in body.decode("utf-8", "replace")
