"""What is told about a photo: two tables, and one rule for who sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploadd.model.photo import (
    FLAG_KEYS,
    FLAGS,
    NOTHING_SET,
    PhotoFields,
    PhotoTable,
    Privacy,
    photo_of,
)

PUBLIC = PhotoTable(privacy=Privacy.PUBLIC)
FAMILY = PhotoTable(is_family=1)
IS_PUBLIC = PhotoTable(is_public=1)


def flags(folder: PhotoTable | None, account: PhotoTable) -> tuple[int | None, ...]:
    """The three numbers that are sent."""
    told = photo_of(folder, account)
    return told.is_public, told.is_friend, told.is_family


@pytest.mark.parametrize(
    ("folder", "account", "sent"),
    [
        (None, NOTHING_SET, (0, 0, 0)),
        (NOTHING_SET, NOTHING_SET, (0, 0, 0)),
        (PhotoTable(title="x"), NOTHING_SET, (0, 0, 0)),
        (None, PUBLIC, (1, 0, 0)),
        (NOTHING_SET, PUBLIC, (1, 0, 0)),
        (NOTHING_SET, IS_PUBLIC, (1, 0, 0)),
        (PUBLIC, NOTHING_SET, (1, 0, 0)),
        (FAMILY, NOTHING_SET, (0, 0, 1)),
        (FAMILY, PUBLIC, (0, 0, 1)),
        (FAMILY, IS_PUBLIC, (0, 0, 1)),  # not (1, 0, 1): no half of the account's table
        (PhotoTable(is_public=0), PUBLIC, (0, 0, 0)),
        (PhotoTable(is_friend=0), IS_PUBLIC, (0, 0, 0)),
        (PhotoTable(is_public=1, is_friend=1), FAMILY, (1, 1, 0)),
        (PhotoTable(privacy=Privacy.PRIVATE), PUBLIC, (0, 0, 0)),
        (PhotoTable(privacy=Privacy.ACCOUNT), PUBLIC, (None, None, None)),
        (PhotoTable(privacy=Privacy.ACCOUNT), NOTHING_SET, (None, None, None)),
        (NOTHING_SET, PhotoTable(privacy=Privacy.ACCOUNT), (None, None, None)),
        (PhotoTable(is_public=0), PhotoTable(privacy=Privacy.ACCOUNT), (0, 0, 0)),
    ],
)
def test_privacy_comes_whole_from_one_table(
    folder: PhotoTable | None, account: PhotoTable, sent: tuple[int | None, ...]
) -> None:
    """The folder's if it has any of it, else the account's, else private."""
    assert flags(folder, account) == sent


@pytest.mark.parametrize("word", Privacy)
def test_each_word_in_either_table(word: Privacy) -> None:
    """It is sent as its numbers, and read back from them as the same word."""
    table = PhotoTable(privacy=word)
    for told in (photo_of(table, IS_PUBLIC), photo_of(NOTHING_SET, table), photo_of(None, table)):
        sent = (told.is_public, told.is_friend, told.is_family)
        assert sent == FLAGS.get(word, (None, None, None))
        assert told.privacy is word


def test_only_public_words_make_a_photo_public() -> None:
    """Nothing is shown that was not asked for."""
    assert [word for word, numbers in FLAGS.items() if numbers[0]] == [Privacy.PUBLIC]


tables = st.builds(
    PhotoTable,
    privacy=st.none(),
    **{name: st.sampled_from([None, 0, 1]) for name in FLAG_KEYS},
) | st.builds(PhotoTable, privacy=st.sampled_from([None, *Privacy]))


@given(folder=st.none() | tables, account=tables)
def test_whoever_did_not_ask_for_it_is_not_shown(
    folder: PhotoTable | None, account: PhotoTable
) -> None:
    """Each number that is 1 stands in the one table that decides; all three or none are sent."""
    sent = flags(folder, account)
    decides = folder if folder is not None and folder.has_privacy else account
    if None in sent:
        assert sent == (None, None, None)
        assert decides.privacy is Privacy.ACCOUNT
        return
    asked = FLAGS.get(decides.privacy) if decides.privacy else None
    written = tuple(getattr(decides, name) or 0 for name in FLAG_KEYS)
    assert sent == (asked or written)


def test_other_keys_are_merged_and_lists_replace() -> None:
    """What the folder leaves out comes from the account; an empty list is a list."""
    account = PhotoTable(title="{name}", description="d", tags=("a", "b"), safety_level=2)
    assert photo_of(NOTHING_SET, account) == PhotoFields(
        title="{name}", description="d", tags=("a", "b"), safety_level=2
    )
    folder = PhotoTable(title="", tags=(), safety_level=1, hidden=2, album="{parent}")
    assert photo_of(folder, account) == PhotoFields(
        title="", description="d", safety_level=1, hidden=2, album="{parent}"
    )
    assert photo_of(PhotoTable(tags=("c",)), account).tags == ("c",)


def test_without_a_table_a_photo_has_its_files_name() -> None:
    """And nobody else sees it."""
    assert photo_of(None, NOTHING_SET) == PhotoFields() == PhotoFields(title="{stem}")
    assert PhotoFields().privacy is Privacy.PRIVATE


def test_public_beside_friends_is_public() -> None:
    """What a person sees of the three numbers."""
    assert PhotoFields(is_public=1, is_friend=1, is_family=0).privacy is Privacy.PUBLIC
