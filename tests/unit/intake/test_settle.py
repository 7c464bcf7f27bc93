"""A file has settled when it has been quiet for long enough, by a clock that can be trusted."""

from __future__ import annotations

import pytest

from uploadd.files.fingerprint import Stat
from uploadd.intake.settle import (
    FIRST_OPEN_WAIT_SECONDS,
    LOOK_SPACING_SECONDS,
    MOST_OPEN_WAIT_SECONDS,
    Gone,
    Settled,
    Settler,
    Waiting,
)
from uploadd.model.restless import Restless, sum_restless

A = b"/photos/a.jpg"
QUIET = 5.0
WALL = 1_700_000_000.0
"""The wall clock when the monotonic one is at 0."""


def _stat(changed: float, size: int = 10, mtime: float | None = None) -> Stat:
    """A file that was changed last at `changed` (monotonic) by a right wall clock."""
    ctime_ns = round((WALL + changed) * 1e9)
    mtime_ns = ctime_ns if mtime is None else round(mtime * 1e9)
    return Stat(device=1, inode=2, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns)


def _look(
    settler: Settler,
    now: float,
    stat: Stat | None,
    *,
    is_open: bool | None = False,
    jump: float = 0.0,
    until: float | None = None,
) -> Settled | Waiting | Gone:
    """Take `A` out when it is due, and bring it back."""
    assert settler.due(now) == [A]
    return settler.observe(A, stat, WALL + jump + now, now, is_open, until=until)


def _waits(outcome: Settled | Waiting | Gone) -> float:
    assert isinstance(outcome, Waiting)
    return outcome.due


def test_an_old_file_settles_at_the_first_look() -> None:
    """A backfill of years of photos must not wait for each."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    assert settler.next_due() == 100
    stat = _stat(changed=100 - QUIET - 1)
    assert _look(settler, 100, stat) == Settled(stat)
    assert (len(settler), settler.next_due()) == (0, None)


def test_a_new_file_settles_when_its_ctime_is_old_enough() -> None:
    """At the second look, timed so that no third is needed."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    stat = _stat(changed=98)
    due = _waits(_look(settler, 100, stat))
    assert due == pytest.approx(98 + QUIET, abs=0.02)
    assert settler.due(due - 0.01) == []
    assert _look(settler, due, stat) == Settled(stat)


def test_a_file_that_is_being_written_waits_from_its_last_write() -> None:
    """Each look that shows a change begins the quiet anew, at the moment of the change."""
    settler = Settler()
    settler.saw(A, 0, QUIET)
    due = _waits(_look(settler, 0, _stat(changed=0, size=1)))
    due = _waits(_look(settler, due, _stat(changed=3, size=2)))
    assert due == pytest.approx(3 + QUIET, abs=0.02)
    assert isinstance(_look(settler, due, _stat(changed=3, size=2)), Settled)


def test_an_old_mtime_does_not_make_a_file_old() -> None:
    """Copying tools put the mtime of the original on what they have just written."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    assert _waits(_look(settler, 100, _stat(changed=100, mtime=WALL - 1e6))) > 104.9


@pytest.mark.parametrize("mtime", [None, WALL + 1e9])
def test_times_in_the_future_fall_back_to_observation(mtime: float | None) -> None:
    """A camera with a wrong clock, or a machine whose clock was set back."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    stat = _stat(changed=1e9 if mtime is None else -1e6, mtime=mtime)
    assert _look(settler, 100, stat) == Waiting(105)
    assert _look(settler, 105, stat) == Settled(stat)


def test_another_machines_clock_falls_back_to_observation() -> None:
    """Its ctime says nothing of how long the file has been quiet here."""
    settler = Settler()
    settler.saw(A, 100, QUIET, is_own_clock=False)
    stat = _stat(changed=-1e6)
    assert _look(settler, 100, stat) == Waiting(105)
    assert _look(settler, 105, stat) == Settled(stat)


