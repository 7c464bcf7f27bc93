"""Places in trouble are tried again by themselves, and told with their remedies."""

from __future__ import annotations

import errno
import os
import pwd

import pytest

from uploadd.intake.listings import Listing
from uploadd.intake.troubles import (
    MOST_ALONE,
    Trouble,
    Troubles,
    as_text,
    of_text,
    summary,
    trouble_of,
    trouble_with_watch,
)

CLOSED = Trouble("Permission denied", "let it in")
UNWATCHED = Trouble("no room", "allow more", is_read=True)


def tries_until(troubles: Troubles, end: float, found: dict[bytes, Trouble]) -> list[float]:
    """When the places are tried until `end`, each time in vain."""
    times = []
    while (due := troubles.next_due()) is not None and due <= end:
        for way in troubles.take_due(due):
            times.append(due)
            troubles.note(way, found, due, due)
    return times


def test_a_place_is_tried_again_after_growing_gaps() -> None:
    """1, 2, 4 … seconds, at most the longest gap; since when is kept."""
    troubles = Troubles(longest_gap=10.0)
    assert troubles.note(b"", {b"a": CLOSED}, 1000.0, 0.0) == (True, False)
    assert tries_until(troubles, 45.0, {b"a": CLOSED}) == [1, 3, 7, 15, 25, 35, 45]
    (place,) = troubles
    assert (place.since, place.tries) == (1000.0, 8)


def test_what_ends_with_a_copy_calls_nobody() -> None:
    """`rsync -a` closes each directory until it has filled it. The root calls at once."""
    troubles = Troubles(10.0)
    for now in (0.0, 1.0, 3.0):
        assert not troubles.lasting()
        troubles.note(b"a", {b"a": CLOSED}, 0.0, now)
    assert troubles.lasting() == {(b"a", CLOSED)}
    troubles.note(b"", {b"": CLOSED}, 0.0, 4.0)
    assert troubles.lasting() == {(b"", CLOSED)}


