"""What is told to a service about each photo: the tables set it, `photo_of` puts them together.

Pure. Which words and numbers mean what to the services: docs/configuration.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class Privacy(StrEnum):
    """Who sees a photo, in the words of the setting `privacy`."""

    PRIVATE = "private"
    FRIENDS = "friends"
    FAMILY = "family"
    FRIENDS_FAMILY = "friends-family"
    PUBLIC = "public"
    ACCOUNT = "account"  # by the default that is set on the service's own site


FLAGS: dict[Privacy, tuple[int, int, int]] = {
    Privacy.PRIVATE: (0, 0, 0),
    Privacy.FRIENDS: (0, 1, 0),
    Privacy.FAMILY: (0, 0, 1),
    Privacy.FRIENDS_FAMILY: (0, 1, 1),
    Privacy.PUBLIC: (1, 0, 0),
}
"""`is_public`, `is_friend` and `is_family` of each word. For `account` none of them is sent."""

FLAG_KEYS = ("is_public", "is_friend", "is_family")
PRIVACY_KEYS = ("privacy", *FLAG_KEYS)


@dataclass(frozen=True, slots=True)
class PhotoTable:
    """What one table `photo` sets, a folder's or an account's. None: it does not set this."""

    title: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    privacy: Privacy | None = None
    is_public: int | None = None
    is_friend: int | None = None
    is_family: int | None = None
    safety_level: int | None = None
    content_type: int | None = None
    hidden: int | None = None
    album: str | None = None

    @property
    def has_privacy(self) -> bool:
        """Whether this table says who sees a photo."""
        return any(getattr(self, key) is not None for key in PRIVACY_KEYS)


NOTHING_SET = PhotoTable()


@dataclass(frozen=True, slots=True)
class PhotoFields:
    """What is told to the service about each photo. None: it is not told."""

    title: str = "{stem}"
    description: str | None = None
    tags: tuple[str, ...] = ()
    is_public: int | None = 0
    is_friend: int | None = 0
    is_family: int | None = 0
    safety_level: int | None = None
    content_type: int | None = None
    hidden: int | None = None
    album: str | None = None

    @property
    def privacy(self) -> Privacy:
        """Who sees the photo, in one word."""
        if self.is_public:
            return Privacy.PUBLIC
        flags = (self.is_public, self.is_friend, self.is_family)
        return next((word for word, known in FLAGS.items() if known == flags), Privacy.ACCOUNT)


def photo_of(folder: PhotoTable | None, account: PhotoTable) -> PhotoFields:
    """What is told about a photo of this folder (None: it lies in none) to this account.

    Privacy comes whole from one table, the folder's where it has any of it: half of one and half
    of the other could show what neither meant to show. All else is merged key by key.
    """
    tables = [table for table in (folder, account) if table is not None]
    told = {
        field.name: next(
            (value for table in tables if (value := getattr(table, field.name)) is not None), None
        )
        for field in fields(PhotoTable)
        if field.name not in PRIVACY_KEYS
    }
    is_public, is_friend, is_family = _flags(
        next((table for table in tables if table.has_privacy), NOTHING_SET)
    )
    return PhotoFields(
        **{name: value for name, value in told.items() if value is not None},
        is_public=is_public,
        is_friend=is_friend,
        is_family=is_family,
    )


def _flags(table: PhotoTable) -> tuple[int | None, int | None, int | None]:
    if table.privacy is Privacy.ACCOUNT:
        return None, None, None
    if table.privacy is not None:
        return FLAGS[table.privacy]
    return table.is_public or 0, table.is_friend or 0, table.is_family or 0
