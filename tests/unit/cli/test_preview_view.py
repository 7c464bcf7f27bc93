"""The sentences of a dry run."""

from __future__ import annotations

import pytest

from uploadd.cli.preview_view import preview_lines, spelled
from uploadd.model.estimates import Pace
from uploadd.model.limits import PRIVATE_REMEDY, Quota, too_many_private
from uploadd.operations.backfill.previewed import AccountPreview, Preview, TooLarge
from uploadd.operations.questions import Limits

FREE = Quota(items_left=37, items_most=1000, private_most=50, private_left=37)
MANY = {"photos": 41_200, "bytes_to_send": 310 * 10**9}


def last_lines(account: AccountPreview) -> list[str]:
    """What is said of one account."""
    lines = list(preview_lines(Preview(accounts={"me": account})))
    return lines[lines.index("nothing was sent: this was a dry run") + 1 :]


def of(quota: Quota | None, *pace: float, **counts: int) -> AccountPreview:
    """An account with these numbers."""
    return AccountPreview(Limits(quota, Pace(*pace)), **counts)  # type: ignore[arg-type]


def test_the_line_of_the_issue() -> None:
    """Photos, bytes, too large, the time, and the private places."""
    account = of(Quota(private_most=50, private_left=37), 700_000, 3600, 1.02, **MANY)
    account.too_large = [TooLarge(b"/p", 1, "x")] * 12
    assert last_lines(account) == [
        (
            "me: 41,200 photos, 310.0 GB, 12 too large, about 5 days at your `bytes_per_second` and"
            " call budget; 37 of 50 private places left"
        )
    ]


@pytest.mark.parametrize(
    ("account", "end"),
    [
        (of(Quota(), 700_000, 0, 1.0, **MANY), "about 5 days at your `bytes_per_second`"),
        (of(Quota(), 0, 3600, 1.02, **MANY), "at least 13 hours at your call budget"),
        (of(Quota(), 0, 0, 1.0, photos=1), "holds these up)"),
        (of(Quota(), 0, 3600, 1.0, photos=10), "holds these up)"),
        (of(Quota()), "me: 0 photos, 0 bytes"),
        (of(Quota(), 1, 0, 1.0, videos=1), ("me: 0 photos, 1 video, 0 bytes, about a minute"
         " at your `bytes_per_second`")),
    ],
)  # fmt: skip
def test_the_time_says_what_it_is_known_by(account: AccountPreview, end: str) -> None:
    """What is not capped cannot be told."""
    assert last_lines(account)[0].endswith(end)


def test_what_does_not_fit_is_said() -> None:
    """One line each."""
    quota = Quota(items_left=1, items_most=5, videos_left=0, bytes_left=10, private_left=1,
                  private_most=50)  # fmt: skip
    account = of(quota, photos=2, videos=2, bytes_to_send=1010, private=3)
    told = last_lines(account)
    assert "1 of 5 places left; 1 of 50 private places left" in told[0]
    assert told[1:] == [
        "  ! 3 files will not fit: the account has no more places",
        "  ! 2 videos will not fit: it takes 0 more",
        "  ! 1.0 kB will not fit this month",
        f"  ! {too_many_private(quota, 3)}; {PRIVATE_REMEDY}",
    ]
    assert "3 files are private, and the account has 1 of its 50 places for such left" in told[-1]


def test_limits_that_are_not_known_are_left_out() -> None:
    """With the reason."""
    account = AccountPreview(Limits(None, Pace(), "no connection; check the network"), photos=3)
    told = last_lines(account)
    assert told[0].startswith("me: 3 photos, 0 bytes")
    assert told[1:] == ["  the account's limits are left out: no connection; check the network"]


def test_what_is_too_large_or_unreadable_is_listed() -> None:
    """Each file by its path."""
    account = of(FREE)
    account.too_large = [TooLarge(b"/photos/a.jpg", 101, "101 bytes; the account takes less")]
    found = Preview(3, 0, 1, 0, 0, 1, 50, [("/photos/b.jpg", "Permission denied")],
                    accounts={"me": account})  # fmt: skip
    assert list(preview_lines(found))[:3] == [
        (
            "3 files found: 0 known already, 1 photo and 0 videos to send (50 bytes), 1 too large,"
            " 0 not for upload"
        ),
        "/photos/b.jpg cannot be read: Permission denied",
        "/photos/a.jpg is too large for me: 101 bytes; the account takes less",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "a minute"),
        (119.0, "a minute"),
        (120.0, "2 minutes"),
        (3500.0, "1 hour"),
        (5400.0, "2 hours"),
        (86_000.0, "1 day"),
        (442_857.0, "5 days"),
    ],
)
def test_a_time_is_spelled(seconds: float, text: str) -> None:
    """One unit is enough."""
    assert spelled(seconds) == text


def test_what_is_queued_already_is_not_passed_over() -> None:
    """It is known, so it is none of the files to send; nor is it on the account."""
    account = of(Quota(), there=2, pending=52)
    assert last_lines(account)[1:] == [
        "  2 are on the account already; 52 are in the queue already"
    ]
    assert last_lines(of(Quota(), pending=1))[1:] == [
        "  0 are on the account already; 1 is in the queue already"
    ]
