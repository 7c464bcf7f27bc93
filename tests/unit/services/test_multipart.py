"""The streamed form: its length, its order, its escapes, and when it counts as handed over."""

from __future__ import annotations

import email.message
import email.parser
import email.policy
from random import Random
from typing import Any

import pytest

from uploadd.model.errors import FileChangedError, FileVanishedError
from uploadd.services.multipart import PIECE_BYTES, FilePart, Multipart
from uploadd.services.wire import Handed


def form_of(body: Any, fields: Any = (), file_name: str = "a.jpg") -> Multipart:
    """A form around one file."""
    return Multipart(fields, FilePart("photo", file_name, "image/jpeg", body), Random(7))


async def whole(form: Multipart, handed: Handed | None = None) -> bytes:
    """All of a form's bytes."""
    return b"".join([chunk async for chunk in form.chunks(handed or Handed())])


def parts_of(form: Multipart, content: bytes) -> list[email.message.MIMEPart]:
    """The form's parts as the standard library reads them."""
    head = f"Content-Type: {form.headers['Content-Type']}\r\n\r\n".encode()
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    return list(parser.parsebytes(head + content).iter_parts())


async def test_the_length_is_known_beforehand_and_exact(body: Any) -> None:
    """Flickr answers 411 to a body without Content-Length."""
    form = form_of(body([b"abc", b"", b"defg"]), [("title", "Été ☃"), ("tags", "")])
    assert form.headers["Content-Length"] == str(len(await whole(form)))


async def test_fields_come_first_and_the_file_last(body: Any) -> None:
    """Another implementation finds the same fields and bytes, in this order."""
    form = form_of(body([b"\x00\xff\r\n--x"]), [("title", "Été"), ("async", "1")])
    parts = parts_of(form, await whole(form))
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["title", "async", "photo"]
    assert parts[0].get_payload(decode=True) == "Été".encode()
    assert parts[2].get_payload(decode=True) == b"\x00\xff\r\n--x"
    assert parts[2].get_content_type() == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ('say "x".jpg', "say %22x%22.jpg"),
        ("a\r\nb.jpg", "a%0D%0Ab.jpg"),
        ("Été ☃.jpg", "Été ☃.jpg"),
        ("nul\x00l.jpg", "null.jpg"),
        ("lone\udcff.jpg", "lone.jpg"),
    ],
)
async def test_a_file_name_is_escaped_as_browsers_do(body: Any, name: str, written: str) -> None:
    """Quotes and line ends cannot break out of the header; the rest stays UTF-8."""
    content = await whole(form_of(body([b"x"]), file_name=name))
    assert f'filename="{written}"\r\n'.encode() in content


async def test_it_is_handed_over_only_just_before_the_closing_boundary(body: Any) -> None:
    """With every byte of the file gone, but not the boundary, nothing can have been kept."""
    form, handed = form_of(body([b"one", b"two"])), Handed()
    seen = [(chunk, handed.last_chunk) async for chunk in form.chunks(handed)]
    assert [is_last for _, is_last in seen] == [False, False, False, True]
    assert seen[-1][0].endswith(b"--\r\n")


async def test_large_chunks_are_sent_in_pieces(body: Any) -> None:
    """A write of many megabytes would look like a stall on a slow line."""
    content = bytes(range(256)) * (10 * PIECE_BYTES // 256) + b"rest"
    form = form_of(body([content]))
    pieces = [chunk async for chunk in form.chunks(Handed())]
    assert max(map(len, pieces)) <= PIECE_BYTES
    assert content in b"".join(pieces)


@pytest.mark.parametrize(("size", "word"), [(2, "grown"), (4, "shrunk")])
async def test_a_body_of_another_length_is_a_changed_file(body: Any, size: int, word: str) -> None:
    """Neither too many nor too few bytes go out as if they were the file."""
    odd, handed = body([b"abc"], size=size), Handed()
    with pytest.raises(FileChangedError, match=word):
        await whole(form_of(odd), handed)
    assert not handed.last_chunk
    assert odd.is_closed


async def test_trouble_at_the_very_end_keeps_the_boundary_back(body: Any) -> None:
    """A file that turns out to have changed after its last byte is not completed."""
    handed = Handed()
    with pytest.raises(FileVanishedError):
        await whole(form_of(body([b"abc"], trouble=FileVanishedError("gone"))), handed)
    assert not handed.last_chunk


async def test_a_form_that_is_left_early_closes_the_file(body: Any) -> None:
    """A connection that breaks must not leave a file open."""
    opened = body([b"abc", b"def"])
    chunks = form_of(opened).chunks(Handed())
    await anext(chunks)
    await anext(chunks)
    await chunks.aclose()
    assert opened.is_closed


def test_boundaries_differ(body: Any) -> None:
    """Each form draws its own."""
    random = Random(1)
    part = FilePart("photo", "a", "image/jpeg", body([b"x"]))
    assert Multipart([], part, random).headers != Multipart([], part, random).headers
