"""Every error that a read call can meet, at every read call: it pauses or is tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from simulation.first_upload import CALLS_PER_HOUR, assert_budget_kept, world_of
from simulation.lives import EVERY_CASE
from simulation.test_codes import OAUTH_WORDS, OF_ALL_METHODS, fault_of
from simulation.test_ipernity_codes import OF_ALL_METHODS as IPERNITY_CODES
from simulation.world import World
from uploadd.model.configuration import ServiceName
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending
from uploadd.sandbox import Fault, SandboxOptions

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

METHODS = (
    "flickr.test.login",
    "flickr.auth.oauth.checkToken",
    "flickr.people.getUploadStatus",
    "flickr.photos.upload.checkTickets",
    "flickr.photos.search",
    "flickr.people.getPhotos",
)
ON_IPERNITY = (
    "auth.checkToken",
    "account.getQuota",
    "upload.checkTickets",
    "doc.checkMD5",
    "doc.get",
)
STATUSES = ("302", "401", "403", "404", "407", "408", "413", "418", "429", "500", "502", "503")
CODES = [*OF_ALL_METHODS, *OAUTH_WORDS, "0", "1", "10", *(f"http-{status}" for status in STATUSES)]
BROKEN = ["lose-reply", "garbage", "empty", "html"]
# Every run takes each third code, and every broken reply. All of them with EVERY_CASE=1.
STRIDE = 1 if EVERY_CASE else 3
# More than one call's own tries.
TIMES = 4
STARTS_AT_MOST = 30


@pytest.mark.parametrize("code", [*CODES[::STRIDE], *BROKEN])
def test_each_method_fails_for_a_while(tmp_path: Path, code: str) -> None:
    """Each method four times; one reply is lost, so that there is something to look up."""
    fails_for_a_while(world_of(tmp_path, SandboxOptions()), code, METHODS)


@pytest.mark.parametrize("code", [*IPERNITY_CODES[::STRIDE], "http-502", "garbage"])
def test_each_method_of_ipernity_fails_for_a_while(tmp_path: Path, code: str) -> None:
    """The same, with ipernity's own numbers."""
    world = world_of(tmp_path, SandboxOptions(), service=ServiceName.IPERNITY)
    fails_for_a_while(world, code, ON_IPERNITY)


def fails_for_a_while(world: World, code: str, methods: Sequence[str]) -> None:
    """A backfill that is started until no login is refused any more ends well."""
    world.sandbox.faults.add(Fault("http-before", first=1, code=502))
    for method in methods:
        world.sandbox.faults.add(fault_of(code, method, first=TIMES))
    endings = []
    while not endings or endings[-1] is Ending.CREDENTIALS:
        endings.append(world.backfill(stop_after=12 * 3600.0).ending)
        assert len(endings) <= STARTS_AT_MOST
    assert endings[-1] is Ending.DONE
    assert {job.state for job in world.jobs()} == {State.DONE}
    assert Counter(job.trail.attempts for job in world.jobs()) == {1: 3, 2: 1}
    world.assert_each_once(4)
    assert len(world.uploads()) == 5
    assert world.sandbox.journal.violations() == []
    assert_budget_kept(world)


@pytest.mark.parametrize("code", ["98", "105", "112", "http-403", "http-500", "nonce_used"])
def test_tickets_that_cannot_be_asked_for_hold_no_upload_up(tmp_path: Path, code: str) -> None:
    """Only checkTickets fails, for hours: the photos are sent, and few calls are wasted."""
    method = "flickr.photos.upload.checkTickets"
    world = world_of(tmp_path, SandboxOptions(faults=(fault_of(code, method, rate=1.0),)))
    for number in range(40):
        world.add(f"c{number}.jpg")
    world.backfill(stop_after=3 * 3600.0)
    assert len(world.sandbox.journal.of(method)) <= 60
    world.sandbox.faults.clear()
    for _ in range(STARTS_AT_MOST):
        if world.backfill(stop_after=30 * 3600.0).ending is Ending.DONE:
            break
    assert world.states() == {"done": 44}
    world.assert_each_once(44)
    assert len(world.uploads()) == 44
    assert_budget_kept(world, CALLS_PER_HOUR)
