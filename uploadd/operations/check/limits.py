"""What an account still takes, and which folders want more than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.filesize import decimal

from uploadd.model.configuration import Account, Folder, ServiceName, photo_fields
from uploadd.model.limits import BYTES_REMEDY, PRIVATE_REMEDY, Quota, items_count, too_many_private
from uploadd.model.numbers import counted, number
from uploadd.model.photo import PhotoFields
from uploadd.operations.check.findings import Finding, error, ok, warning

FEW_ITEMS = 100
MORE_ROOM = "delete photos there or upgrade the account"
UNKNOWN = "what it takes: the service names no limits, and refuses what it does not take"
SAFE = 1


def room(subject: str, quota: Quota) -> Iterator[Finding]:
    """An account's limits in one line, and a line for each that is reached or near."""
    if quota.items_left == 0:
        count = items_count(quota)
        text = "the account is full: " + (f"it has {count}" if count else "it takes no more photos")
        yield error(subject, text, MORE_ROOM)
    elif quota.bytes_left == 0:
        yield error(subject, "the account takes no more this month", BYTES_REMEDY)
    else:
        few = quota.items_left is not None and quota.items_left < FEW_ITEMS
        text = f"the account takes {', '.join(_parts(quota)) or UNKNOWN}"
        yield warning(subject, text, MORE_ROOM) if few else ok(subject, text)
    if quota.videos_left == 0:
        text = "the account takes no more videos"
        yield warning(subject, text, "delete videos there or upgrade the account")
    if quota.private_most is not None:
        yield ok(subject, f"of a free account's items {_private(quota)}")


def conflicts(
    account: Account, quota: Quota, folders: Mapping[str, Folder], waiting: Mapping[str, int]
) -> Iterator[Finding]:
    """Settings of folders that the account's limits do not allow.

    `waiting`: how many files of each folder are still to be sent to this account.
    """
    private = 0
    for name, folder in folders.items():
        if account.name not in folder.accounts:
            continue
        photo = photo_fields(folder, account)
        yield from _not_safe(account, quota, folder, photo)
        private += waiting.get(name, 0) if photo.is_public == 0 else 0
    yield from _too_many_private(account, quota, private)


def _not_safe(
    account: Account, quota: Quota, folder: Folder, photo: PhotoFields
) -> Iterator[Finding]:
    """Flickr upload API, error 15."""
    is_free = account.service is ServiceName.FLICKR and quota.is_pro is False
    if is_free and (photo.safety_level or SAFE) > SAFE:
        text = (
            f"safety_level = {photo.safety_level}, and accounts.{account.name} is a free"
            " account, which may hold safe content only: each photo will be refused (15)"
        )
        remedy = "set safety_level = 1 where that is true, or upgrade the account"
        yield warning(f"folders.{folder.name}.photo", text, remedy)


def _too_many_private(account: Account, quota: Quota, private: int) -> Iterator[Finding]:
    text = too_many_private(quota, private)
    if text:
        yield warning(f"accounts.{account.name}", text, PRIVATE_REMEDY)


def _parts(quota: Quota) -> Iterator[str]:
    if quota.items_left is not None:
        count = items_count(quota)
        yield counted(quota.items_left, "more item") + (f" ({count} are there)" if count else "")
    elif quota.is_pro:
        yield "any number of items"
    if quota.photo_max_bytes is not None:
        yield f"photos up to {decimal(quota.photo_max_bytes)}"
    video = [decimal(quota.video_max_bytes)] if quota.video_max_bytes is not None else []
    if quota.video_max_seconds is not None:
        video.append(f"{quota.video_max_seconds} s")
    if video:
        yield f"videos up to {' and '.join(video)}"
    if quota.videos_left:
        yield counted(quota.videos_left, "more video")
    if quota.bytes_left is not None:
        yield f"{decimal(quota.bytes_left)} more this month"


def _private(quota: Quota) -> str:
    most = number(quota.private_most or 0)
    if quota.private_left is None:
        return f"at most {most} need not be public (how many are not, the service did not say)"
    return (
        f"at most {most} need not be public: {number(quota.private_left)} of {most} places are left"
    )
