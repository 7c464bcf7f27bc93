"""What is told to Flickr about a photo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from uploadd.model.configuration import Account
from uploadd.sandbox.tags import split_tags
from uploadd.services.base import Parcel
from uploadd.services.flickr.fields import tag_list, upload_fields
from uploadd.services.form_fields import file_name


def test_a_plain_photo_says_little(parcel: Parcel, account: Account) -> None:
    """It is private; what is None is not sent."""
    assert upload_fields(parcel, account) == [
        ("title", "A photo"),
        ("is_public", "0"),
        ("is_friend", "0"),
        ("is_family", "0"),
        ("tags", f"checksum:sha256={parcel.sha256}"),
        ("dedup_check", "1"),
        ("async", "1"),
    ]


def test_every_choice_is_sent_as_it_was_given(parcel: Parcel, account: Account) -> None:
    """Zero is a value, not an absence."""
    chosen = replace(
        parcel, is_public=0, is_friend=1, is_family=0, safety_level=3, content_type=4, hidden=2
    )
    fields = dict(upload_fields(chosen, account))
    assert [fields[name] for name in ("is_public", "is_friend", "is_family")] == ["0", "1", "0"]
    assert (fields["safety_level"], fields["content_type"], fields["hidden"]) == ("3", "4", "2")


def test_without_a_content_tag_and_dedup_neither_is_sent(parcel: Parcel, account: Account) -> None:
    """Both are the account's choice."""
    bare = replace(account, content_tag=False, dedup_check=0)
    names = [name for name, _ in upload_fields(parcel, bare)]
    assert names == ["title", "is_public", "is_friend", "is_family", "async"]


def test_a_forced_send_asks_for_no_dedup(parcel: Parcel, account: Account) -> None:
    """`uploadd retry --force` sends what the service knows already."""
    names = [name for name, _ in upload_fields(replace(parcel, is_forced=True), account)]
    assert "dedup_check" not in names


def test_an_empty_title_is_left_out_and_an_empty_description_is_not(
    parcel: Parcel, account: Account
) -> None:
    """Flickr takes the file's name where there is no title."""
    fields = dict(upload_fields(replace(parcel, title=" \x00", description=""), account))
    assert "title" not in fields
    assert fields["description"] == ""


def test_what_xml_cannot_carry_is_dropped(parcel: Parcel, account: Account) -> None:
    """A title is one line; a description keeps its line ends, as LF."""
    odd = replace(parcel, title="a\x00b\x1f\nc\ufffe\udcff", description="x\r\ny\rz\x07\t")
    fields = dict(upload_fields(odd, account))
    assert fields["title"] == "ab c"
    assert fields["description"] == "x\ny\nz\t"


@pytest.mark.parametrize(
    ("tags", "written"),
    [
        (["sea"], "sea"),
        (["from:camera"], "from:camera"),
        (["blue sky"], '"blue sky"'),
        (["  blue \n sky "], '"blue sky"'),
        (["a,b"], '"a,b"'),
        (['the "best" one'], '"the best one"'),
        (["geo:lat=1.5"], "geo:lat=1.5"),
        (["ns:pred=a b"], 'ns:pred="a b"'),
        (["ns:pred=http://x/?y"], 'ns:pred="http://x/?y"'),
        (["Été", "Été", "", ' " ', "été"], "Été été"),
    ],
)
def test_tags_are_quoted_where_they_need_it(tags: list[str], written: str) -> None:
    """Spaces separate, quotes group, machine tags quote their value."""
    assert tag_list(tags) == written


def test_an_independent_reader_finds_the_same_tags() -> None:
    """The sandbox reads tags with code of its own."""
    tags = ["sea", "blue sky", "ns:pred=a b", "from:camera", "naïve, really", "x=y"]
    assert split_tags(tag_list(tags)) == tags


def test_the_content_tag_comes_first(parcel: Parcel, account: Account) -> None:
    """A limit of tags must not cut off the one that finds the photo again."""
    tagged = replace(parcel, tags=tuple(f"tag{number}" for number in range(100)))
    assert dict(upload_fields(tagged, account))["tags"].startswith("checksum:sha256=")


def test_the_file_name_carries_the_true_extension(parcel: Parcel) -> None:
    """Error 5 on good videos came from a missing extension."""
    assert file_name(replace(parcel, stem="clip.old", extension=".mp4")) == "clip.old.mp4"
    assert file_name(replace(parcel, stem="")) == "photo.jpg"
