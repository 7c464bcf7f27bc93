"""Text from outside, made fit to be sent or shown."""

from __future__ import annotations

import pytest

from uploadd.services.cleaning import EXCERPT_CHARACTERS, excerpt, one_line, sendable


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plain", "plain"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x00\x08\x0b\x1f\x7f\x85", ""),
        ("\ud800x\ufffe\uffff", "x"),
        ("\U0001f600 ☃ \u200d", "\U0001f600 ☃ \u200d"),
    ],
)
def test_only_what_xml_allows_is_sent(given: str, kept: str) -> None:
    """XML 1.0, section 2.2."""
    assert sendable(given) == kept


def test_one_line_has_no_controls_and_an_end() -> None:
    """A log line stays a line, and short."""
    assert one_line(" a\n\x1b[31mb\u202e ") == "a [31mb"
    assert len(one_line("x" * 1000)) == EXCERPT_CHARACTERS


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (b"<html><head><TITLE class=x>\n 502 Bad &amp; ugly </TITLE>", "502 Bad & ugly"),
        (b"<html><body>no title</body></html>", ""),
        (b"plain words\nof a server", "plain words of a server"),
        (b"\xff\xfe\x00", "��"),
        (b"", ""),
    ],
)
def test_an_excerpt_says_what_came(page: bytes, shown: str) -> None:
    """The title of a page, or the first words of a text."""
    assert excerpt(page) == shown


def test_an_excerpt_never_repeats_a_base_string() -> None:
    """`debug_sbs` holds the key and the token."""
    assert excerpt(b"oauth_problem=signature_invalid&debug_sbs=POST&https%3A%2F%2Fkey") == ""
    assert excerpt(b"<title>oauth_token=abc</title>") == ""
