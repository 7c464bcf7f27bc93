"""`NAME=VALUE` as it is typed: `uploadd call METHOD k=v k=@FILE k=@- k=@@literal`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

from uploadd.model.errors import UsageError
from uploadd.model.numbers import number

MOST_VALUE_BYTES = 1024 * 1024
FROM_FILE = "@"
STANDARD_INPUT = "-"

Fields = tuple[tuple[str, str], ...]


def parameters_of(words: Sequence[str], standard_input: BinaryIO) -> Fields:
    """Each word's name and value, with the text of the files that `@` names.

    Raises `UsageError` for a word without `=`, and for what cannot be read or is no UTF-8 text.
    """
    pairs = [_pair(word) for word in words]
    if sum(value == FROM_FILE + STANDARD_INPUT for _, value in pairs) > 1:
        raise UsageError("standard input can be one parameter only", "write the others to files")
    return tuple((name, _value(name, value, standard_input)) for name, value in pairs)


def _pair(word: str) -> tuple[str, str]:
    name, separator, value = word.partition("=")
    if not separator:
        raise UsageError(f"{word!r} is no parameter", "write NAME=VALUE, such as photo_id=123")
    return name, value


def _value(name: str, value: str, standard_input: BinaryIO) -> str:
    if value.startswith(FROM_FILE * 2):
        value = value.removeprefix(FROM_FILE)
    elif value.startswith(FROM_FILE):
        return _text(name, _content(name, value.removeprefix(FROM_FILE), standard_input))
    return _text(name, os.fsencode(value))


def _content(name: str, source: str, standard_input: BinaryIO) -> bytes:
    if not source:
        remedy = f"write {name}=@FILE, {name}=@- for standard input, or {name}=@@ for the sign @"
        raise UsageError(f"{name}=@ names no file", remedy)
    try:
        if source == STANDARD_INPUT:
            return _whole(name, standard_input)
        with open(source, "rb") as file:
            return _whole(name, file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        remedy = f"a value that begins with @ is written {name}=@@…"
        raise UsageError(f"{name}: {source!r} cannot be read: {why}", remedy) from None


def _whole(name: str, file: BinaryIO) -> bytes:
    content = file.read(MOST_VALUE_BYTES + 1)
    if len(content) > MOST_VALUE_BYTES:
        raise UsageError(f"{name}: more than {number(MOST_VALUE_BYTES)} bytes", "no API takes that")
    # As a shell's $(…) does: the line's end belongs to the file and not to the value.
    return content.removesuffix(b"\n").removesuffix(b"\r")


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise UsageError(f"the value of {name} is not UTF-8 text", "write it in UTF-8") from None
