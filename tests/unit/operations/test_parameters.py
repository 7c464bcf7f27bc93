"""Parameters as they are typed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploadd.model.errors import UsageError
from uploadd.operations.call.parameters import MOST_VALUE_BYTES, Fields, parameters_of


def parsed(*words: str, standard_input: bytes = b"") -> Fields:
    """What would be sent."""
    return parameters_of(words, io.BytesIO(standard_input))


def test_names_and_values() -> None:
    """Everything behind the first sign is the value."""
    assert parsed("a=1", "b=", "c=x=y", "d=Été ☃", "e= two ") == (
        ("a", "1"),
        ("b", ""),
        ("c", "x=y"),
        ("d", "Été ☃"),
        ("e", " two "),
    )


@given(st.text(min_size=1).filter(lambda name: "=" not in name), st.text())
def test_whatever_is_typed_is_sent(name: str, value: str) -> None:
    """Names and values come out as they went in; a sign at the beginning is doubled."""
    written = f"@{value}" if value.startswith("@") else value
    if not any("\ud800" <= letter <= "\udfff" for letter in value):
        assert parsed(f"{name}={written}") == ((name, value),)


def test_values_from_files(tmp_path: Path) -> None:
    """Without the last line's end."""
    file = tmp_path / "story.txt"
    for content, value in ((b"one\ntwo\n", "one\ntwo"), (b"x\r\n", "x"), (b"", ""), (b"y", "y")):
        file.write_bytes(content)
        assert parsed(f"a=@{file}") == (("a", value),)


def test_a_value_from_standard_input() -> None:
    """As a shell's own substitution."""
    assert parsed("a=@-", "b=-", standard_input="é\n".encode()) == (("a", "é"), ("b", "-"))


def test_a_literal_sign() -> None:
    """Doubled."""
    assert parsed("a=@@home", "b=@@", "c=x@y") == (("a", "@home"), ("b", "@"), ("c", "x@y"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("photo_id",), "'photo_id' is no parameter; write NAME=VALUE"),
        (("",), "'' is no parameter"),
        (("a=@",), "a=@ names no file"),
        (("a=@/does/not/exist",), "a: '/does/not/exist' cannot be read: No such file"),
        (("a=@/",), "a: '/' cannot be read: Is a directory"),
        (("a=@-", "b=@-"), "standard input can be one parameter only"),
        (("a=\udcff",), "the value of a is not UTF-8 text"),
    ],
)
def test_bad_input(words: tuple[str, ...], told: str) -> None:
    """One line each."""
    with pytest.raises(UsageError, match="^" + told.replace("(", r"\(")) as error:
        parsed(*words)
    assert "\n" not in str(error.value)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    """Refused before anything is sent."""
    file = tmp_path / "x"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="the value of a is not UTF-8"):
        parsed(f"a=@{file}")
    file.write_bytes(b"x" * (MOST_VALUE_BYTES + 1))
    with pytest.raises(UsageError, match="more than 1,048,576 bytes"):
        parsed(f"a=@{file}")
    with pytest.raises(UsageError, match="cannot be read: embedded null byte"):
        parsed("a=@x\0y")
