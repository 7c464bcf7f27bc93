"""A file has settled when it has been quiet for long enough, by a clock that can be trusted."""

from __future__ import annotations

import pytest

from uploadd.files.fingerprint import Stat
from uploadd.intake.candidate import MOST_BIRTH_SECONDS
from uploadd.intake.settle import (
    FIRST_OPEN_WAIT_SECONDS,
    LOOK_SPACING_SECONDS,
    MOST_OPEN_WAIT_SECONDS,
    Gone,
    Settled,
    Settler,
    Waiting,
)
from uploadd.model.events import Sign
from uploadd.model.restless import Restless, sum_restless

A = b"/photos/a.jpg"
QUIET = 5.0
UNPROVEN = 30.0
WALL = 1_700_000_000.0
"""The wall clock when the monotonic one is at 0."""


def _stat(changed: float, size: int = 10, mtime: float | None = None, links: int = 1) -> Stat:
    """A file that was changed last at `changed` (monotonic) by a right wall clock."""
    ctime_ns = round((WALL + changed) * 1e9)
    mtime_ns = ctime_ns if mtime is None else round(mtime * 1e9)
    return Stat(1, 2, size, mtime_ns, ctime_ns, links)


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
    assert _look(settler, 100, stat, is_open=None) == Settled(stat, is_proven=False)


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


# --- what nothing proves ----------------------------------------------------------------------


def _hear(settler: Settler, now: float, *signs: Sign | None) -> None:
    for sign in signs:
        settler.saw(A, now, QUIET, unproven_seconds=UNPROVEN, sign=sign)


def _rest(settler: Settler, now: float, stat: Stat, is_open: bool | None = None) -> float:
    """Look at `A` whenever it is due, until it settles; for how long it has rested then."""
    for _ in range(9):
        outcome = _look(settler, now, stat, is_open=is_open)
        if isinstance(outcome, Settled):
            assert outcome.is_proven == (is_open is not None or outcome.rested_seconds < UNPROVEN)
            return outcome.rested_seconds
        now = _waits(outcome)
    raise AssertionError("it never settles")


BORN, CLOSED, ARRIVED = Sign.BORN, Sign.CLOSED, Sign.ARRIVED


@pytest.mark.parametrize(
    ("signs", "seconds"),
    [
        ([None], UNPROVEN),
        ([BORN], MOST_BIRTH_SECONDS),
        ([BORN, None], MOST_BIRTH_SECONDS),
        ([None, BORN], MOST_BIRTH_SECONDS),
        ([BORN, CLOSED], QUIET),
        ([None, BORN, CLOSED], QUIET),
        ([BORN, CLOSED, None], QUIET),
        ([CLOSED], UNPROVEN),  # of a file that was there: nobody knows who else has it open
        ([BORN, CLOSED, CLOSED], UNPROVEN),  # somebody had opened it again, or a second time
        ([ARRIVED], UNPROVEN),  # what is known of its former name is not known of this one
        ([BORN, ARRIVED], UNPROVEN),  # another file has taken its place
        ([BORN, CLOSED, ARRIVED], UNPROVEN),
        ([ARRIVED, BORN, CLOSED], QUIET),
    ],
)
def test_how_long_a_file_rests_follows_from_its_signs(
    signs: list[Sign | None], seconds: float
) -> None:
    """Where the kernel does not say whether it is open; where it does, the signs mean nothing."""
    settler = Settler()
    _hear(settler, 100, *signs)
    assert _rest(settler, 100, _stat(changed=100)) == pytest.approx(seconds, abs=0.02)
    _hear(settler, 100, *signs)
    assert _rest(settler, 100, _stat(changed=100), is_open=False) == pytest.approx(QUIET, abs=0.02)


def test_a_file_of_several_links_rests_out_its_time() -> None:
    """`ln` makes a birth and no close; and it may be written under its other name."""
    for signs in ([BORN], [BORN, CLOSED]):
        settler = Settler()
        _hear(settler, 100, *signs)
        rested = _rest(settler, 100, _stat(changed=100, links=2))
        assert rested == pytest.approx(UNPROVEN, abs=0.02)


def test_the_larger_of_two_quiet_times_holds() -> None:
    """A folder may ask for more where a close is proven than where none is."""
    settler = Settler()
    settler.saw(A, 100, 60, unproven_seconds=UNPROVEN)
    assert _rest(settler, 100, _stat(changed=100)) == pytest.approx(60, abs=0.02)


def test_a_close_is_noticed_at_once() -> None:
    """Although the file was to be looked at ten minutes later."""
    settler = Settler()
    _hear(settler, 100, BORN)
    stat = _stat(changed=101)
    assert _waits(_look(settler, 101, stat, is_open=None)) > 100 + MOST_BIRTH_SECONDS
    assert settler.is_awaiting_close(A)
    _hear(settler, 120, CLOSED)
    assert not settler.is_awaiting_close(A)
    assert _look(settler, 120, stat, is_open=None) == Settled(stat)


def test_a_close_during_a_look_counts_from_the_next() -> None:
    """The look may have come before the last write."""
    settler = Settler()
    _hear(settler, 100, BORN)
    assert settler.due(100) == [A]
    _hear(settler, 100.01, CLOSED)
    again = _waits(settler.observe(A, _stat(changed=99, size=1), WALL + 100, 100, None))
    assert _rest(settler, again, _stat(changed=100)) == pytest.approx(QUIET, abs=0.02)


