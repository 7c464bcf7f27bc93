"""A ticket is asked for when the service said, and not before: ipernity's journal watches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulation.world import World
from uploadd.model.configuration import ServiceName
from uploadd.model.states import State
from uploadd.sandbox import SandboxOptions

PHOTOS = 30
CALL = "upload.checkTickets"


def world_with(tmp_path: Path, seconds: float, **changes: Any) -> World:
    """An ipernity account whose documents take this long, and some photos for it."""
    options = SandboxOptions(ticket_seconds=seconds)
    world = World(tmp_path, options, services=(ServiceName.IPERNITY,))
    for name, value in changes.items():
        setattr(world.sandbox.options, name, value)
    for number in range(PHOTOS):
        world.add(f"p{number}.jpg")
    return world


def assert_done(world: World) -> None:
    """Every photo once, and nothing was asked for too early, or after it was done."""
    assert world.states() == {State.DONE: PHOTOS}
    assert set(world.kept().values()) == {1}
    assert world.sandbox.journal.violations() == []


@pytest.mark.parametrize("patience", [0.001, 1.0])
def test_no_ticket_is_asked_for_before_its_time(tmp_path: Path, patience: float) -> None:
    """However impatient uploadd is told to be."""
    world = world_with(tmp_path, 400.0)
    world.patience = patience
    world.backfill()
    assert_done(world)


def test_no_ticket_is_asked_for_along_with_others_before_its_time(tmp_path: Path) -> None:
    """Photos that come one after the other over a slow line are due one after the other."""
    world = world_with(tmp_path, 400.0)
    world.set_accounts(bytes_per_second=20)
    world.backfill()
    assert_done(world)


def test_a_restart_forgets_no_named_wait(tmp_path: Path) -> None:
    """Stopped while it waits, and the machine started again, several times."""
    world = world_with(tmp_path, 900.0)
    clock: Any = world.runtime.clock
    for life in range(1, 6):
        world.backfill(stop_after=100.0)
        assert world.states() == {State.PROCESSING: PHOTOS}
        clock.skew += 100.0  # the loop's own time begins anew
        clock.boot = lambda boot=f"boot {life}": boot
    world.backfill()
    assert_done(world)
    assert len(world.sandbox.journal.of(CALL)) == 2


@pytest.mark.parametrize("form", ["zero", "missing"])
def test_without_a_named_wait_it_is_asked_ever_more_rarely(tmp_path: Path, form: str) -> None:
    """Our own growing delay, not a call a moment."""
    world = world_with(tmp_path, 400.0, eta_form=form)
    world.backfill()
    assert_done(world)
    assert len(world.sandbox.journal.of(CALL)) <= 20


def test_one_forgotten_ticket_holds_up_none_of_the_others(tmp_path: Path) -> None:
    """Where the service says of a whole call that it does not know some of its tickets."""
    world = world_with(tmp_path, 5.0, unknown_tickets="error")
    world.backfill(stop_after=1.0)
    tickets = list(world.sandbox.tickets.values())
    tickets[len(tickets) // 2].end = "forgotten"
    world.backfill()
    assert_done(world)
