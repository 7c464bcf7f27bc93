"""Whether a file that was opened is read now, and whether what was read is believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from uploadd.files.fingerprint import Stat
from uploadd.intake.examine import Rested, Wait, judge, judge_end
from uploadd.model.configuration import Folder
from uploadd.model.jobs import Lane

FOLDER = Folder("camera", Path("/p"), ())
STAT = Stat(1, 2, 3, 4, 5)


def _rested(seconds: float, *, is_proven: bool = False) -> Rested:
    return Rested(b"/p/a.jpg", Lane.LIVE, STAT, seconds, is_proven)


@pytest.mark.parametrize(
    ("seconds", "is_proven", "is_open", "waits"),
    [
        (10.0, False, False, False),  # the kernel says that nobody writes
        (10.0, False, None, True),
        (10.0, True, None, False),  # its close was seen
        (30.0, False, None, False),  # the quiet time alone
        (9000.0, True, True, True),
    ],
)
def test_a_file_is_read_when_nobody_writes_it(
    seconds: float, is_proven: bool, is_open: bool | None, waits: bool
) -> None:
    """As far as that can be told, or it has rested for long enough."""
    wait = judge(_rested(seconds, is_proven=is_proven), STAT, is_open, FOLDER)
    assert wait == (Wait(is_open=True) if waits else None)


def test_a_file_that_changed_since_the_look_must_rest_again() -> None:
    """What was judged is not what is there; a new mode or device is no change."""
    rested = _rested(900)
    assert judge(rested, Stat(1, 2, 4, 4, 5), False, FOLDER)
    assert judge(rested, Stat(9, 2, 3, 4, 9), False, FOLDER) is None
    assert judge(Rested(b"/p/a.jpg", Lane.LIVE), STAT, False, FOLDER) is None


def test_a_file_without_its_end_is_believed_when_it_is_old() -> None:
    """Until then more of it may come."""
    young, old = _rested(599), _rested(600)
    assert judge_end(young, STAT, "no end", FOLDER) == Wait("no end", unfinished=STAT)
    assert judge_end(old, STAT, "no end", FOLDER) is None
    assert judge_end(young, STAT, "", FOLDER) is None
