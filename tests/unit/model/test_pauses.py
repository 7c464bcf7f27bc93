"""What a pause stops, and when it is over."""

from __future__ import annotations

import pytest

from uploadd.model.delays import Delay
from uploadd.model.pauses import (
    RULES,
    ActivePause,
    PauseCause,
    Stops,
    pause_seconds,
    what_stops,
)

NOW = 1000.0


def pause(cause: PauseCause, seconds: float | None = 60.0, begin: float = NOW) -> ActivePause:
    """A pause that began at `begin`."""
    delay = None if seconds is None else Delay(begin, seconds)
    return ActivePause(1, cause, "c", "t", "r", begin, delay, 1)


def test_every_cause_has_a_rule() -> None:
    """No cause without a way out."""
    assert set(RULES) == set(PauseCause)


@pytest.mark.parametrize(
    ("cause", "stopped"),
    [
        (PauseCause.WAIT, {Stops.UPLOADS, Stops.VIDEOS}),
        (PauseCause.FULL, {Stops.UPLOADS, Stops.VIDEOS}),
        (PauseCause.VIDEOS_FULL, {Stops.VIDEOS}),
        (PauseCause.RATE, {Stops.CALLS, Stops.UPLOADS, Stops.VIDEOS}),
        (PauseCause.CREDENTIALS, {Stops.CALLS, Stops.UPLOADS, Stops.VIDEOS}),
        (PauseCause.BREAKER, {Stops.CALLS, Stops.UPLOADS, Stops.VIDEOS}),
    ],
)
def test_what_a_pause_stops(cause: PauseCause, stopped: set[Stops]) -> None:
    """Design section 9, "What a pause stops"."""
    assert what_stops([pause(cause)], NOW) == stopped


def test_a_wait_ends_by_its_time() -> None:
    """Error 14's wait needs nobody."""
    assert what_stops([pause(PauseCause.WAIT)], NOW + 60) == frozenset()


def test_credentials_hold_until_a_probe_is_answered() -> None:
    """Its length only says when to probe."""
    assert Stops.CALLS in what_stops([pause(PauseCause.CREDENTIALS)], NOW + 1e6)


def test_a_hand_pause_holds_until_resume() -> None:
    """It has no length at all."""
    assert Stops.UPLOADS in what_stops([pause(PauseCause.HAND, None)], NOW + 1e9)


def test_what_the_service_named_is_not_scaled() -> None:
    """`patience` never touches a wait that the service named (design section 9)."""
    assert pause_seconds(PauseCause.WAIT, 300, 7, 0.01) == 300
    assert pause_seconds(PauseCause.WAIT, None, 1, 0.5) == 30
    assert pause_seconds(PauseCause.WAIT, None, 99, 1.0) == 3600
