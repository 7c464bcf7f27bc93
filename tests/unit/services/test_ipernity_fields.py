"""What is told to ipernity about a document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from uploadd.sandbox.ipernity.keywords import split_keywords
from uploadd.services.base import Parcel
from uploadd.services.ipernity.fields import keyword_list, replace_fields, upload_fields


def test_a_plain_photo_says_little(parcel: Parcel) -> None:
    """No content tag and no dedup_check: ipernity knows contents by their MD5."""
    assert upload_fields(parcel) == [
        ("title", "A photo"),
        ("is_public", "0"),
        ("is_friend", "0"),
        ("is_family", "0"),
        ("async", "1"),
    ]


def test_every_choice_has_ipernitys_name(parcel: Parcel) -> None:
    """`safety_level` is `safety`; `content_type` and `hidden` have no counterpart."""
    chosen = replace(
        parcel, is_public=0, is_friend=1, is_family=0, safety_level=3, content_type=4, hidden=2,
        description="two\r\nlines", tags=("sea", "blue sky"),
    )  # fmt: skip
    assert upload_fields(chosen) == [
        ("title", "A photo"),
        ("description", "two\nlines"),
        ("is_public", "0"),
        ("is_friend", "1"),
        ("is_family", "0"),
        ("safety", "3"),
        ("keywords", 'sea,"blue sky"'),
        ("async", "1"),
    ]


def test_a_replacement_tells_only_which_document() -> None:
    """What is told about it stays."""
    assert replace_fields("123") == [("doc_id", "123"), ("async", "1")]


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        ((), ""),
        (("sunset",), "sunset"),
        (("blue sky", "sunset"), '"blue sky",sunset'),
        (("a,b",), '"a b"'),
        (('quo"ted',), "quoted"),
        ((",", '"', " ", ""), ""),
        (("  many \n blanks ",), '"many blanks"'),
        (("twice", "twice"), "twice"),
        (("ns:pred=a b",), '"ns:pred=a b"'),
        (("\x00\ud800☃",), "☃"),
    ],
)
def test_keywords_are_separated_by_commas(tags: tuple[str, ...], field: str) -> None:
    """A comma or a quotation mark in a tag would make two of it."""
    assert keyword_list(tags) == field
    assert len(split_keywords(field)) == len({tag for tag in field.split(",") if tag})
