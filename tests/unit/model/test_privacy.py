"""Who sees what, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from uploadd.model.configuration import Account, Configuration, Folder
from uploadd.model.photo import FLAGS, NOTHING_SET, PhotoTable, Privacy
from uploadd.model.privacy import is_unsaid, is_wider, kept_privacy, privacy_text, privacy_texts

PUBLIC, PRIVATE = Privacy.PUBLIC, Privacy.PRIVATE


@pytest.mark.parametrize(
    ("by_account", "text"),
    [
        ({"me": PRIVATE}, "camera: private"),
        ({"me": PUBLIC, "you": PUBLIC}, "camera: public"),
        ({"me": PRIVATE, "you": PUBLIC}, "camera: private on me, public on you"),
        ({"me": Privacy.ACCOUNT}, "camera: by the site's default"),
    ],
)
def test_accounts_are_named_where_they_differ(by_account: dict[str, Privacy], text: str) -> None:
    """Else one word says it all."""
    assert privacy_text("camera", by_account) == text


def test_each_folder_and_everything_else_has_a_text() -> None:
    """A folder by its own accounts, everything else by all."""
    accounts = {"me": Account("me"), "you": Account("you", photo=PhotoTable(privacy=PUBLIC))}
    folders = {
        "camera": Folder("camera", Path("/a"), ("me",)),
        "web": Folder("web", Path("/b"), ("me", "you"), photo=PhotoTable(is_friend=1)),
    }
    configuration = Configuration(Path("/s"), accounts=accounts, folders=folders)
    assert list(privacy_texts(configuration)) == [
        "camera: private",
        "web: friends",
        "everything else: private on me, public on you",
    ]
    assert list(privacy_texts(Configuration(Path("/s")))) == []


@pytest.mark.parametrize(
    ("folder", "accounts", "unsaid"),
    [
        (NOTHING_SET, [NOTHING_SET], True),
        (PhotoTable(title="x", safety_level=1), [NOTHING_SET], True),
        (PhotoTable(is_public=0), [NOTHING_SET], False),
        (PhotoTable(privacy=Privacy.ACCOUNT), [NOTHING_SET], False),
        (NOTHING_SET, [PhotoTable(privacy=PUBLIC)], False),
        (NOTHING_SET, [PhotoTable(privacy=PUBLIC), NOTHING_SET], True),
    ],
)
def test_whether_a_setting_says_it(
    folder: PhotoTable, accounts: list[PhotoTable], *, unsaid: bool
) -> None:
    """For every account that the folder goes to."""
    owners = [Account(str(number), photo=photo) for number, photo in enumerate(accounts)]
    rules = Folder("camera", Path("/p"), tuple(owner.name for owner in owners), photo=folder)
    assert is_unsaid(rules, owners) is unsaid


@pytest.mark.parametrize("settings", Privacy)
@pytest.mark.parametrize("photo", Privacy)
def test_wider_is_whoever_sees_it_beyond_the_settings(photo: Privacy, settings: Privacy) -> None:
    """By the numbers that are sent; the site's default may show anything."""
    shown, asked = FLAGS.get(photo), FLAGS.get(settings)
    if asked is None or asked[0]:
        expected = False  # the settings leave out nobody
    elif shown is None:
        expected = True
    else:
        expected = any(one > other for one, other in zip(shown, asked, strict=True))
    assert is_wider(photo, settings) is expected


@pytest.mark.parametrize(
    ("came", "settings", "text"),
    [
        (PUBLIC, PRIVATE, "photo 7 was sent as public, and is left so; the settings say private"),
        (Privacy.ACCOUNT, Privacy.FAMILY, "photo 7 was sent with the site's default, and"),
        (None, PRIVATE, "who sees photo 7 was decided on the service, and is left so"),
        (None, PUBLIC, ""),
        (PRIVATE, PUBLIC, ""),
        (PRIVATE, PRIVATE, ""),
        (PUBLIC, Privacy.ACCOUNT, ""),
    ],
)
def test_what_stays_as_it_is_is_said_where_it_may_be_wider(
    came: Privacy | None, settings: Privacy, text: str
) -> None:
    """Nothing is claimed about a photo that came otherwise."""
    told = kept_privacy("7", came, settings)
    assert told.startswith(text)
    assert bool(told) is bool(text)
