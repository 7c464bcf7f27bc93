"""Fixtures of the simulation."""

from __future__ import annotations

import pytest

from simulation import world
from uploadd.delivery import activity, deliverer, dispatch, question_loop
from uploadd.intake import arrivals


@pytest.fixture
def hours_pass_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual hours are paid for by what is done in them: look around less often.

    What the bell should wake sleeps longer, too: one that it forgot would be missed sooner.
    """
    monkeypatch.setattr(deliverer, "LISTEN_SECONDS", 10.0)
    monkeypatch.setattr(world, "LOOK_SECONDS", 20.0)
    monkeypatch.setattr(activity, "EVERY_SECONDS", 55.0)
    for module in (question_loop, dispatch, arrivals):
        monkeypatch.setattr(module, "LONGEST_NAP_SECONDS", 600.0)
