"""Fixtures of the simulation."""

from __future__ import annotations

import pytest

from simulation import world
from uploadd.delivery import deliverer


@pytest.fixture
def hours_pass_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual hours are paid for by what is done in them: look around less often."""
    monkeypatch.setattr(deliverer, "LISTEN_SECONDS", 10.0)
    monkeypatch.setattr(world, "LOOK_SECONDS", 20.0)