def test_closed_directories_are_opened_by_one_command() -> None:
    """It can be typed as it stands, and names the whole folder where it would be too long."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    opened = f"setfacl -R -m u:{user}:rX,d:u:{user}:rX"
    trouble = trouble_of(Listing(b"", error="denied", errno=errno.EACCES), is_root=False)
    assert trouble is not None
    troubles = Troubles(10.0)
    troubles.note(b"", {b"b c": trouble, b"a": trouble}, 0.0, 0.0)
    assert summary(troubles, b"/p") == (
        "2 directories not read (denied): /p/a, /p/b c;"
        f" as its owner or root: {opened} /p/a '/p/b c'"
    )
    assert of_text(as_text(troubles, b"/p"))[0]["remedy"].endswith(f"{opened} /p/a")
    troubles.note(b"", {b"%d" % number: trouble for number in range(4)}, 0.0, 0.0)
    assert summary(troubles, b"/p").endswith(f"{opened} /p")


def test_a_place_that_is_well_again_is_none() -> None:
    """The list says so once, and is empty then."""
    troubles = Troubles(10.0)
    troubles.note(b"", {b"a": CLOSED, b"b": CLOSED}, 0.0, 0.0)
    assert troubles.take_due(1.0) == [b"a", b"b"]
    assert troubles.take_due(1.0) == []
    assert troubles.note(b"a", {}, 1.0, 1.0) == (False, True)
    assert [place.way for place in troubles] == [b"b"]
    assert troubles.note(b"", {}, 2.0, 2.0) == (False, True)
    assert len(troubles) == 0
    assert troubles.next_due() is None
    assert troubles.note(b"", {}, 3.0, 3.0) == (False, False)


def test_what_lies_below_a_place_is_tried_with_it() -> None:
    """So it is no place of its own, until the one above it is well."""
    troubles = Troubles(10.0)
    troubles.note(b"", {b"a": UNWATCHED, b"a/b": UNWATCHED, b"ab": CLOSED}, 0.0, 0.0)
    assert [place.way for place in troubles] == [b"a", b"ab"]
    troubles.note(b"a", {b"a/b": CLOSED}, 1.0, 1.0)
    assert {place.way for place in troubles} == {b"ab", b"a/b"}
    troubles.note(b"a", {}, 2.0, 2.0, is_deep=False)  # a walk of that directory alone
    assert {place.way for place in troubles} == {b"ab", b"a/b"}


def test_many_places_are_one_walk_of_the_whole_folder() -> None:
    """Ten thousand walks would cost more."""
    troubles = Troubles(10.0)
    troubles.note(b"", {b"%d" % number: UNWATCHED for number in range(MOST_ALONE + 1)}, 0.0, 0.0)
    assert troubles.take_due(1.0) == [b""]


@pytest.mark.parametrize(
    ("listing", "is_root", "told"),
    [
        (Listing(b"/p"), True, None),
        (Listing(b"/p", error="gone", errno=errno.ENOENT), False, None),
        (Listing(b"/p", error="a link", errno=errno.ELOOP), False, None),
        (Listing(b"/p", error="gone", errno=errno.ENOENT), True, "gone; see what the kernel"),
        (Listing(b"/p", error="no", errno=errno.EPERM), False, "no; look at its"),
        (Listing(b"/p", error="long", errno=errno.ENAMETOOLONG), False, "long; make the names"),
        (Listing(b"/p", error="it is another's; forget it"), True, "it is another's; forget it"),
        (Listing(b"/p", unwatched=OSError(errno.ENOSPC, "full")), False, "full; allow more watch"),
    ],
)
def test_what_a_walk_found(listing: Listing, is_root: bool, told: str | None) -> None:
    """Each with its remedy; what has gone meanwhile is no trouble, but for the root."""
    found = trouble_of(listing, is_root=is_root)
    assert (found is None) if told is None else str(found).startswith(told)


def test_the_summary_names_alike_places_together() -> None:
    """One line for the status; all of them in the database, the oldest first."""
    troubles = Troubles(10.0)
    found = {b"%d" % number: CLOSED for number in range(5)} | {b"w": UNWATCHED}
    troubles.note(b"", found, 7.0, 0.0)
    assert summary(troubles, b"/p") == (
        "5 directories not read (Permission denied): /p/0, /p/1, /p/2, …; let it in;"
        " 1 directory not watched (no room): /p/w; allow more"
    )
    rows = of_text(as_text(troubles, b"/p"))
    assert len(rows) == 6
    assert rows[0] == {
        "path": "/p/0", "text": "Permission denied", "remedy": "let it in", "since": 7.0,
    }  # fmt: skip
    assert (of_text(""), as_text([], b"/p"), summary([], b"/p")) == ([], "", "")


@pytest.mark.parametrize(
    "text", ["{", "[1]", "7", '{"path": "/p"}', '[{"path": "/p"}]', "[" * 100_000]
)
def test_a_text_that_was_edited_by_hand_shows_nothing(text: str) -> None:
    """No command ends with a traceback for it."""
    assert of_text(text) == []


def test_a_text_that_was_edited_by_hand_obeys_no_terminal() -> None:
    """Not even a word of it."""
    (row,) = of_text('[{"path": "/\\u001b[31m", "text": {}, "remedy": 1, "since": "7"}]')
    assert row == {"path": "/\\x1b[31m", "text": "{}", "remedy": "1", "since": 7.0}


def test_what_is_wrong_with_the_root_stands_for_itself() -> None:
    """It is the folder's path, which stands beside it; unless it is only not watched."""
    troubles = Troubles(10.0)
    troubles.note(b"", {b"": CLOSED}, 0.0, 0.0)
    assert summary(troubles, b"/p") == "Permission denied; let it in"
    deaf = trouble_with_watch(OSError(errno.EMFILE, "too many"))
    troubles.note(b"", {b"": deaf}, 0.0, 0.0)
    assert summary(troubles, b"/p") == (
        "1 directory not watched (too many): /p;"
        " allow more watchers: sysctl fs.inotify.max_user_instances=1024"
    )


def test_what_was_found_during_a_walk_does_not_end_with_it() -> None:
    """The walk came by there before: the directory would never be tried again."""
    troubles = Troubles(10.0)
    troubles.note(b"a", {b"a": CLOSED}, 0.0, 5.0, began=4.0)
    assert not any(troubles.note(b"", {}, 0.0, 6.0, began=3.0))
    assert [place.way for place in troubles] == [b"a"]
    assert troubles.note(b"", {}, 0.0, 8.0, began=7.0).has_ended
    assert len(troubles) == 0


def test_a_trouble_above_that_is_about_to_end_hides_none() -> None:
    """The walk that ends it came by below before."""
    troubles = Troubles(10.0)
    troubles.note(b"", {b"": CLOSED}, 0.0, 1.0)
    troubles.note(b"a", {b"a": CLOSED}, 0.0, 5.0, began=4.0)
    troubles.note(b"", {}, 0.0, 6.0, began=3.0)
    assert [place.way for place in troubles] == [b"a"]