def test_a_change_that_its_times_do_not_show_falls_back_to_observation() -> None:
    """Seen to change after the last look, but its ctime says before: no common clock."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    assert _waits(_look(settler, 100, _stat(changed=98, size=1))) < 104
    due = settler.next_due()
    assert due is not None
    assert _look(settler, due, _stat(changed=98, size=2)) == Waiting(due + QUIET)


def test_a_clock_that_jumps_forward_makes_no_file_old() -> None:
    """A small computer without a battery clock learns the date minutes after its start."""
    settler = Settler()
    other = b"/photos/other.jpg"
    settler.saw(other, 99, QUIET)
    assert settler.due(99) == [other]
    settler.observe(other, _stat(changed=99), WALL + 99, 99, False)
    settler.saw(A, 100, QUIET)
    stat = _stat(changed=99.5)
    assert _waits(_look(settler, 100, stat, jump=1e9)) == 105
    assert settler.due(105) == [other, A]
    assert settler.observe(A, stat, WALL + 1e9 + 105, 105, False) == Settled(stat)


def test_long_after_a_jump_the_clock_is_believed_again() -> None:
    """What was changed before the jump has been quiet since at least then."""
    settler = Settler()
    settler.saw(A, 0, QUIET)
    _look(settler, 0, None)
    settler.saw(A, 10, QUIET)
    _look(settler, 10, None, jump=1e9)
    settler.saw(A, 20, QUIET)
    stat = _stat(changed=9)
    assert _look(settler, 20, stat, jump=1e9) == Settled(stat)


def test_a_clock_that_is_being_adjusted_has_not_jumped() -> None:
    """Half a thousandth off, as time daemons do it."""
    settler = Settler()
    settler.saw(A, 0, QUIET)
    _look(settler, 0, None)
    settler.saw(A, 1000, QUIET)
    stat = _stat(changed=900)
    assert _look(settler, 1000, stat, jump=0.5) == Settled(stat)


def test_a_look_that_took_long_counts_from_its_end() -> None:
    """The file may have changed at any moment of it."""
    settler = Settler()
    settler.saw(A, 100, QUIET, is_own_clock=False)
    stat = _stat(changed=0)
    assert _look(settler, 100, stat, until=103) == Waiting(108)


def test_a_file_that_is_open_for_writing_waits() -> None:
    """Ever longer, but never given up; closing it is an event that asks for a look at once."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    stat = _stat(changed=0)
    waits = []
    now = 100.0
    for _ in range(8):
        outcome = _look(settler, now, stat, is_open=True)
        assert isinstance(outcome, Waiting)
        assert outcome.is_open
        waits.append(outcome.due - now)
        now = outcome.due
    assert waits[:3] == [FIRST_OPEN_WAIT_SECONDS, 2.0, 4.0]
    assert waits[-1] == MOST_OPEN_WAIT_SECONDS
    settler.saw(A, now - 20, QUIET)
    assert settler.next_due() == now - 20
    assert _look(settler, now - 20, stat) == Settled(stat)


def test_what_cannot_be_told_does_not_hold_a_file_up() -> None:
    """Somebody else's file, or a file system without leases."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    stat = _stat(changed=0)
    assert _look(settler, 100, stat, is_open=None) == Settled(stat)


def test_no_quiet_time_at_all() -> None:
    """settle_seconds = 0 means: as it is."""
    settler = Settler()
    settler.saw(A, 100, 0)
    stat = _stat(changed=100)
    assert _look(settler, 100, stat) == Settled(stat)


def test_a_file_that_is_gone_is_forgotten() -> None:
    """Until it is seen again."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    assert _look(settler, 100, None) == Gone()
    assert A not in settler
    settler.saw(A, 101, QUIET)
    assert A in settler


def test_a_sighting_during_the_look_asks_for_another() -> None:
    """The look may have come before the change that the event tells of."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    assert settler.due(100) == [A]
    settler.saw(A, 100.01, QUIET)
    stat = _stat(changed=0)
    again = 100 + LOOK_SPACING_SECONDS
    assert settler.observe(A, stat, WALL + 100, 100, False) == Waiting(again)
    assert _look(settler, again, stat) == Settled(stat)


def test_a_file_that_is_replaced_during_the_look_is_not_gone() -> None:
    """It was away for a moment, and the event says that it is back."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    assert settler.due(100) == [A]
    settler.saw(A, 100.01, QUIET)
    assert isinstance(settler.observe(A, None, WALL + 100, 100, False), Waiting)
    assert A in settler


def test_many_sightings_are_few_looks() -> None:
    """A program that opens and closes a file a thousand times a second."""
    settler = Settler()
    looks = 0
    for tick in range(1000):
        now = tick / 1000
        settler.saw(A, now, QUIET)
        for path in settler.due(now):
            settler.observe(path, _stat(changed=now), WALL + now, now, False)
            looks += 1
    assert looks <= 1 / LOOK_SPACING_SECONDS + 1


