"""docs/adding-a-service.md, held to the contract and to the stands."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from contract import conftest, stand
from uploadd.model import configuration, methods
from uploadd.services import (
    asking,
    authorising,
    base,
    error_tables,
    judging,
    registry,
    replies,
    requests,
)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-service.md").read_text(encoding="utf-8")
NAMES = set(re.findall(r"`([A-Za-z_]\w*(?:\.(?!py`)\w+)?)`", PAGE))
PARTS = re.findall(r"^\| `(\w+\.py)` \|", PAGE, re.MULTILINE)
PLACES = (asking, authorising, base, configuration, error_tables, judging, methods, registry)
HOMES = (*PLACES, replies, requests, stand, conftest)
CLASSES = (base.Service, stand.Stand, error_tables.ErrorTables, configuration.Account)
# Of no module named here: other programs' words, a reader's own, values and settings.
ELSEWHERE = {
    *("Kept", "Ticketed", "Duplicate", "Refuse", "Reschedule", "Uncertain", "Pause"),
    *("FileTrouble", "ServiceAwayError", "Runtime", "Sandbox", "SPECIFIED"),
    *("Exchanging", "build_app"),
    *("base_url", "dedup_check", "repr", "violation", "ThirdStand", "Secret"),
}


def attributes() -> list[str]:
    """What a service says about itself."""
    found = inspect.getmembers(base.Service, lambda member: isinstance(member, property))
    return [name for name, _ in found]


@pytest.mark.parametrize("name", attributes())
def test_every_attribute_has_a_line(name: str) -> None:
    """With what hangs on it."""
    assert re.search(rf"^\| `{name}` \| .+ \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("service", [one.name for one in conftest.STANDS])
def test_the_neighbours_have_these_parts(service: str) -> None:
    """So that they can be looked at."""
    assert len(PARTS) == 10
    folder = ROOT / "uploadd" / "services" / service
    assert [part for part in PARTS if not (folder / part).is_file()] == []


def test_every_part_of_a_stand_is_named() -> None:
    """Whoever writes one finds everything that is wanted."""
    assert stand.Stand.__abstractmethods__ <= NAMES


@pytest.mark.parametrize("name", sorted(NAMES - ELSEWHERE))
def test_every_name_exists(name: str) -> None:
    """In the modules that the page speaks of."""
    whole, _, part = name.partition(".")
    owners = [vars(home)[whole] for home in HOMES if whole in vars(home)]
    if part:
        assert any(hasattr(owner, part) or part in fields_of(owner) for owner in owners)
    else:
        assert owners or any(whole in fields_of(one) or hasattr(one, whole) for one in CLASSES)


def fields_of(owner: object) -> set[str]:
    """The names that a class only declares."""
    return set(getattr(owner, "__annotations__", {}))
