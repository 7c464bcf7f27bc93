"""Every error code of ipernity's specification, one by one, at one file's first upload.

The numbers are Flickr's by chance only: 105 and 106 are a login that is wrong here. The
expectations are written out, as in `test_codes`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simulation.first_upload import Watched, assert_budget_kept, watched_backfill, world_of
from simulation.test_codes import (
    AWAY,
    CLOCK,
    CUT,
    FAILED,
    LOGIN,
    RATE,
    Then,
    assert_at_once,
    assert_others_went_on,
    fault_of,
)
from uploadd.model.configuration import ServiceName
from uploadd.model.states import State
from uploadd.operations.backfill.delivering import Ending
from uploadd.operations.show.next_step import Who
from uploadd.sandbox import SandboxOptions
from uploadd.services.ipernity import errors

pytestmark = pytest.mark.usefixtures("hours_pass_quickly")

OF_UPLOAD = ["1", "2", "3"]
OF_REPLACE = ["1", "2", "3", "4", "5", "6"]
OF_ALL_METHODS = [
    *(str(code) for code in range(100, 114)),
    *("120", "121", "122"),
    *("130", "131", "132", "133", "134", "135"),
    *("500", "501", "503"),
]
# Whether it was kept is open, and a resend is not compared: it is looked up first, by its MD5.
DOUBTFUL = Then(State.UNCERTAIN, 1, Who.UPLOADD, ledger="maybe", looks=True)
KEPT = Then(State.UNCERTAIN, 1, Who.UPLOADD, "maybe", sends=4, looks=True)
GARBLED = Then(State.UNCERTAIN, 1, Who.UPLOADD, "maybe", sends=4, looks=True, code="garbage")

EXPECTED: dict[str, Then] = {
    "1": FAILED,
    "2": FAILED,
    "3": FAILED,
    "100": LOGIN,
    "101": LOGIN,
    "102": LOGIN,
    "103": LOGIN,
    "104": LOGIN,
    "105": LOGIN,
    "106": LOGIN,
    "107": LOGIN,
    "108": LOGIN,
    "109": FAILED,
    "110": LOGIN,
    "111": LOGIN,
    "112": RATE,
    "113": RATE,
    "120": LOGIN,
    "121": LOGIN,
    "122": LOGIN,
    "130": LOGIN,
    "131": LOGIN,
    "132": CLOCK,
    "133": CLOCK,
    "134": CLOCK,
    "135": LOGIN,
    "500": DOUBTFUL,
    "501": DOUBTFUL,
    "503": DOUBTFUL,
    "http-429": RATE,
    "http-500": DOUBTFUL,
    "http-502": DOUBTFUL,
    "http-503": DOUBTFUL,
    "lose-reply": Then(
        State.UNCERTAIN, 1, Who.UPLOADD, "maybe", sends=4, looks=True, code="network"
    ),
    "cut": CUT,
    "garbage": KEPT,
    "empty": GARBLED,
    "html": GARBLED,
    "unreached": Then(State.QUEUED, 0, Who.UPLOADD, pause=AWAY.pause, code="network"),
}


@pytest.mark.parametrize("code", EXPECTED)
def test_one_upload_meets_it(tmp_path: Path, code: str) -> None:
    """The file, the account and the others stand as the design says, at once and after."""
    then = EXPECTED[code]
    world = world_of(tmp_path, SandboxOptions(), service=ServiceName.IPERNITY)
    if code != "unreached":
        world.sandbox.faults.add(fault_of(code))
    watched = Watched(world, is_away=code == "unreached")
    finished = watched_backfill(world, watched)
    assert watched.seen is not None
    assert_at_once(watched.seen, then, code)
    assert finished.ending is (Ending.FAILED if then.end is State.FAILED else Ending.DONE)
    (one,) = [job for job in world.jobs() if job.id == watched.seen.job.id]
    assert one.state is then.end
    assert {job.state for job in world.jobs() if job.id != one.id} == {State.DONE}
    world.assert_each_once(4 if then.is_kept else 3)
    assert watched.sends == then.sends
    assert_others_went_on(world, watched, then)
    assert world.sandbox.journal.violations() == []
    assert_budget_kept(world)


def test_the_specification_is_covered() -> None:
    """Each of its codes has a row."""
    assert set(OF_UPLOAD) == set(errors.UPLOAD)
    assert set(OF_REPLACE) == set(errors.REPLACE)
    assert set(OF_ALL_METHODS) == set(errors.COMMON)
    assert {*OF_UPLOAD, *OF_ALL_METHODS} <= set(EXPECTED)
