"""What a dry run has found, for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.filesize import decimal

from uploadd.cli.closing import group_words, left_alone_lines
from uploadd.files.opening import printable
from uploadd.model.estimates import Estimate
from uploadd.model.limits import PRIVATE_REMEDY, too_many_private
from uploadd.model.numbers import counted, number
from uploadd.operations.backfill.previewed import AccountPreview, Preview

_UNITS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))
BY_BYTES = "`bytes_per_second`"
BY_CALLS = "call budget"


def preview_lines(preview: Preview) -> Iterator[str]:
    """The files, what cannot be sent, and for each account how much it is and how long it takes."""
    too_large = f", {number(preview.too_large)} too large" if preview.too_large else ""
    yield (
        f"{counted(preview.found, 'file')} found: {number(preview.known)} known already,"
        f" {counted(preview.photos, 'photo')} and {counted(preview.videos, 'video')} to send"
        f" ({decimal(preview.bytes_to_send)}){too_large}, {number(preview.skipped)} not for upload"
    )
    for directory, why in preview.errors:
        yield f"{directory} cannot be read: {why}"
    for name, account in preview.accounts.items():
        for one in account.too_large:
            yield f"{printable(one.path)} is too large for {name}: {one.text}"
    yield from left_alone_lines(preview.left_alone)
    yield "nothing was sent: this was a dry run"
    for name, account in preview.accounts.items():
        yield from _account_lines(name, account)


def _account_lines(name: str, account: AccountPreview) -> Iterator[str]:
    parts = [", ".join(_parts(account)), *_places(account)]
    yield f"{name}: {'; '.join(parts)}"
    if account.there or account.groups or account.pending:
        there = f"{counted(account.there, 'is', 'are')} on the account already"
        yield f"  {there}{_in_the_queue(account)}{_left_out(account)}"
    if account.limits.unknown:
        yield f"  the account's limits are left out: {account.limits.unknown}"
    for line in _beyond(account):
        yield f"  ! {line}"


def _in_the_queue(account: AccountPreview) -> str:
    """Files that an earlier run has taken in: they are known, and have a way to go."""
    are = counted(account.pending, "is", "are")
    return f"; {are} in the queue already" if account.pending else ""


def _left_out(account: AccountPreview) -> str:
    """The same groups that a backfill ends with."""
    if not account.groups:
        return ""
    files = sum(group.files for group in account.groups)
    return f"; {number(files)} will not be sent: {group_words(account.groups)}"


def _parts(account: AccountPreview) -> Iterator[str]:
    yield counted(account.photos, "photo")
    if account.videos:
        yield counted(account.videos, "video")
    yield decimal(account.bytes_to_send)
    if account.too_large:
        yield f"{number(len(account.too_large))} too large"
    if account.files:
        yield _time(account.estimate)


def _time(estimate: Estimate) -> str:
    """How long it takes, and by which settings that is known."""
    if estimate.seconds is None:
        return "no estimate (neither `bytes_per_second` nor the call budget holds these up)"
    if not estimate.by_bytes:
        return f"at least {spelled(estimate.seconds)} at your {BY_CALLS}"
    by = f"{BY_BYTES} and {BY_CALLS}" if estimate.by_calls else BY_BYTES
    return f"about {spelled(estimate.seconds)} at your {by}"


def _places(account: AccountPreview) -> Iterator[str]:
    quota = account.quota
    if quota.items_left is not None:
        of = f" of {number(quota.items_most)}" if quota.items_most is not None else ""
        yield f"{number(quota.items_left)}{of} places left"
    if quota.private_left is not None:
        most = number(quota.private_most or 0)
        yield f"{number(quota.private_left)} of {most} private places left"


def _beyond(account: AccountPreview) -> Iterator[str]:
    """What will not fit."""
    over, quota = account.beyond, account.quota
    if over.items:
        yield f"{counted(over.items, 'file')} will not fit: the account has no more places"
    if over.videos:
        left = number(quota.videos_left or 0)
        yield f"{counted(over.videos, 'video')} will not fit: it takes {left} more"
    if over.size_bytes:
        yield f"{decimal(over.size_bytes)} will not fit this month"
    private = too_many_private(quota, account.private)
    if private:
        yield f"{private}; {PRIVATE_REMEDY}"


def spelled(seconds: float) -> str:
    """`5 days`, `1 hour`, `20 minutes`; `a minute` where it is less than two."""
    for size, name in _UNITS:
        if seconds >= 2 * size or (size > 60 and seconds >= 0.95 * size):
            return counted(round(seconds / size), name)
    return "a minute"
