"""What a backfill claims at its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from uploadd.cli.closing import account_lines, found_lines, group_words, left_alone_lines
from uploadd.files.media import FileKind
from uploadd.model.left_alone import LeftAlone
from uploadd.model.restless import Restless
from uploadd.model.states import State
from uploadd.operations.backfill.endings import Ending, Finished
from uploadd.operations.backfill.remaining import AccountSum, Group
from uploadd.operations.backfill.summary import Snapshot

RAW = Group(State.SKIPPED, "type", FileKind.RAW, 5900, (".CR2", ".NEF"))
OTHER = Group(State.SKIPPED, "type", FileKind.OTHER, 50)
SONGS = Group(State.SKIPPED, "type", FileKind.VIDEO, 30, (".WEBM",))
EMPTY = Group(State.SKIPPED, "empty", FileKind.PHOTO, 5, (".JPG",))
REFUSED = Group(State.FAILED, "5", FileKind.PHOTO, 2, (".JPG",))
SENT = Group(State.PROCESSING, "processing", FileKind.PHOTO, 140)
QUEUED = Group(State.QUEUED, "queued", FileKind.PHOTO, 167)
EVERYTHING = "everything is on the account"


def total(name: str, there: int, *groups: Group) -> AccountSum:
    """An account with so many files there, and these that are not."""
    counts = {State.DONE: there}
    for group in groups:
        counts[group.state] = counts.get(group.state, 0) + group.files
    return AccountSum(name, counts, groups)


def finished(
    *sums: AccountSum,
    ending: Ending = Ending.DONE,
    left_alone: LeftAlone | None = None,
    settling: int = 0,
    is_walking: bool = False,
) -> Finished:
    """A backfill with these sums."""
    snapshot = Snapshot(settling=settling, is_walking=is_walking)
    return Finished(ending, snapshot, accounts=sums, left_alone=left_alone or LeftAlone())


def test_the_line_of_the_issue() -> None:
    """How many are there, how many are not, by reason and kind, and what lists them."""
    (line,) = account_lines(finished(total("me", 402, RAW, OTHER, SONGS, EMPTY)))
    assert line == (
        "402 are on the account. 5,985 are not: 5,900 RAW (.CR2, .NEF), 80 other types, 5 empty:"
        " `uploadd jobs --state skipped`"
    )


def test_everything_is_said_only_where_everything_is_there() -> None:
    """Not beside a file that is not there, a directory that was not read, or a walk cut short."""
    assert list(account_lines(finished(total("me", 3)))) == [EVERYTHING]
    unread = LeftAlone(unread_directories=1, unread_named=("/x (no)",))
    for one in (
        finished(total("me", 3, EMPTY)),
        finished(total("me", 3), left_alone=unread),
        finished(total("me", 3), settling=1),
        finished(total("me", 3), is_walking=True),
        finished(total("me", 0)),
        finished(),
    ):
        assert EVERYTHING not in list(account_lines(one))


def test_what_is_left_alone_does_not_hold_the_sentence_back_and_is_told_below() -> None:
    """Excluded files are no files that were found."""
    left = LeftAlone(12, 30, 1, 2, excluded_directories=1)
    assert list(account_lines(finished(total("me", 3), left_alone=left))) == [EVERYTHING]
    (line,) = left_alone_lines(left)
    assert line == (
        "left alone: 12 excluded (1 of them a directory), 30 sidecars, 1 hidden or unfinished,"
        " 2 links"
    )
    assert list(left_alone_lines(LeftAlone())) == []


def test_directories_that_could_not_be_read_are_named() -> None:
    """Some of them, and how many more."""
    left = LeftAlone(unread_directories=6, unread_named=("/a (no)", "/b (no)", "/c (no)"))
    assert list(left_alone_lines(left)) == [
        "left alone: 6 directories not readable",
        "not readable: /a (no), /b (no), /c (no) and 3 more",
    ]
    one = LeftAlone(unread_directories=1, unread_named=("/a (no)",))
    assert list(left_alone_lines(one)) == [
        "left alone: 1 directory not readable",
        "not readable: /a (no)",
    ]
    assert list(left_alone_lines(LeftAlone(), 2)) == ["left: 2 files that are still being written"]


def test_each_account_has_its_own_lines() -> None:
    """A file on one account is not on the other."""
    one = finished(total("me", 3), total("other", 1, EMPTY, REFUSED))
    assert list(found_lines(one)) == [
        "me: 3 files found: 3 done",
        "other: 8 files found: 1 done, 5 skipped, 2 failed",
    ]
    everything, some = account_lines(one)
    assert everything == f"me: {EVERYTHING}"
    assert some == (
        "other: 1 is on the account. 7 are not: 5 empty, 2 failed (5):"
        " `uploadd jobs --state skipped --state failed --account other`"
    )


def test_what_was_stopped_says_what_was_sent() -> None:
    """Sent and not confirmed is not the same as not sent."""
    one = finished(total("me", 93, SENT, QUEUED), ending=Ending.INTERRUPTED)
    assert list(found_lines(one)) == [
        "400 files found: 93 done, 140 sent and to be confirmed, 167 not yet sent"
    ]
    assert list(account_lines(one)) == []
    cut = finished(total("me", 93, SENT, QUEUED, RAW), ending=Ending.INTERRUPTED, is_walking=True)
    assert next(found_lines(cut)).startswith("6,300 files found so far: 93 done, 5,900 skipped")
    (line,) = account_lines(cut)
    assert line == (
        "93 are on the account. 6,207 are not: 5,900 RAW (.CR2, .NEF), 167 not yet sent,"
        " 140 sent and to be confirmed: `uploadd jobs --state skipped`"
    )


def test_what_was_being_sent_is_cut_where_nobody_goes_on() -> None:
    """Beside a daemon it goes on; else the next deliverer looks it up."""
    sending = Group(State.UPLOADING, "uploading", FileKind.PHOTO, 1)
    cut = finished(total("me", 0, sending), ending=Ending.INTERRUPTED)
    assert list(found_lines(cut)) == ["1 file found: 1 to be looked up"]
    left = replace(cut, left_to=812)
    assert list(found_lines(left)) == ["1 file found: 1 being sent"]


@pytest.mark.parametrize(
    ("code", "state", "words"),
    [
        ("damaged", State.SKIPPED, "damaged"),
        ("ignored", State.SKIPPED, "ignored"),
        ("changed", State.SKIPPED, "changed and left so"),
        ("too-large", State.FAILED, "too large"),
        ("unreadable", State.FAILED, "not readable"),
        ("http-502", State.FAILED, "failed (http-502)"),
        ("twisted", State.SKIPPED, "skipped (twisted)"),
        ("uncertain", State.UNCERTAIN, "to be looked up"),
    ],
)
def test_each_reason_has_its_words(code: str, state: State, words: str) -> None:
    """A code that has none is shown as it is."""
    assert group_words([Group(state, code, FileKind.PHOTO, 1)]) == f"1 {words}"


def test_types_that_are_not_taken() -> None:
    """They are `other` beside RAW only; many extensions are cut."""
    assert group_words([SONGS]) == "30 of types that are not taken"
    one = Group(State.SKIPPED, "type", FileKind.OTHER, 1)
    assert group_words([one]) == "1 of a type that is not taken"
    many = Group(State.SKIPPED, "type", FileKind.RAW, 9, (".A", ".B", ".C", ".D", ".E"))
    assert group_words([many, one]) == "9 RAW (.A, .B, .C, .D, …), 1 other type"


@pytest.mark.parametrize(
    ("one", "is_there"),
    [
        (finished(total("me", 3)), True),
        (finished(), True),
        (finished(total("me", 3), left_alone=LeftAlone(0, 30, 4, 2)), True),
        (finished(total("me", 3), left_alone=LeftAlone(excluded=1)), False),
        (finished(total("me", 3), left_alone=LeftAlone(unread_directories=1)), False),
        (finished(total("me", 3), total("other", 3, EMPTY)), False),
        (finished(total("me", 3, RAW)), False),
        (finished(total("me", 3), left_alone=LeftAlone(not_named={"web": 2})), False),
        (finished(total("me", 3), settling=1), False),
    ],
)
def test_strict_ends_with_1_where_anything_is_missing(one: Finished, is_there: bool) -> None:
    """Sidecars, unfinished files and links are no photos."""
    assert one.strictly().ending is (Ending.DONE if is_there else Ending.FAILED)


@pytest.mark.parametrize(
    "ending",
    [Ending.WOULD_WAIT, Ending.CREDENTIALS, Ending.INTERRUPTED, Ending.TERMINATED, Ending.FAILED],
)
def test_other_endings_go_before_strict(ending: Ending) -> None:
    """75, 77, 130 and 143 say more than 1."""
    assert finished(total("me", 3, RAW), ending=ending).strictly().ending is ending


def test_the_object_has_what_is_not_there_and_what_was_not_looked_at() -> None:
    """For scripts."""
    left = LeftAlone(12, 30, 1, 2, unread_directories=1, unread_named=("/a (no)",))
    told = finished(total("me", 1, RAW, EMPTY), total("other", 2), left_alone=left).as_json()
    assert told["not_on_account"] == [
        {"account": "me", "code": "type", "kind": "raw", "files": 5900},
        {"account": "me", "code": "empty", "kind": "photo", "files": 5},
    ]
    assert told["not_looked_at"] == {"excluded": 12, "sidecar": 30, "temporary": 1, "link": 2}
    assert told["unread_directories"] == 1


def test_files_that_do_not_come_to_rest_are_named() -> None:
    """Apart from those that are only being written."""
    paths = (b"/c/a.jpg", b"/c/caf\xe9.jpg", b"/c/c.jpg", b"/c/d.jpg")
    lines = list(left_alone_lines(LeftAlone(), 6, Restless(4, 4, paths)))
    assert lines[0] == (
        "left for later: 4 files that are held open, keep changing or lack their end:"
        " /c/a.jpg, /c/caf\\xe9.jpg, /c/c.jpg and 1 more"
    )
    assert lines[1:] == ["left: 2 files that are still being written"]
    assert list(left_alone_lines(LeftAlone(), 1, Restless(1, 0, paths[:1]))) == [
        "left for later: 1 file that is held open, keeps changing or lacks its end: /c/a.jpg"
    ]
