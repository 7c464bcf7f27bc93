"""A stranger's link in the place of a folder, with real processes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration.processes import Desk, wait_until

MALLORY, ANNA = 4711, 4712
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


def led_away(desk: Desk) -> Path:
    """Mallory leads her folder to Anna's directory, and closes none of the ways to it."""
    anna = desk.home / "anna"
    anna.mkdir()
    desk.add("secret.jpg").rename(anna / "secret.jpg")
    os.chown(anna, ANNA, ANNA)
    desk.photos.rename(desk.home / "old")
    desk.photos.symlink_to(anna)
    os.lchown(desk.photos, MALLORY, MALLORY)
    return anna


def folder_of(desk: Desk) -> dict[str, Any]:
    """What the status says of the folder."""
    told: dict[str, Any] = json.loads(desk.uploadd("status", "--json").stdout)
    folder: dict[str, Any] = told["folders"]["camera"]
    return folder


def test_a_daemon_waits_until_a_person_accepts(make_desk: Callable[..., Desk]) -> None:
    """And goes on within moments, without a restart."""
    desk = make_desk()
    os.chown(desk.photos, MALLORY, MALLORY)
    desk.add("hers.jpg")
    with desk.started("run"):
        wait_until(lambda: len(desk.kept()) == 1, 20, "her own photo")
    led_away(desk)
    with desk.started("run"):
        wait_until(lambda: "folder.refused" in desk.log(), 20, "the refusal in the log")
        assert "`uploadd forget camera`" in folder_of(desk)["degraded"]
        checked = desk.uploadd("check")
        assert checked.returncode == 1
        assert "`uploadd forget camera`" in checked.stdout + checked.stderr
        backed = desk.uploadd("backfill", str(desk.photos))
        assert backed.returncode == 2
        assert "`uploadd forget camera`" in backed.stderr
        told = desk.uploadd("why", str(desk.photos))
        assert "`uploadd forget camera`" in told.stdout + told.stderr
        asked = desk.uploadd("forget", "camera")
        assert asked.returncode == 2
        assert "uploadd forget camera --yes" in asked.stderr
        assert len(desk.kept()) == 1
        accepted = desk.uploadd("forget", "camera", "--yes")
        assert accepted.returncode == 0, accepted.stderr
        assert "of user 4712" in accepted.stderr
        assert "of user 4711" in accepted.stderr
        wait_until(lambda: len(desk.kept()) == 2, 20, "what a person has accepted")
    assert folder_of(desk)["degraded"] is None
    assert desk.log().count("folder.refused") == 1
    assert "folder.degraded" not in desk.log()


def test_a_lost_disk_is_given_up(make_desk: Callable[..., Desk]) -> None:
    """A backfill that waits for it ends, and nothing waits afterwards."""
    desk = make_desk()
    desk.add("a.jpg")
    assert desk.uploadd("pause", "me").returncode == 0
    assert desk.uploadd("backfill", "--no-wait", str(desk.photos)).returncode == 75
    desk.photos.rename(desk.home / "unplugged")
    told = desk.uploadd("forget", "camera", "--yes")
    assert told.returncode == 0, told.stderr
    assert "1 job was skipped" in told.stderr
    (job,) = [json.loads(line) for line in desk.uploadd("jobs", "--json").stdout.splitlines()]
    assert (job["state"], job["reason"]["code"]) == ("skipped", "vanished")
    (desk.home / "unplugged").rename(desk.photos)
    assert desk.uploadd("resume", "me").returncode == 0
    assert desk.uploadd("backfill", str(desk.photos)).returncode == 0
    assert len(desk.kept()) == 1


def test_check_warns_of_a_parent_that_others_may_write(make_desk: Callable[..., Desk]) -> None:
    """With the command that ends it; it is no error."""
    desk = make_desk()
    desk.home.chmod(0o777)
    checked = desk.uploadd("check")
    assert checked.returncode == 0, checked.stderr
    assert f"chmod go-w {desk.home}" in checked.stdout + checked.stderr
    desk.home.chmod(0o755)
    assert "chmod go-w" not in desk.uploadd("check").stdout


def test_forget_refuses_what_nobody_knows(make_desk: Callable[..., Desk]) -> None:
    """A folder that was never there; and where nothing is to be forgotten nothing is done."""
    desk = make_desk()
    assert desk.uploadd("forget", "camara").returncode == 2
    told = desk.uploadd("forget", "camera")
    assert told.returncode == 0
    assert "nothing to forget" in told.stderr
