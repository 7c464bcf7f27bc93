"""Which directory is walked next."""

from __future__ import annotations

from uploadd.intake.agenda import Agenda


def test_what_is_new_is_walked_at_once_and_once() -> None:
    """In the order in which it came."""
    agenda = Agenda()
    for way in (b"a", b"b", b"a"):
        agenda.add(way, 5.0)
    assert agenda.next_due() == 5.0
    assert [agenda.take(5.0), agenda.take(5.0), agenda.take(5.0)] == [
        (b"a", True),
        (b"b", True),
        None,
    ]
    assert agenda.next_due() is None


def test_a_directory_that_something_left_waits_a_second() -> None:
    """More may leave it meanwhile; it alone is looked at."""
    agenda = Agenda()
    for _ in range(100):
        agenda.add_left(b"a", 5.0)
    assert (agenda.take(5.9), agenda.take(6.0), agenda.take(60.0)) == (None, (b"a", False), None)


def test_a_walk_from_above_stands_for_what_is_below() -> None:
    """Where a whole tree is removed, each of its directories is told of, the lowest first."""
    agenda = Agenda()
    for way in (b"a/b/c", b"a/b", b"a"):
        agenda.add_lost(way, 5.0)
    agenda.add_left(b"a", 5.0)
    agenda.add_left(b"ab", 5.0)
    assert [agenda.take(6.0) for _ in range(3)] == [(b"a", True), (b"ab", False), None]


def test_a_large_directory_rests_between_its_walks() -> None:
    """Ten times as long as the last one took."""
    agenda = Agenda()
    agenda.note_duration(b"large", 3.0, 100.0)
    agenda.note_duration(b"small", 0.01, 100.0)
    agenda.add_left(b"large", 101.0)
    agenda.add_left(b"small", 101.0)
    assert [agenda.take(102.0), agenda.take(129.9), agenda.take(130.0)] == [
        (b"small", False),
        None,
        (b"large", False),
    ]


def test_a_walk_of_all_makes_the_agenda_empty() -> None:
    """After an overflow."""
    agenda = Agenda()
    agenda.add(b"a", 0.0)
    agenda.add_left(b"b", 0.0)
    agenda.clear()
    assert (agenda.take(100.0), agenda.next_due()) == (None, None)


def test_what_comes_after_a_walk_from_above_is_walked_too() -> None:
    """It left, a walk from above came by, it came back: all within a second."""
    agenda = Agenda()
    agenda.add_lost(b"p/a", 5.0)
    agenda.add(b"p", 5.5)
    assert agenda.take(5.5) == (b"p", True)
    agenda.add(b"p/a", 5.8)
    assert [agenda.take(6.0), agenda.take(60.0)] == [(b"p/a", True), None]


def test_what_leaves_after_a_walk_from_above_is_looked_for() -> None:
    """The same for a file: the first one of the two was seen by the walk."""
    agenda = Agenda()
    agenda.add_left(b"p/a", 5.0)
    agenda.add(b"p", 5.5)
    assert agenda.take(5.5) == (b"p", True)
    agenda.add_left(b"p/a", 5.8)
    assert [agenda.take(6.0), agenda.take(60.0)] == [(b"p/a", False), None]


def test_what_leans_on_a_walk_that_waits_is_not_dropped_with_it() -> None:
    """`p/a` was seen by the walk of `p`, `p/a/new` came later, and leaned on `p/a` alone."""
    agenda = Agenda()
    agenda.add_lost(b"p/a", 5.0)
    agenda.add(b"p", 5.5)
    assert agenda.take(5.5) == (b"p", True)
    agenda.add(b"p/a/new", 5.8)
    assert [agenda.take(5.8), agenda.take(6.0), agenda.take(60.0)] == [None, (b"p/a", True), None]
