"""Reading a multipart/form-data body as it arrives, in constant memory (RFC 7578)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from uploadd.sandbox.disk import ReceivedFile

MAX_FIELD_BYTES = 2**20


class BodyError(Exception):
    """A body that is not well-formed multipart/form-data, or whose text fields are huge."""


@dataclass
class Form:
    """A body's parts: text fields in their order, and files by name."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, ReceivedFile]] = field(default_factory=list)

    def file(self, name: str) -> ReceivedFile | None:
        """The file part of that name."""
        return next((file for part, file in self.files if part == name), None)

    def discard(self) -> None:
        """Remove the received files that were not moved away."""
        for _, file in self.files:
            file.discard()


def boundary_of(content_type: str) -> bytes:
    """The boundary in a Content-Type header; raises BodyError where there is none."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BodyError("expected multipart/form-data with a boundary")
    return boundary


async def read_form(
    form: Form,
    body: AsyncIterator[bytes],
    content_type: str,
    receive: Callable[[str, str], ReceivedFile],
) -> None:
    """Fill `form` from a body; the caller discards it in the end. Raises BodyError."""
    parts = _Parts(form, receive)
    try:
        parser = MultipartParser(boundary_of(content_type), parts.callbacks())  # type: ignore[arg-type]
        async for block in body:
            parser.write(block)
            if parts.file is not None:
                await parts.file.relieve()
        parser.finalize()
    except FormParserError as error:
        raise BodyError(str(error)) from error
    if not parts.is_ended:
        raise BodyError("the closing boundary is missing")
    for _, file in form.files:
        await file.finish()


class _Parts:
    """The parser's callbacks: collects headers, then sends a part's bytes to its place."""

    def __init__(self, form: Form, receive: Callable[[str, str], ReceivedFile]) -> None:
        self._form = form
        self._receive = receive
        self._header = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._text = bytearray()
        self._text_bytes = 0
        self.file: ReceivedFile | None = None
        self.is_ended = False

    def callbacks(self) -> dict[str, Callable[..., None]]:
        """By the names that the parser expects."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._headers, self._text, self.file = {}, bytearray(), None

    def _header_field(self, block: bytes, start: int, end: int) -> None:
        self._header += block[start:end]

    def _header_value(self, block: bytes, start: int, end: int) -> None:
        self._value += block[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise BodyError("a part without Content-Disposition: form-data; name=…")
        self._name = options[b"name"].decode("utf-8", "replace")
        if b"filename" in options:
            filename = options[b"filename"].decode("utf-8", "replace")
            content_type = self._headers.get(b"content-type", b"").decode("latin-1")
            self.file = self._receive(filename, content_type)
            self._form.files.append((self._name, self.file))

    def _part_data(self, block: bytes, start: int, end: int) -> None:
        if self.file is not None:
            self.file.take(block[start:end])
            return
        self._text_bytes += end - start
        if self._text_bytes > MAX_FIELD_BYTES:
            raise BodyError("the text fields are too big")
        self._text += block[start:end]

    def _part_end(self) -> None:
        if self.file is None:
            self._form.fields.append((self._name, self._decoded()))

    def _decoded(self) -> str:
        try:
            return self._text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BodyError(f"the field {self._name!r} is not UTF-8") from error

    def _end(self) -> None:
        self.is_ended = True
