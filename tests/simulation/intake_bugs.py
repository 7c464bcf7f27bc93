"""Mistakes of an intake, put into ours on purpose: the schedules must find each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from simulation.intake_schedules import PlayedIntake, first_to_fail
from uploadd.intake.kernel import Sign
from uploadd.intake.listening import Listener
from uploadd.intake.troubles import Troubles
from uploadd.intake.watches import Watches


def _without(forgotten: Callable[[Any], bool]) -> AbstractContextManager[Any]:
    """The events for which this holds are not taken."""
    take = Listener._take

    def some(self: Listener, watches: Watches, event: Any, now: float) -> None:
        if not forgotten(event):
            take(self, watches, event, now)

    return patch.object(Listener, "_take", some)


@contextmanager
def one_event_in_five_forgotten() -> Iterator[None]:
    """A bounded queue that drops what is too much, and tells nobody."""
    count = 0

    def is_fifth(_event: Any) -> bool:
        nonlocal count
        count += 1
        return count % 5 == 0

    with _without(is_fifth):
        yield


@contextmanager
def places_in_trouble_left_alone() -> Iterator[None]:
    """A directory that could not be read is told of, and not tried again."""
    with (
        patch.object(Troubles, "take_due", lambda *_: []),
        patch.object(Troubles, "next_due", lambda _: None),
    ):
        yield


@contextmanager
def ways_of_moved_directories_kept() -> Iterator[None]:
    """Where a directory is, is what it was when it was first watched."""

    def watch(self: Watches, directory: int, way: bytes) -> None:
        self._ways.setdefault(self.ear.watch(directory), (way, self._walk))

    with patch.object(Watches, "watch", watch):
        yield


BUGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "an event is forgotten": one_event_in_five_forgotten,
    "an overflow is forgotten": lambda: _without(lambda event: event.sign is Sign.OVERFLOW),
    "a place in trouble is not tried again": places_in_trouble_left_alone,
    "a moved directory keeps its way": ways_of_moved_directories_kept,
}


def first_caught(bug: str, seeds: range) -> PlayedIntake | None:
    """The first schedule that finds a planted bug, or None where none of them does."""
    with BUGS[bug]():
        return first_to_fail(seeds)
