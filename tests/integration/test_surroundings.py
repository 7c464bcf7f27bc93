"""Whole commands where nothing can be printed: the work is done, whatever becomes of the words."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.preloaded import Running
from integration.processes import Desk, environment, wait_until

MakeDesk = Callable[..., Desk]
FULL = Path("/dev/full")


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """A desk with a photo, whose files need no rest."""
    made = make_desk(settle=0)
    made.add("p.jpg")
    return made


@pytest.mark.parametrize(
    ("stdout", "stderr", "code"),
    [(None, FULL, 0), (None, None, 0), (FULL, None, 1)],
    ids=["log-full", "closed", "results-full"],
)
def test_a_backfill_does_its_work(
    desk: Desk, stdout: Path | None, stderr: Path | None, code: int
) -> None:
    """Only results that are lost are told by the exit code."""
    words = ["--config", str(desk.config), "backfill", "--json", str(desk.photos)]
    running = Running(words, environment(), stdout, stderr, None)
    assert running.wait(timeout=60) == code
    assert len(desk.kept()) == 1


def test_a_daemon_outlives_its_terminal(desk: Desk) -> None:
    """A terminal that is gone without a hang-up costs the lines, and drains nothing."""
    terminal, line = os.openpty()
    running = Running(
        ["--config", str(desk.config), "run"], environment(), Path(os.ttyname(line)), FULL
    )
    try:
        wait_until(lambda: len(desk.kept()) == 1, 30, "the first photo is there")
        os.close(line)
        os.close(terminal)
        desk.add("late.jpg")
        wait_until(lambda: len(desk.kept()) == 2, 30, "the second photo is there")
        assert running.returncode is None
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == 0
    finally:
        running.kill()