def test_a_path_that_is_out_is_not_given_out_again() -> None:
    """However long the look takes."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    assert settler.due(100) == [A]
    assert settler.due(1000) == []
    assert settler.next_due() is None


def test_the_longest_due_come_first() -> None:
    """And no more of them than were asked for."""
    settler = Settler()
    for number in (3, 1, 2):
        settler.saw(b"%d" % number, float(number), QUIET)
    assert settler.due(10, most=2) == [b"1", b"2"]
    assert settler.next_due() == 3
    assert settler.due(10) == [b"3"]


def test_a_forgotten_path_is_not_due() -> None:
    """Its folder was taken away, or it cannot be read."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    settler.forget(A)
    settler.forget(A)
    assert (settler.next_due(), settler.due(200)) == (None, [])


def test_two_wishes_for_quiet_are_the_longer_one() -> None:
    """A folder and a backfill may ask for the same file."""
    settler = Settler()
    settler.saw(A, 100, 1)
    settler.saw(A, 100, 8)
    assert _waits(_look(settler, 100, _stat(changed=100))) == pytest.approx(108, abs=0.02)


def test_an_unknown_path_is_judged_by_the_look_alone() -> None:
    """What nobody saw, nobody has to wait for."""
    stat = _stat(changed=0)
    assert Settler().observe(A, stat, WALL + 100, 100, False) == Settled(stat)


# --- what does not come to rest ---------------------------------------------------------------

LIMIT = 60.0


def _rewritten(settler: Settler, looks: int, *, begin: float = 100.0) -> float:
    """So many looks, each of which shows a change; gives the time of the last."""
    now = begin
    settler.saw(A, now, QUIET)
    for number in range(looks):
        _look(settler, now, _stat(changed=now, size=number))
        now = settler.next_due() or now
    return now


def test_a_file_that_is_held_open_is_restless_at_its_first_look() -> None:
    """And overdue when it has been looked at for longer than the limit."""
    settler = Settler()
    settler.saw(A, 100, QUIET)
    assert settler.restless(100, LIMIT) == Restless()
    _look(settler, 100, _stat(changed=0), is_open=True)
    assert settler.restless(100 + LIMIT - 1, LIMIT) == Restless(1, 0, (A,))
    assert settler.restless(100 + LIMIT, LIMIT) == Restless(1, 1, (A,))


def test_a_file_that_only_rests_is_not_restless() -> None:
    """However long its quiet time is; one change may have been the last."""
    settler = Settler()
    now = _rewritten(settler, 2)
    assert settler.restless(now + 1000, LIMIT) == Restless()


def test_a_file_that_keeps_changing_is_restless_since_its_first_look() -> None:
    """Two looks in a row showed a change."""
    settler = Settler()
    now = _rewritten(settler, 3)
    assert settler.restless(now, LIMIT).count == 1
    assert settler.restless(100 + LIMIT, LIMIT).overdue == 1


def test_a_file_that_comes_to_rest_is_forgotten() -> None:
    """What is found there later begins anew."""
    settler = Settler()
    now = _rewritten(settler, 3)
    assert isinstance(_look(settler, now, _stat(changed=now - QUIET, size=2)), Settled)
    assert settler.restless(now, LIMIT) == Restless()
    settler.note_rest(A)
    settler.saw(A, 1000, QUIET)
    _look(settler, 1000, _stat(changed=1000), is_open=True)
    assert settler.restless(1000 + LIMIT - 1, LIMIT) == Restless(1, 0, (A,))


def test_a_file_that_changes_whenever_it_is_read_is_restless() -> None:
    """It rests for long enough each time, and its content is never the same at both ends."""
    settler, now = Settler(), 100.0
    for number in range(2):
        settler.saw(A, now, QUIET)
        stat = _stat(changed=now - QUIET - 1, size=number)
        assert isinstance(_look(settler, now, stat), Settled)
        settler.note_disturbance(A, now)
        now += 10
    settler.saw(A, now, QUIET)
    assert settler.restless(now, LIMIT) == Restless(1, 0, (A,))
    assert settler.restless(100 + LIMIT, LIMIT).overdue == 1


def test_a_file_that_is_gone_is_not_restless() -> None:
    """Whatever it was before."""
    settler = Settler()
    now = _rewritten(settler, 3)
    assert isinstance(_look(settler, now, None), Gone)
    assert settler.restless(now, LIMIT) == Restless()


def test_restless_files_are_kept_as_text() -> None:
    """Their names need not be UTF-8."""
    found = Restless(2, 1, (b"/a/caf\xe9.jpg", b"/a/b.jpg"))
    assert Restless.of_text(found.as_text()) == found
    assert Restless.of_text(Restless().as_text()) == Restless()
    assert sum_restless([found, found]).count == 4
