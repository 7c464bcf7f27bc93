"""A disk that does not answer holds up its own folder alone."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from integration.hanging import hanging
from integration.processes import Desk, wait_until

pytestmark = pytest.mark.timeout(240)

SECOND = """
[folders.second]
path = "{home}/second"
accounts = ["me"]
settle_seconds = 0.2
"""


def with_second_folder(desk: Desk) -> None:
    """Beside `camera`, whose disk will hang, a folder on a disk that is well."""
    (desk.home / "second").mkdir()
    desk.config.write_text(desk.config.read_text() + SECOND.format(home=desk.home))


def folder_of(desk: Desk, name: str) -> dict[str, Any]:
    """What the status says of a folder."""
    told: dict[str, Any] = json.loads(desk.uploadd("status", "--json").stdout)
    folder: dict[str, Any] = told["folders"][name]
    return folder


def test_a_daemon_starts_while_a_disk_hangs(make_desk: Callable[..., Desk]) -> None:
    """The other folder's photo goes up, and the hanging one's as soon as its disk answers."""
    desk = make_desk()
    with_second_folder(desk)
    desk.add("later.jpg")
    desk.add("../second/now.jpg")
    with desk.started("run") as daemon:
        with hanging(desk.photos):
            wait_until(lambda: "daemon.started" in desk.log(), 60, "a start")
            wait_until(lambda: len(desk.kept()) == 1, 60, "the photo of the other folder")
            assert "does not answer" in folder_of(desk, "camera")["degraded"]
            assert folder_of(desk, "second")["degraded"] is None
        wait_until(lambda: len(desk.kept()) == 2, 60, "the photo of the disk that answers again")
        wait_until(lambda: folder_of(desk, "camera")["degraded"] is None, 60, "all is well")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=20) == 0


def test_queued_photos_of_a_disk_that_hangs_take_no_sender(make_desk: Callable[..., Desk]) -> None:
    """More of them than senders, in front of the other folder's photo; they wait for their disk."""
    desk = make_desk()
    with_second_folder(desk)
    for number in range(6):
        desk.add(f"later{number}.jpg")
    assert desk.uploadd("pause", "me").returncode == 0
    assert desk.uploadd("backfill", "--no-wait", str(desk.photos)).returncode == 75
    with desk.started("run") as daemon:
        wait_until(lambda: desk.log().count("folder.walked") >= 2, 60, "both walks")
        with hanging(desk.photos):
            assert desk.uploadd("resume", "me").returncode == 0
            desk.add("../second/now.jpg")
            wait_until(lambda: len(desk.kept()) == 1, 60, "the photo of the other folder")
            told = desk.uploadd("jobs", seconds=30)
            assert "later0.jpg" in told.stdout
            found = desk.uploadd("check", seconds=60)
            assert "does not answer" in found.stdout + found.stderr
        wait_until(lambda: len(desk.kept()) == 7, 60, "the photos of the disk that answers again")
        with hanging(desk.photos):
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=20) == 0