def test_a_file_that_changes_after_its_close_has_another_writer() -> None:
    """Opened again to append, or opened twice from the start: neither makes a birth."""
    settler = Settler()
    _hear(settler, 100, BORN, CLOSED)
    due = _waits(_look(settler, 100, _stat(changed=100, size=1), is_open=None))
    changed = _stat(changed=103, size=2)
    due = _waits(_look(settler, due, changed, is_open=None))
    assert due == pytest.approx(103 + UNPROVEN, abs=0.02)
    _hear(settler, 110, CLOSED)
    assert _rest(settler, 110, changed) == pytest.approx(UNPROVEN, abs=0.02)


def test_a_new_mode_after_the_close_changes_nothing() -> None:
    """Copying programs set it last, by the name."""
    settler = Settler()
    _hear(settler, 100, BORN, CLOSED)
    _look(settler, 100, _stat(changed=100, mtime=WALL - 1e6), is_open=None)
    due = settler.next_due() or 0.0
    chmod = _stat(changed=100.5, mtime=WALL - 1e6)
    assert _rest(settler, due, chmod) == pytest.approx(QUIET, abs=0.02)


def test_after_lost_events_no_close_is_waited_for() -> None:
    """It may be among them. What is born since is known again."""
    settler = Settler()
    _hear(settler, 100, BORN)
    stat = _stat(changed=100)
    _look(settler, 100, stat, is_open=None)
    settler.doubt_closes(110)
    assert settler.next_due() == 110
    assert _waits(_look(settler, 110, stat, is_open=None)) == pytest.approx(130, abs=0.02)
    _hear(settler, 111, BORN, CLOSED)
    assert _look(settler, 111, stat, is_open=None) == Settled(stat)


def test_an_old_file_of_another_user_settles_at_the_first_look() -> None:
    """A first scan of many thousands must not wait for each."""
    settler = Settler()
    _hear(settler, 100, None)
    stat = _stat(changed=100 - UNPROVEN - 1)
    assert _look(settler, 100, stat, is_open=None) == Settled(stat, is_proven=False)


def test_what_has_settled_is_forgotten_with_its_signs() -> None:
    """Nothing is kept of a birth but the candidate; what is written later is unproven."""
    settler = Settler()
    _hear(settler, 100, BORN, CLOSED)
    _rest(settler, 100, _stat(changed=100))
    assert len(settler) == 0
    assert not settler.is_awaiting_close(A)
    _hear(settler, 200, CLOSED)
    assert _rest(settler, 200, _stat(changed=200, size=20)) == pytest.approx(UNPROVEN, abs=0.02)


def test_on_another_machines_clock_only_what_is_seen_counts() -> None:
    """A network: no event comes, and its times are not ours."""
    settler = Settler()
    settler.saw(A, 100, QUIET, unproven_seconds=UNPROVEN, is_own_clock=False)
    stat = _stat(changed=-1e6)
    assert _look(settler, 100, stat, is_open=None) == Waiting(100 + UNPROVEN)
    assert _look(settler, 130, stat, is_open=None) == Settled(stat, is_proven=False)


# --- what lacks its end -----------------------------------------------------------------------

UNFINISHED = 600.0


def _held(settler: Settler, stat: Stat, now: float, *, is_own_clock: bool = True) -> None:
    """It had settled, and was found to lack its end."""
    settler.saw(A, now, QUIET, is_own_clock=is_own_clock)
    settler.hold(A, stat, now, UNFINISHED)


def test_a_file_without_its_end_rests_for_longer() -> None:
    """By its own times, and no longer than that."""
    settler, stat = Settler(), _stat(changed=100)
    _held(settler, stat, 105)
    settled, now, looks = _look(settler, 105, stat), 105.0, 1
    while isinstance(settled, Waiting):  # it is looked at meanwhile: no event need tell
        settled, now, looks = _look(settler, settled.due, stat), settled.due, looks + 1
    assert now == pytest.approx(100 + UNFINISHED, abs=0.02)
    assert settled == Settled(stat)
    assert settled.rested_seconds == pytest.approx(UNFINISHED)
    assert looks < UNFINISHED / MOST_OPEN_WAIT_SECONDS + 9


def test_without_times_of_ours_its_rest_is_observed() -> None:
    """In the future, or another machine's."""
    for is_own_clock, changed in ((True, 1e9), (False, -1e6)):
        settler, stat = Settler(), _stat(changed=changed)
        _held(settler, stat, 105, is_own_clock=is_own_clock)
        assert _waits(_look(settler, 105, stat)) < 107
        assert settler.due(200) == [A]
        waiting = settler.observe(A, stat, WALL + 104 + UNFINISHED, 104 + UNFINISHED, False)
        assert waiting == Waiting(105 + UNFINISHED)


def test_a_change_begins_anew() -> None:
    """It may have its end now: it is read as soon as it has rested as any file does."""
    settler, stat = Settler(), _stat(changed=100)
    _held(settler, stat, 105)
    _look(settler, 105, stat)
    settler.saw(A, 200, QUIET)
    changed = _stat(changed=200, size=20)
    due = _waits(_look(settler, 200, changed))
    assert due == pytest.approx(200 + QUIET, abs=0.02)
    assert _look(settler, due, changed) == Settled(changed)


def test_a_file_without_its_end_is_restless() -> None:
    """A backfill does not wait for it for ever, and says so."""
    settler, stat = Settler(), _stat(changed=100)
    _held(settler, stat, 105)
    assert settler.restless(105, LIMIT) == Restless(1, 0, (A,))
    _look(settler, 105, stat)
    assert settler.restless(105 + LIMIT, LIMIT) == Restless(1, 1, (A,))
    settler.saw(A, 200, QUIET)
    _look(settler, 200, _stat(changed=200, size=20))
    assert settler.restless(200, LIMIT) == Restless()


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
